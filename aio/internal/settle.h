// SPDX-License-Identifier: Apache-2.0
//
// Runs the step that yields an operation's result and ends its span with what came out: a value, or an exception.
#ifndef PROMETHEUS_ASYNC_AIO_INTERNAL_SETTLE_H_
#define PROMETHEUS_ASYNC_AIO_INTERNAL_SETTLE_H_

#include <exception>
#include <utility>

#include "aio/internal/ending.h"
#include "metrics/probe.h"
#include "metrics/span.h"

namespace prometheus_async::aio::internal {

template <metrics::Probe P>
void end_with_current_exception(metrics::Span<P>& span) noexcept {
  const std::exception_ptr exception = std::current_exception();
  span.end(thrown(exception));
}

// Returns what `step()` returns, reference or value, without moving it; its exception passes through as it is.
template <metrics::Probe P, class Step>
decltype(auto) settle(metrics::Span<P>& span, Step&& step) {
  // Ends the span after the result was made in its final place, so that results which cannot move work too. While an
  // exception unwinds it leaves the end to the handler below, which knows the exception.
  struct EndWithValue {
    metrics::Span<P>& span;
    int exceptions = std::uncaught_exceptions();
    ~EndWithValue() {
      if (std::uncaught_exceptions() == exceptions) span.finish();
    }
  };
  try {
    EndWithValue end{span};
    return std::forward<Step>(step)();
  } catch (...) {
    end_with_current_exception(span);
    throw;
  }
}

}  // namespace prometheus_async::aio::internal

#endif  // PROMETHEUS_ASYNC_AIO_INTERNAL_SETTLE_H_
