// SPDX-License-Identifier: Apache-2.0
//
// Attaches a span to what gives one piece after another: it ends with the last piece, or with the first failure.
#ifndef PROMETHEUS_ASYNC_AIO_INTERNAL_STREAM_H_
#define PROMETHEUS_ASYNC_AIO_INTERNAL_STREAM_H_

#include <concepts>
#include <coroutine>
#include <functional>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "aio/internal/awaitable.h"
#include "aio/internal/settle.h"
#include "metrics/probe.h"
#include "metrics/span.h"

namespace prometheus_async::aio::internal {

// What runs when its pieces are taken, not when the function that makes it is called: asio::experimental::coro, and
// coroutine types with begin() and end(), std::generator among them.
template <class T>
concept AsioGenerator = requires(T& generator) {
  typename T::yield_type;
  generator.is_open();
} && !std::is_void_v<typename T::yield_type>;
template <class T>
concept RangeGenerator = requires(T& generator) {
  typename T::promise_type;
  generator.begin();
  generator.end();
};
template <class T>
concept Generator = AsioGenerator<std::remove_cvref_t<T>> || RangeGenerator<std::remove_cvref_t<T>>;

// The end of most streams: an empty optional, a null pointer, false.
struct IsFalse {
  template <class Piece>
  bool operator()(const Piece& piece) const {
    static_assert(
        requires { static_cast<bool>(piece); },
        "prometheus_async: stream() takes pieces that are false at the end, as an empty std::optional is; for "
        "others give it a function that knows the last: stream(next, is_end)");
    return !static_cast<bool>(piece);
  }
};

// The awaiter around the awaiter of one piece. `settle` ends the stream's span if the piece is the last or fails.
template <class Inner, class Settle>
class [[nodiscard]] PieceAwaiter {
 public:
  template <class T>
  PieceAwaiter(T&& awaitable, Settle settle_piece)
      : inner_(get_awaiter(std::forward<T>(awaitable))), settle_(std::move(settle_piece)) {}

  bool await_ready() {
    return settle_.guarded([this] { return static_cast<bool>(inner_.await_ready()); });
  }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> awaiting) {
    return settle_.guarded([this, awaiting] { return inner_.await_suspend(awaiting); });
  }
  auto await_resume() {
    return settle_.piece([this]() -> decltype(auto) { return inner_.await_resume(); });
  }

 private:
  Inner inner_;
  Settle settle_;
};

// One piece, which the caller of the stream awaits. `A` is a value, or a reference to what the source keeps.
template <class A, class Settle>
class [[nodiscard]] Piece {
 public:
  Piece(A&& awaitable, Settle settle_piece) : awaitable_(std::forward<A>(awaitable)), settle_(settle_piece) {}

  auto operator co_await() && {
    using Inner = decltype(get_awaiter(std::declval<A>()));
    return PieceAwaiter<Inner, Settle>(std::forward<A>(awaitable_), settle_);
  }

 private:
  A awaitable_;
  Settle settle_;
};

// A source with its span. Called as the source is; what was measured once is passed through from then on.
template <metrics::Probe P, class Next, class IsEnd>
class [[nodiscard]] InstrumentedStream {
 public:
  InstrumentedStream(metrics::Span<P> span, Next next, IsEnd is_end)
      : next_(std::move(next)), is_end_(std::move(is_end)), span_(std::move(span)) {}

  // *this outlives the result and stays where it is until that is there. One call at a time.
  template <class... Args>
    requires std::invocable<Next&, Args...>
  auto operator()(Args&&... args) {
    using Result = std::invoke_result_t<Next&, Args...>;
    const Settle settle{this};
    const auto call = [&]() -> Result { return std::invoke(next_, std::forward<Args>(args)...); };
    if constexpr (AsioAwaitable<Result>) {
      return await_piece(settle, settle.guarded(call));
    } else if constexpr (Awaitable<Result>) {
      return Piece<Result, Settle>(settle.guarded(call), settle);
    } else {
      return settle.piece(call);
    }
  }

 private:
  struct Settle {
    template <class Step>
    auto piece(Step step) const {
      return guarded([&] {
        auto result = step();
        if (self->is_end_(std::as_const(result))) self->span_.finish();
        return result;
      });
    }
    // An exception ends the stream.
    template <class Step>
    decltype(auto) guarded(Step step) const {
      try {
        return step();
      } catch (...) {
        end_with_current_exception(self->span_);
        throw;
      }
    }

    InstrumentedStream* self;
  };

  template <class T, class Executor>
  static asio::awaitable<T, Executor> await_piece(Settle settle, asio::awaitable<T, Executor> awaitable) {
    try {
      T result = co_await std::move(awaitable);
      if (settle.self->is_end_(std::as_const(result))) settle.self->span_.finish();
      co_return result;
    } catch (...) {
      end_with_current_exception(settle.self->span_);
      throw;
    }
  }

  Next next_;
  [[no_unique_address]] IsEnd is_end_;
  metrics::Span<P> span_;
};

}  // namespace prometheus_async::aio::internal

#endif  // PROMETHEUS_ASYNC_AIO_INTERNAL_STREAM_H_
