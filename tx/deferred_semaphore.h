// SPDX-License-Identifier: Apache-2.0
//
// Lets a limited number of asynchronous operations run at a time; the others wait for their turn, in order.
//
//   tx::DeferredSemaphore connections(4);
//
//   tx::Deferred<Page> fetch(Url url) {
//     tx::Permit permit = co_await connections.acquire();
//     co_return co_await download(std::move(url));       // the permit goes back when the coroutine ends
//   }
//
//   tx::Deferred<Page> page = connections.run(&download, url);      // the same with callbacks
#ifndef PROMETHEUS_ASYNC_TX_DEFERRED_SEMAPHORE_H_
#define PROMETHEUS_ASYNC_TX_DEFERRED_SEMAPHORE_H_

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "tx/deferred.h"
#include "tx/internal/callback.h"
#include "tx/internal/waiters.h"
#include "tx/maybe_deferred.h"

namespace prometheus_async::tx {

class Permit;

namespace internal {

// What a semaphore, its permits and those that wait for one share.
struct Tokens {
  explicit Tokens(int count) : limit(count), free(count) {}

  static void give_back(const std::shared_ptr<Tokens>& tokens) noexcept;

  const int limit;
  int free;
  bool is_handing_out = false;
  Waiters<Permit> waiters;
};

}  // namespace internal

// A token of a DeferredSemaphore, or a DeferredLock that is held. Goes back when it is destroyed: to the one that has
// waited longest, whose callbacks run then.
//
// Move-only; empty after it was moved from. Lifetime: may outlive the semaphore. Threads: the semaphore's.
class [[nodiscard]] Permit {
 public:
  explicit Permit(std::shared_ptr<internal::Tokens> tokens) noexcept : tokens_(std::move(tokens)) {}
  Permit(Permit&&) noexcept = default;
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      give_back();
      tokens_ = std::move(other.tokens_);
    }
    return *this;
  }
  ~Permit() { give_back(); }

  // Gives it back now. Throws std::logic_error if it was given back or moved away before.
  void release();

 private:
  void give_back() noexcept {
    if (const std::shared_ptr<internal::Tokens> tokens = std::move(tokens_)) internal::Tokens::give_back(tokens);
  }

  std::shared_ptr<internal::Tokens> tokens_;
};

// Cancelling an acquire() that waits gives up its place; once it has fired, cancelling does nothing.
//
// Threads: one. Lifetime: may be destroyed while permits are out and others wait for them; those still get them.
// Cost: acquiring a free token allocates nothing; each that waits, once besides its Deferred. Those that wait and give
// their permit back at once run in a loop, however many.
// Semantics: twisted.internet.defer.DeferredSemaphore, with a permit that cannot be released twice or forgotten.
class DeferredSemaphore {
 public:
  // Throws std::invalid_argument if there is not at least one token.
  explicit DeferredSemaphore(int tokens);
  DeferredSemaphore(const DeferredSemaphore&) = delete;
  DeferredSemaphore& operator=(const DeferredSemaphore&) = delete;

  Deferred<Permit> acquire();

  // Acquires, calls f(args...), and gives back when what it returned has fired, with a value or a failure. Gives f's
  // result: see maybe_deferred. Cancelled, it cancels the waiting or what f returned.
  //
  // `f` is kept until then, so it may be a lambda that is a coroutine.
  // Cost: one allocation more if f has captures and returns a Deferred.
  template <class F, class... Args>
  auto run(F&& f, Args&&... args);

  int tokens() const { return tokens_->free; }
  int limit() const { return tokens_->limit; }

 private:
  std::shared_ptr<internal::Tokens> tokens_;
};

namespace internal {

// A function that stays where it is for as long as the Deferred that it returned waits.
template <class F, class... Args>
class Kept {
  using R = std::invoke_result_t<F&, Args...>;
  static constexpr bool kMoves = !is_deferred<R> || std::is_empty_v<F> || !std::is_class_v<F>;

 public:
  explicit Kept(F&& function) : function_(make(std::move(function))) {}
  F& operator*() noexcept {
    if constexpr (kMoves) {
      return function_;
    } else {
      return *function_;
    }
  }

 private:
  using Place = std::conditional_t<kMoves, F, std::unique_ptr<F>>;
  static Place make(F&& function) {
    if constexpr (kMoves) {
      return std::move(function);
    } else {
      return std::make_unique<F>(std::move(function));
    }
  }

  [[no_unique_address]] Place function_;
};

// Gives the permit back when the function is done, whatever its result.
template <class Function>
struct Release {
  Permit permit;
  Function function;
  template <class R>
  void operator()(const R&) {
    permit.release();
  }
};

}  // namespace internal

template <class F, class... Args>
auto DeferredSemaphore::run(F&& f, Args&&... args) {
  using Function = internal::Kept<std::decay_t<F>, std::decay_t<Args>...>;
  static_assert(std::invocable<std::decay_t<F>&, std::decay_t<Args>...>,
                "prometheus_async: run takes a function and the arguments to call it with");
  return acquire().add_callback(
      [function = Function(std::decay_t<F>(std::forward<F>(f)))](Permit permit, std::decay_t<Args>... bound) mutable {
        auto running = maybe_deferred(*function, std::move(bound)...);
        return std::move(running).tap(internal::Release<Function>{std::move(permit), std::move(function)});
      },
      std::forward<Args>(args)...);
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_DEFERRED_SEMAPHORE_H_
