// SPDX-License-Identifier: Apache-2.0
//
// Runs the step that yields an operation's result and ends its span with what came out: a value, or an exception.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_SETTLE_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_SETTLE_H_

#include <exception>
#include <utility>

#include "metrics/ending.h"
#include "metrics/probe.h"
#include "metrics/span.h"

namespace prometheus_async::metrics::internal {

template <Probe P>
void end_with_current_exception(Span<P>& span, Ending::Reader reader) noexcept {
  const std::exception_ptr exception = std::current_exception();
  span.end(Ending::thrown(exception, reader));
}

// Returns what `step()` returns, reference or value, without moving it; its exception, read by `reader`, passes through
// as it is.
template <Probe P, class Step>
decltype(auto) settle(Span<P>& span, Ending::Reader reader, Step&& step) {
  // Ends the span after the result was made in its final place, so that results which cannot move work too. While an
  // exception unwinds it leaves the end to the handler below, which knows the exception.
  struct EndWithValue {
    Span<P>& span;
    int exceptions = std::uncaught_exceptions();
    ~EndWithValue() {
      if (std::uncaught_exceptions() == exceptions) span.finish();
    }
  };
  try {
    EndWithValue end{span};
    return std::forward<Step>(step)();
  } catch (...) {
    end_with_current_exception(span, reader);
    throw;
  }
}

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_SETTLE_H_
