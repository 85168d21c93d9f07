// SPDX-License-Identifier: Apache-2.0
//
// A result that may not be there yet, with the callbacks that it will go through: Twisted's Deferred, statically typed.
// Its producer keeps the Promise (tx/promise.h) and fires it.
//
//   tx::Deferred<Page> d = fetch(url);
//   std::move(d)
//       .add_callback(parse)                                                      // Page -> Document
//       .add_errback<Timeout>([](const Timeout&) { return Document::empty(); })
//       .add_callback([&request](Document document) { request.write(render(document)); })
//       .detach();
//
// A function that returns one may be a coroutine, which awaits others (Twisted's inlineCallbacks):
//
//   tx::Deferred<Document> load(Url url) {
//     Page page = co_await fetch(url);
//     co_return parse(page);
//   }
#ifndef PROMETHEUS_ASYNC_TX_DEFERRED_H_
#define PROMETHEUS_ASYNC_TX_DEFERRED_H_

#include <chrono>
#include <concepts>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "tx/cancel_handle.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/internal/callback.h"
#include "tx/internal/coroutine.h"
#include "tx/internal/holder.h"
#include "tx/internal/steps.h"
#include "tx/pause.h"
#include "tx/reactor_time.h"
#include "tx/result.h"

namespace prometheus_async::tx {

template <class T>
class Promise;

// Callbacks run in the order in which they were added, inside of the call that fires the Promise, or inside of the call
// that adds them if it has fired: on the caller's stack either way, and before it returns. Each gets what the one
// before returned. One that throws switches to the errbacks that follow; an errback that returns a value switches back.
// A callback added by a running callback runs after it.
//
// A callback that returns a Deferred makes this one wait for it. However many are nested so, or awaited by coroutines,
// they run in a loop: the stack does not grow.
//
// What a callback returns is the next value: a U, nothing (Deferred<void>), a Deferred<U>, or a Result<U>. It is called
// with the value as an rvalue (with nothing for void), and then the arguments that were bound to it, as rvalues too.
//
// A callback may be a coroutine. It takes what it needs as bound arguments, by value: a lambda's captures are gone once
// it was called, while the coroutine goes on.
//
// T: void or a type whose move does not throw. Nothing else is asked of it: no default constructor, no copy.
//
// Adders that change the type consume the Deferred and give a new one: `std::move(d).add_callback(f)`. Those that keep
// it (add_errback, tap, add_timeout, the metric wrappers) also work on an lvalue, which they change in place.
//
// Dropped: it goes on without its owner. A Failure that comes out then is reported once (tx/unhandled.h). Compilers
// warn of one that is dropped where it is made; detach() says that it is meant. Its Promise destroyed unfired: it fails
// with AbandonedError.
//
// Threads: one with a Promise is used on the thread that made it, with that; builds without NDEBUG end the program
// where it is not. One that never waited, as succeed() makes it, is a plain value. Used after it was moved away,
// awaited or consumed: MovedFromError.
//
// Cost: one that has fired holds its result itself, and adding a callback to it is a call. One that waits is a block of
// 320 bytes, with room for some callbacks, from a free list of the thread.
// Semantics: twisted.internet.defer; docs/semantics.md has the differences.
template <class T>
class [[nodiscard]] Deferred {
 public:
  using value_type = T;
  using promise_type = internal::Coroutine<T>;

  Deferred(Deferred&&) noexcept = default;
  Deferred& operator=(Deferred&&) noexcept = default;
  ~Deferred() = default;

  // --- Callbacks that may change the type.

  // f(value, args...). A failure passes by.
  template <class F, class... Args>
  auto add_callback(F&& f, Args&&... args) && {
    internal::check_callback<std::decay_t<F>, T, std::decay_t<Args>...>();
    using Out =
        typename internal::ValueOf<typename internal::CallWith<std::decay_t<F>, T, std::decay_t<Args>...>::type>::type;
    return then<Out>(bind_step<Out, internal::OnValue>(std::forward<F>(f), std::forward<Args>(args)...));
  }

  // f(Result<T>&&, args...), whatever the result.
  template <class F, class... Args>
  auto add_both(F&& f, Args&&... args) && {
    internal::check_callback<std::decay_t<F>, Result<T>, std::decay_t<Args>...>();
    using Out =
        typename internal::ValueOf<std::invoke_result_t<std::decay_t<F>&, Result<T>, std::decay_t<Args>...>>::type;
    return then<Out>(bind_step<Out, internal::OnBoth>(std::forward<F>(f), std::forward<Args>(args)...));
  }

  // callback(value) or errback(failure): exactly one of them, so that the errback does not see what the callback
  // throws. The errback gives the callback's type.
  template <class F, class G>
  auto add_callbacks(F&& callback, G&& errback) && {
    internal::check_callback<std::decay_t<F>, T>();
    using Out = typename internal::ValueOf<typename internal::CallWith<std::decay_t<F>, T>::type>::type;
    check_errback<Out, std::decay_t<G>, Failure>();
    return then<Out>(internal::OnEither<T, Out, std::decay_t<F>, std::decay_t<G>>{std::forward<F>(callback),
                                                                                  std::forward<G>(errback)});
  }

  // The value, dropped: any Deferred as one of void.
  Deferred<void> ignore_result() && {
    if constexpr (std::is_void_v<T>) {
      return std::move(*this);
    } else {
      return std::move(*this).add_callback([](T&&) {});
    }
  }

  // Lets it go on without its owner, as dropping it does.
  void detach() && {
    holder_.require("detach");
    const Deferred dropped = std::move(*this);
  }

  // Fires `next` with the result. Cancelling the one does not cancel the other.
  void chain_deferred(Promise<T> next) &&;

  // --- Callbacks that keep the type.

  // f(Failure&&, args...), which returns a T, Deferred<T>, Result<T> or Failure; nothing, if T is void. A value passes
  // by.
  template <class F, class... Args>
  Deferred& add_errback(F&& f, Args&&... args) & {
    check_errback<T, std::decay_t<F>, Failure, std::decay_t<Args>...>();
    return then_here(bind_own_step<internal::OnFailure>(std::forward<F>(f), std::forward<Args>(args)...));
  }
  template <class F, class... Args>
  Deferred add_errback(F&& f, Args&&... args) && {
    return std::move(add_errback(std::forward<F>(f), std::forward<Args>(args)...));
  }

  // f(const E&, args...), for failures that are an E. Others pass by, without being thrown.
  template <class E, class F, class... Args>
  Deferred& add_errback(F&& f, Args&&... args) & {
    check_errback<T, std::decay_t<F>, const E&, std::decay_t<Args>...>();
    return then_here(bind_error_step<E>(std::forward<F>(f), std::forward<Args>(args)...));
  }
  template <class E, class F, class... Args>
  Deferred add_errback(F&& f, Args&&... args) && {
    return std::move(this->template add_errback<E>(std::forward<F>(f), std::forward<Args>(args)...));
  }

  // f(const Result<T>&), whatever the result, which passes on. What it returns is dropped; what it throws becomes the
  // failure.
  template <class F>
  Deferred& tap(F&& f) & {
    static_assert(std::invocable<std::decay_t<F>&, const Result<T>&>,
                  "prometheus_async: tap takes a function of a const tx::Result<T>&");
    return then_here(internal::Tap<T, std::decay_t<F>>{std::forward<F>(f)});
  }
  template <class F>
  Deferred tap(F&& f) && {
    return std::move(tap(std::forward<F>(f)));
  }

  // Cancels it when `timeout` has passed before the callbacks added so far have run. Then a CancelledError becomes a
  // TimeoutError here; or `on_timeout(Result<T>&&, timeout)` says what comes of it, as an errback would. What a
  // canceller gave instead stands.
  // Throws std::invalid_argument if the timeout is negative. Lifetime: `time` outlives the waiting.
  // Semantics: Twisted's addTimeout.
  template <class Rep, class Period>
  Deferred& add_timeout(std::chrono::duration<Rep, Period> timeout, ReactorTime& time) & {
    return add_timeout(timeout, time, [](Result<T>&& result, Duration waited) -> Result<T> {
      if (result.has_value() || result.failure().template check<CancelledError>() == nullptr) return std::move(result);
      return Failure::make<TimeoutError>(waited);
    });
  }
  template <class Rep, class Period, class F>
  Deferred& add_timeout(std::chrono::duration<Rep, Period> timeout, ReactorTime& time, F&& on_timeout) &;
  template <class... Args>
  Deferred add_timeout(Args&&... args) && {
    return std::move(add_timeout(std::forward<Args>(args)...));
  }

  // Refused, with a message that says what to write.
  template <class F, class... Args>
  void add_callback(F&&, Args&&...) & {
    static_assert(!sizeof(F*),
                  "prometheus_async: add_callback changes the type of the Deferred, so it consumes it: "
                  "std::move(d).add_callback(f)");
  }
  template <class F, class... Args>
  void add_both(F&&, Args&&...) & {
    static_assert(!sizeof(F*),
                  "prometheus_async: add_both changes the type of the Deferred, so it consumes it: "
                  "std::move(d).add_both(f)");
  }
  template <class F, class G>
  void add_callbacks(F&&, G&&) & {
    static_assert(!sizeof(F*),
                  "prometheus_async: add_callbacks changes the type of the Deferred, so it consumes it: "
                  "std::move(d).add_callbacks(f, g)");
  }

  // --- Cancelling and pausing.

  // Asks the producer to stop. Calls its canceller, if it gave one; if that did not fire the Promise, and where there
  // is none, the result is CancelledError. One that waits for another Deferred cancels that one; a coroutine's, what it
  // awaits, and the coroutine goes on with that. Nothing happens once there is a result.
  //
  // Throws what the canceller throws; there is no result then, and the canceller is gone.
  void cancel() {
    holder_.require("cancel");
    if (holder_.is_chain()) holder_.chain()->cancel();
  }

  // For cancelling after the Deferred was moved away: into a coroutine, a list, another's callback.
  CancelHandle cancel_handle() {
    holder_.require("cancel_handle");
    return holder_.is_chain() ? CancelHandle(holder_.chain()) : CancelHandle();
  }

  // Holds the callbacks back, until it is undone. The one that runs, and those behind it in the same firing, still run.
  Pause pause() {
    holder_.require("pause");
    holder_.make_chain();
    return Pause(holder_.chain());
  }

  // --- Observers.

  // Whether it was fired or cancelled; and whether its result is there: it was, and is not paused, nor waiting for
  // another Deferred, nor in its callbacks at this moment.
  bool called() const {
    holder_.require("called");
    return !holder_.is_chain() || holder_.chain()->called() || holder_.chain()->is_waiting();
  }
  bool has_result() const {
    holder_.require("has_result");
    return !holder_.is_chain() || holder_.chain()->is_settled();
  }

  // What it is at, for a log: "has not fired", "waits for another Deferred", "is paused", "runs its callbacks", "has a
  // value", "has the failure TYPE: WHAT", "was moved away"; with set_debugging(true), where it was made.
  std::string describe() const {
    if (holder_.is_empty()) return "was moved away";
    if (holder_.is_chain()) return holder_.chain()->describe_state();
    return holder_.is_failure() ? "has the failure " + Failure(holder_.failure()).get_brief_traceback() : "has a value";
  }

  // The result, if it is there: then the Deferred is spent.
  std::optional<Result<T>> take_result() {
    holder_.require("take_result");
    holder_.settle();
    if (holder_.is_chain()) return std::nullopt;
    return holder_.take_result();
  }

  // Awaited once, by any coroutine, which is resumed inside of the call that fires the Promise. Gives the value or
  // throws the failure's exception. In an asio::awaitable use as_awaitable (tx/as_awaitable.h).
  // Cost: allocates nothing.
  internal::Awaiter<T, false> operator co_await() && { return internal::Awaiter<T, false>(holder_); }

 private:
  friend struct internal::Access;

  explicit Deferred(internal::Holder<T>&& holder) noexcept : holder_(std::move(holder)) {}

  // --- Adding steps.
  template <class Out, class Step>
  Deferred<Out> then(Step step) {
    holder_.require("an adder");
    if (holder_.is_ready()) return internal::Access::make(step(std::move(holder_)));
    internal::add_node<internal::StepNode<Step>>(holder_.chain(), std::move(step));
    return internal::Access::make(internal::Holder<Out>::with_chain(holder_.release_chain()));
  }
  template <class Step>
  Deferred& then_here(Step step) {
    holder_.require("an adder");
    if (holder_.is_ready()) {
      holder_ = step(std::move(holder_));
    } else {
      internal::add_node<internal::StepNode<Step>>(holder_.chain(), std::move(step));
    }
    return *this;
  }

  template <class Out, template <class, class, class> class Step, class F, class... Args>
  static auto bind_step(F&& f, Args&&... args) {
    if constexpr (sizeof...(Args) == 0) {
      return Step<T, Out, std::decay_t<F>>{std::forward<F>(f)};
    } else {
      auto bound = internal::bind(std::forward<F>(f), std::forward<Args>(args)...);
      return Step<T, Out, decltype(bound)>{std::move(bound)};
    }
  }
  template <template <class, class> class Step, class F, class... Args>
  static auto bind_own_step(F&& f, Args&&... args) {
    if constexpr (sizeof...(Args) == 0) {
      return Step<T, std::decay_t<F>>{std::forward<F>(f)};
    } else {
      auto bound = internal::bind(std::forward<F>(f), std::forward<Args>(args)...);
      return Step<T, decltype(bound)>{std::move(bound)};
    }
  }
  template <class E, class F, class... Args>
  static auto bind_error_step(F&& f, Args&&... args) {
    if constexpr (sizeof...(Args) == 0) {
      return internal::OnError<E, T, std::decay_t<F>>{std::forward<F>(f)};
    } else {
      auto bound = internal::bind(std::forward<F>(f), std::forward<Args>(args)...);
      return internal::OnError<E, T, decltype(bound)>{std::move(bound)};
    }
  }

  template <class Out, class F, class Error, class... Args>
  static constexpr void check_errback() {
    static_assert(std::invocable<F&, Error, Args...>,
                  "prometheus_async: the errback cannot be called with the failure (tx::Failure&&, or const E& of "
                  "add_errback<E>) and the arguments bound after it");
    using R = std::invoke_result_t<F&, Error, Args...>;
    static_assert(std::is_same_v<R, Failure> || std::is_same_v<R, Deferred<Out>> || std::is_same_v<R, Result<Out>> ||
                      std::is_void_v<R> == std::is_void_v<Out>,
                  "prometheus_async: the errback gives what the Deferred has: its value type, or a Deferred, a Result "
                  "of that, or a tx::Failure (say `-> tx::Failure` if it always throws)");
    static_assert(std::is_same_v<R, Failure> || std::is_same_v<R, Deferred<Out>> || std::is_same_v<R, Result<Out>> ||
                      std::is_void_v<R> || std::is_convertible_v<R, Out>,
                  "prometheus_async: what the errback returns is not the value type of the Deferred");
  }

  internal::Holder<T> holder_;
};

// Deferreds that have their result.
template <class T>
Deferred<T> succeed(T value) {
  return internal::Access::make(internal::Holder<T>::with_value(std::move(value)));
}
inline Deferred<void> succeed() { return internal::Access::make(internal::Holder<void>::with_value(internal::Unit())); }
template <class T>
Deferred<T> fail(Failure failure) {
  return internal::Access::make(internal::Holder<T>::with_failure(std::move(failure).value()));
}
template <class T, class E>
  requires std::derived_from<E, std::exception>
Deferred<T> fail(E exception) {
  return fail<T>(Failure::make<E>(std::move(exception)));
}

// co_await tx::as_result(std::move(d)): the value or the failure, as a value; nothing is thrown.
template <class T>
struct [[nodiscard]] AsResult {
  Deferred<T> deferred;
  internal::Awaiter<T, true> operator co_await() && {
    return internal::Awaiter<T, true>(internal::Access::holder(deferred));
  }
};
template <class T>
AsResult<T> as_result(Deferred<T>&& deferred) {
  return {std::move(deferred)};
}

template <class T>
template <class Rep, class Period, class F>
Deferred<T>& Deferred<T>::add_timeout(std::chrono::duration<Rep, Period> timeout, ReactorTime& time, F&& on_timeout) & {
  static_assert(std::invocable<std::decay_t<F>&, Result<T>, Duration>,
                "prometheus_async: on_timeout is called with a tx::Result<T>&& and the timeout");
  const Duration duration = to_duration(timeout);
  if (duration < Duration::zero()) throw std::invalid_argument("prometheus_async: a timeout is negative");
  holder_.require("add_timeout");
  if (holder_.is_ready()) return *this;
  auto on_result = [call = time.call_later(timeout, [handle = cancel_handle()]() mutable { handle.cancel(); }),
                    duration,
                    convert = std::decay_t<F>(std::forward<F>(on_timeout))](Result<T>&& result) mutable -> Deferred<T> {
    if (call.active()) {
      call.cancel();
      return internal::Access::make(internal::Holder<T>::with_result(std::move(result)));
    }
    auto bound = [&](Result<T>&& settled) { return convert(std::move(settled), duration); };
    return internal::Access::make(internal::call<T>(bound, std::move(result)));
  };
  return then_here(internal::OnBoth<T, T, decltype(on_result)>{std::move(on_result)});
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_DEFERRED_H_
