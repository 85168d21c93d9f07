// SPDX-License-Identifier: Apache-2.0
//
// The protocol by which a metrics server makes itself found: it hands its Endpoint to a service discovery, and gets
// back the operation that undoes the announcement. (The original's verb is `register`, a keyword of C++; here it is
// `enroll`.)
//
// Anything with the one coroutine fits, and so does a plain callable of the same form:
//
//     struct Announce {
//       asio::awaitable<sd::Deregister> enroll(const sd::Endpoint& endpoint) {
//         co_await announce(endpoint.url());
//         co_return [endpoint]() -> asio::awaitable<void> { co_await withdraw(endpoint.url()); };
//       }
//     };
//     sd::ServiceDiscovery discovery = Announce{};
#ifndef PROMETHEUS_ASYNC_SD_SERVICE_DISCOVERY_H_
#define PROMETHEUS_ASYNC_SD_SERVICE_DISCOVERY_H_

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "sd/endpoint.h"

namespace prometheus_async::sd {

namespace asio = boost::asio;

// What an enrolment gives back: the operation that undoes it, and whether it stands. An empty one means "not
// registered, nothing to undo": the server runs and counts as unregistered.
//
// A discovery that keeps its registration up does so for as long as a copy exists. Dropping the last one without
// calling it gives up keeping, and leaves what is registered as a crash would.
//
// Threads: is_registered() may be called on any; copies are as safe as those of std::function.
class Deregister {
 public:
  using Operation = std::function<asio::awaitable<void>()>;
  using IsRegistered = std::function<bool()>;

  Deregister() = default;
  Deregister(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): as std::function

  // Registered from now on until the call. `operation` may be called on another executor than the enrolment, and more
  // than once.
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Deregister> && std::constructible_from<Operation, F>)
  Deregister(F&& operation)  // NOLINT(google-explicit-constructor): any operation is a Deregister
      : operation_(std::forward<F>(operation)) {}

  // Registered whenever `is_registered` says so, which is asked on any thread.
  Deregister(Operation operation, IsRegistered is_registered)
      : operation_(std::move(operation)), is_registered_(std::move(is_registered)) {}

  // The caller keeps this, or a copy, until the coroutine has ended.
  [[nodiscard]] asio::awaitable<void> operator()() const { return operation_(); }

  explicit operator bool() const { return operation_ != nullptr; }

  // Whether the server can be found now, as far as the discovery knows. False for an empty one.
  bool is_registered() const { return operation_ != nullptr && (!is_registered_ || is_registered_()); }

 private:
  Operation operation_;
  IsRegistered is_registered_;
};

// A class that announces endpoints. `enroll` runs on the server's executor once the server listens, and throws if it
// fails; the server then stops and start-up fails with that exception.
template <class T>
concept Discovery = requires(T& discovery, const Endpoint& endpoint) {
  { discovery.enroll(endpoint) } -> std::same_as<asio::awaitable<Deregister>>;
};

// A callable that does the same.
template <class F>
concept DiscoveryFunction = requires(F& function, const Endpoint& endpoint) {
  { function(endpoint) } -> std::same_as<asio::awaitable<Deregister>>;
};

// Any discovery, as a value. Copies share the one discovery object.
//
// Lifetime: the discovery object lives until the last ServiceDiscovery, running enrolment, Deregister and running
// deregistration made from it are gone, so that coroutines of the discovery and the Deregister it returns may use it.
// Threads: as safe as the discovery itself.
class ServiceDiscovery {
 public:
  ServiceDiscovery() = default;  // none: servers run unregistered

  template <class T>
    requires(!std::same_as<std::decay_t<T>, ServiceDiscovery> &&
             (Discovery<std::decay_t<T>> || DiscoveryFunction<std::decay_t<T>>))
  ServiceDiscovery(T&& discovery)  // NOLINT(google-explicit-constructor): any discovery is a ServiceDiscovery
      : erased_(std::make_shared<Model<std::decay_t<T>>>(std::forward<T>(discovery))) {}

  // Announces `endpoint`; the result is empty without a discovery. Errors: those of the discovery, unchanged.
  [[nodiscard]] asio::awaitable<Deregister> enroll(Endpoint endpoint) const;

  explicit operator bool() const { return erased_ != nullptr; }

 private:
  struct Erased {
    virtual ~Erased() = default;
    virtual asio::awaitable<Deregister> enroll(const Endpoint& endpoint) = 0;
  };

  template <class T>
  struct Model final : Erased {
    template <class U>
    explicit Model(U&& from) : discovery(std::forward<U>(from)) {}
    asio::awaitable<Deregister> enroll(const Endpoint& endpoint) override {
      if constexpr (Discovery<T>) {
        return discovery.enroll(endpoint);
      } else {
        return discovery(endpoint);
      }
    }
    T discovery;
  };

  // What a Deregister made here keeps alive.
  struct Enrolment;

  static asio::awaitable<Deregister> run(std::shared_ptr<Erased> erased, Endpoint endpoint);
  static asio::awaitable<void> undo(std::shared_ptr<const Enrolment> enrolment);

  std::shared_ptr<Erased> erased_;
};

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_SERVICE_DISCOVERY_H_
