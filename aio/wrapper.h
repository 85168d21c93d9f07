// SPDX-License-Identifier: Apache-2.0
//
// What time(), count_exceptions() and track_inprogress() return: a probe that is ready to be attached. It decorates
// callables and awaitables, goes onto completion tokens, begins spans and scopes, and composes with `|`.
//
//   const auto charge = aio::time(seconds) | aio::count_exceptions<PaymentError>(declined) |
//                       aio::track_inprogress(in_flight) | [](Order order) -> asio::awaitable<Receipt> { ... };
//   Receipt receipt = co_await charge(std::move(order));         // one frame, one clock reading at each end
//
// When does an operation begin and end?
//
//   decorated function      begins at the call; ends when the function returned, or, if it returned an awaitable,
//                           when that settled
//   awaitable               begins at the call that wraps it; ends when it settled
//   Asio operation (token)  begins when it is initiated; ends when its handler is called
//   stream                  begins at the call of stream(); ends when it has given its last piece, or fails
//
// So a lazy awaitable that is created now and awaited later counts from now. What is dropped before it settled ends as
// abandoned: a gauge is lowered again, time is observed. All three wrappers follow this table, in every form.
//
// Errors: the operation's own exception or error code passes through unchanged, the same object; adds none.
// Threads: a wrapper and what it decorates may be used from several threads if the function may. Lifetime: the metric
// outlives every operation. Cost: a plain function and a C++20 awaitable need no allocation, an asio::awaitable one
// coroutine frame, however many wrappers are composed.
// Semantics: prometheus_async.aio, with one start rule where the original has two (docs/design.md).
#ifndef PROMETHEUS_ASYNC_AIO_WRAPPER_H_
#define PROMETHEUS_ASYNC_AIO_WRAPPER_H_

#include <type_traits>
#include <utility>

#include "aio/internal/awaitable.h"
#include "aio/internal/call.h"
#include "aio/internal/stream.h"
#include "aio/internal/token.h"
#include "metrics/probe.h"
#include "metrics/span.h"

namespace prometheus_async::aio {

template <metrics::Probe P>
class [[nodiscard]] Wrapper {
 public:
  explicit Wrapper(P probe) : probe_(std::move(probe)) {}

  // Decorates a callable: a function, lambda, functor (its overloads stay), or pointer to a member. What it returns may
  // be an asio::awaitable, any C++20 awaitable, an operation waiting for its token (asio::deferred), a plain value, a
  // reference or nothing.
  template <class F>
    requires(!internal::Awaitable<F> && !internal::AsyncOperation<F>)
  auto operator()(F&& function) const {
    return internal::InstrumentedFunction<P, std::decay_t<F>>(probe_, std::forward<F>(function));
  }

  // Wraps one awaitable. It is awaited once; an lvalue is kept by reference.
  template <internal::Awaitable A>
  auto operator()(A&& awaitable) const {
    return internal::attach_to_awaitable(metrics::Span<P>(probe_), std::forward<A>(awaitable));
  }

  // Wraps an operation that waits for its token, as asio::deferred returns. Each launch has a span of its own.
  template <internal::AsyncOperation Operation>
  auto operator()(Operation&& operation) const {
    return internal::InstrumentedOperation<P, std::decay_t<Operation>>(probe_, std::forward<Operation>(operation));
  }

  // Adapts a completion token (use_awaitable, use_future, deferred, as_tuple(...), a callback, ...). The handler keeps
  // its associated executor, allocator and cancellation slot.
  template <class Token>
  auto token(Token&& inner) const {
    return internal::InstrumentedToken<P, std::decay_t<Token>>(probe_, std::forward<Token>(inner));
  }

  // Measures a stream: what is called again and again and gives one piece each time, awaited or at once, until a piece
  // is false, as an empty std::optional is, or `is_end(piece)` says so. It is one operation, however many pieces it
  // has: it ends once, with the last of them, with the first exception, or as abandoned if it is destroyed before.
  //
  //   auto next = aio::time(seconds).stream([&] { return rows.async_resume(asio::use_awaitable); });
  //   while (const auto row = co_await next()) ...
  //
  // What comes back is called as `next` is, one call at a time, and stays where it is while a piece is awaited. Asked
  // for more after its end it passes on what `next` gives. Cost: a piece in an asio::awaitable takes a coroutine frame.
  template <class Next, class IsEnd = internal::IsFalse>
  auto stream(Next&& next, IsEnd is_end = {}) const {
    return internal::InstrumentedStream<P, std::decay_t<Next>, IsEnd>(metrics::Span<P>(probe_),
                                                                      std::forward<Next>(next), std::move(is_end));
  }

  // Begins a span now, for code that ends it by hand. See metrics/span.h.
  metrics::Span<P> start() const { return metrics::Span<P>(probe_); }

  // Measures to the end of the block. See metrics/span.h.
  metrics::Scope<P> scope() const { return metrics::Scope<P>(probe_); }

  const P& probe() const noexcept { return probe_; }

 private:
  [[no_unique_address]] P probe_;
};

// Composes: the left one begins first and ends last.
template <metrics::Probe A, metrics::Probe B>
auto operator|(const Wrapper<A>& outer, const Wrapper<B>& inner) {
  return Wrapper<metrics::BothProbes<A, B>>(metrics::BothProbes<A, B>(outer.probe(), inner.probe()));
}

namespace internal {
template <class T>
inline constexpr bool is_wrapper = false;
template <class P>
inline constexpr bool is_wrapper<Wrapper<P>> = true;

// The second argument of time(metric, x) and its twins: an awaitable, an operation waiting for its token, or a token.
template <metrics::Probe P, class X>
auto attach(const Wrapper<P>& wrapper, X&& operation) {
  static_assert(std::is_class_v<std::remove_cvref_t<X>> || std::is_union_v<std::remove_cvref_t<X>> ||
                    std::is_function_v<std::remove_pointer_t<std::remove_cvref_t<X>>>,
                "prometheus_async: the second argument is neither an awaitable nor an Asio completion token");
  if constexpr (Awaitable<X> || AsyncOperation<X>) {
    return wrapper(std::forward<X>(operation));
  } else {
    return wrapper.token(std::forward<X>(operation));
  }
}
}  // namespace internal

// `wrapper | x` is wrapper(x): the end of a chain is what it measures.
template <metrics::Probe P, class X>
  requires(!internal::is_wrapper<std::remove_cvref_t<X>>)
auto operator|(const Wrapper<P>& wrapper, X&& x) {
  return wrapper(std::forward<X>(x));
}

}  // namespace prometheus_async::aio

#endif  // PROMETHEUS_ASYNC_AIO_WRAPPER_H_
