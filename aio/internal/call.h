// SPDX-License-Identifier: Apache-2.0
//
// Attaches a probe to a callable: each call has its own span, which begins at the call and ends when the result does.
#ifndef PROMETHEUS_ASYNC_AIO_INTERNAL_CALL_H_
#define PROMETHEUS_ASYNC_AIO_INTERNAL_CALL_H_

#include <functional>
#include <future>
#include <type_traits>
#include <utility>

#include "aio/internal/awaitable.h"
#include "aio/internal/settle.h"
#include "aio/internal/stream.h"
#include "aio/internal/token.h"
#include "metrics/internal/instrumented_function.h"
#include "metrics/probe.h"
#include "metrics/span.h"

namespace prometheus_async::aio::internal {

template <class T>
inline constexpr bool is_standard_future = false;
template <class T>
inline constexpr bool is_standard_future<std::future<T>> = true;
template <class T>
inline constexpr bool is_standard_future<std::shared_future<T>> = true;

// Calls `function` under `probe`. Arguments go to it as they came; nothing is copied on the way.
template <metrics::Probe P, class F, class... Args>
decltype(auto) call_with_probe(const P& probe, F&& function, Args&&... args) {
  using Result = std::invoke_result_t<F, Args...>;
  static_assert(
      !is_standard_future<std::remove_cvref_t<Result>>,
      "prometheus_async: the function returns a std::future, which cannot be awaited, so only its launch would "
      "be measured; return an awaitable");
  static_assert(!Generator<Result>,
                "prometheus_async: the function returns a generator, which runs when its pieces are taken, so only its "
                "making would be measured; measure them: wrapper.stream(next)");
  const auto invoke = [&]() -> decltype(auto) {
    return std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
  };
  if constexpr (AsyncOperation<Result>) {
    return InstrumentedOperation<P, std::remove_cvref_t<Result>>(probe, invoke());
  } else if constexpr (Awaitable<Result>) {
    metrics::Span<P> span(probe);
    // An exception before there is anything to await is the operation's end as well.
    const auto start = [&]() -> Result {
      try {
        return invoke();
      } catch (...) {
        end_with_current_exception(span);
        throw;
      }
    };
    Result awaitable = start();
    return attach_to_awaitable(std::move(span), std::forward<Result>(awaitable));
  } else {
    metrics::Span<P> span(probe);
    return settle(span, invoke);
  }
}

struct Call {
  template <metrics::Probe P, class F, class... Args>
  static decltype(auto) with_probe(const P& probe, F&& function, Args&&... args) {
    return call_with_probe(probe, std::forward<F>(function), std::forward<Args>(args)...);
  }
};

template <metrics::Probe P, class F>
using InstrumentedFunction = metrics::internal::InstrumentedFunction<P, F, Call>;

}  // namespace prometheus_async::aio::internal

#endif  // PROMETHEUS_ASYNC_AIO_INTERNAL_CALL_H_
