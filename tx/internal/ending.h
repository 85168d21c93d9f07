// SPDX-License-Identifier: Apache-2.0
//
// Endings as Deferreds report them: CancelledError is a cancellation, AbandonedError an abandonment.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_ENDING_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_ENDING_H_

#include <exception>

#include "metrics/ending.h"

namespace prometheus_async::tx::internal {

metrics::Ending::Reading read_exception(const std::exception_ptr& exception) noexcept;

// Null: a value. REQUIRES: the exception outlives the Ending.
inline metrics::Ending ended(const std::exception_ptr* exception) noexcept {
  return exception == nullptr ? metrics::Ending::value() : metrics::Ending::thrown(*exception, &read_exception);
}

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_ENDING_H_
