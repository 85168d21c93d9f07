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
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "sd/endpoint.h"

namespace prometheus_async::sd {

namespace asio = boost::asio;

// Undoes an enrolment. An empty one means "not registered, nothing to undo": the server runs and counts as
// unregistered. It may be called on another executor than the enrolment, and more than once.
using Deregister = std::function<asio::awaitable<void>()>;

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
    requires(!std::same_as<std::remove_cvref_t<T>, ServiceDiscovery> &&
             (Discovery<std::remove_cvref_t<T>> || DiscoveryFunction<std::remove_cvref_t<T>>))
  ServiceDiscovery(T&& discovery)  // NOLINT(google-explicit-constructor): any discovery is a ServiceDiscovery
      : erased_(std::make_shared<Model<std::remove_cvref_t<T>>>(std::forward<T>(discovery))) {}

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
