// SPDX-License-Identifier: Apache-2.0
//
// Attaches a span to something that is awaited.
//
// An asio::awaitable gets one coroutine frame around it: Asio's promise accepts nothing else. Any other C++20 awaitable
// gets an awaiter around its awaiter, and no frame.
#ifndef PROMETHEUS_ASYNC_AIO_INTERNAL_AWAITABLE_H_
#define PROMETHEUS_ASYNC_AIO_INTERNAL_AWAITABLE_H_

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "aio/internal/settle.h"
#include "metrics/probe.h"
#include "metrics/span.h"

namespace prometheus_async::aio::internal {

namespace asio = boost::asio;

template <class T>
inline constexpr bool is_asio_awaitable = false;
template <class T, class Executor>
inline constexpr bool is_asio_awaitable<asio::awaitable<T, Executor>> = true;

template <class T>
concept AsioAwaitable = is_asio_awaitable<std::remove_cvref_t<T>>;

template <class T>
concept Awaiter = requires(T& awaiter) {
  { awaiter.await_ready() } -> std::convertible_to<bool>;
  awaiter.await_resume();
};
template <class T>
concept HasMemberCoAwait = requires(T&& t) { std::forward<T>(t).operator co_await(); };
template <class T>
concept HasFreeCoAwait = requires(T&& t) { operator co_await(std::forward<T>(t)); };

// Anything that co_await takes on its own, without a promise's help.
template <class T>
concept Awaitable = AsioAwaitable<T> || HasMemberCoAwait<T> || HasFreeCoAwait<T> || Awaiter<std::remove_reference_t<T>>;

template <class T>
decltype(auto) get_awaiter(T&& awaitable) {
  if constexpr (HasMemberCoAwait<T>) {
    return std::forward<T>(awaitable).operator co_await();
  } else if constexpr (HasFreeCoAwait<T>) {
    return operator co_await(std::forward<T>(awaitable));
  } else {
    return std::forward<T>(awaitable);  // its own awaiter, by reference
  }
}

// The awaiter around an awaiter. `Inner` is a value or a reference, as get_awaiter gives it.
template <metrics::Probe P, class Inner>
class [[nodiscard]] InstrumentedAwaiter {
 public:
  template <class T>
  InstrumentedAwaiter(metrics::Span<P> span, T&& awaitable)
      : inner_(get_awaiter(std::forward<T>(awaitable))), span_(std::move(span)) {}

  bool await_ready() {
    return guarded([this] { return static_cast<bool>(inner_.await_ready()); });
  }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> awaiting) {
    return guarded([this, awaiting] { return inner_.await_suspend(awaiting); });
  }
  decltype(auto) await_resume() {
    return settle(span_, [this]() -> decltype(auto) { return inner_.await_resume(); });
  }

 private:
  // An exception before the result settles the operation as well.
  template <class Step>
  auto guarded(Step step) {
    try {
      return step();
    } catch (...) {
      end_with_current_exception(span_);
      throw;
    }
  }

  Inner inner_;
  metrics::Span<P> span_;
};

// An awaitable with its span; `A` is a value, or a reference to an awaitable that the caller keeps. Awaited once, as an
// rvalue. Dropped unawaited, it ends its span as abandoned.
template <metrics::Probe P, class A>
class [[nodiscard]] InstrumentedAwaitable {
 public:
  InstrumentedAwaitable(metrics::Span<P> span, A&& awaitable)
      : awaitable_(std::forward<A>(awaitable)), span_(std::move(span)) {}

  auto operator co_await() && {
    using Inner = decltype(get_awaiter(std::declval<A>()));
    return InstrumentedAwaiter<P, Inner>(std::move(span_), std::forward<A>(awaitable_));
  }

 private:
  A awaitable_;
  metrics::Span<P> span_;
};

template <metrics::Probe P, class T, class Executor>
asio::awaitable<T, Executor> await_with_span(metrics::Span<P> span, asio::awaitable<T, Executor> awaitable) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(awaitable);
      span.finish();
    } else {
      T result = co_await std::move(awaitable);
      span.finish();
      co_return result;
    }
  } catch (...) {
    end_with_current_exception(span);
    throw;
  }
}

// The awaitable, with `span` ending when it settles.
template <metrics::Probe P, class A>
auto attach_to_awaitable(metrics::Span<P> span, A&& awaitable) {
  if constexpr (AsioAwaitable<A>) {
    static_assert(!std::is_lvalue_reference_v<A>,
                  "prometheus_async: an asio::awaitable is awaited once, so it is given away: std::move(awaitable)");
    return await_with_span(std::move(span), std::forward<A>(awaitable));
  } else {
    return InstrumentedAwaitable<P, A>(std::move(span), std::forward<A>(awaitable));
  }
}

}  // namespace prometheus_async::aio::internal

#endif  // PROMETHEUS_ASYNC_AIO_INTERNAL_AWAITABLE_H_
