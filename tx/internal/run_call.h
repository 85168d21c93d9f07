// SPDX-License-Identifier: Apache-2.0
//
// Runs a function that the event loop was given. A loop survives what its functions throw.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_RUN_CALL_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_RUN_CALL_H_

#include <exception>
#include <string_view>

#include "tx/delayed_call.h"
#include "tx/failure.h"
#include "tx/internal/schedule.h"
#include "tx/unhandled.h"

namespace prometheus_async::tx::internal {

// REQUIRES: in a catch block.
inline void report_current_exception(std::string_view where) noexcept {
  report_unhandled_failure(Failure(std::current_exception()), where);
}

inline void run_call(ScheduledCall& call, std::string_view where) noexcept {
  try {
    Schedule::run(call);
  } catch (...) {
    report_current_exception(where);
  }
}

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_RUN_CALL_H_
