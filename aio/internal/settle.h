// SPDX-License-Identifier: Apache-2.0
//
// Ends spans as Asio reports results.
#ifndef PROMETHEUS_ASYNC_AIO_INTERNAL_SETTLE_H_
#define PROMETHEUS_ASYNC_AIO_INTERNAL_SETTLE_H_

#include <utility>

#include "aio/internal/ending.h"
#include "metrics/internal/settle.h"
#include "metrics/probe.h"
#include "metrics/span.h"

namespace prometheus_async::aio::internal {

template <metrics::Probe P>
void end_with_current_exception(metrics::Span<P>& span) noexcept {
  metrics::internal::end_with_current_exception(span, &read_exception);
}

template <metrics::Probe P, class Step>
decltype(auto) settle(metrics::Span<P>& span, Step&& step) {
  return metrics::internal::settle(span, &read_exception, std::forward<Step>(step));
}

}  // namespace prometheus_async::aio::internal

#endif  // PROMETHEUS_ASYNC_AIO_INTERNAL_SETTLE_H_
