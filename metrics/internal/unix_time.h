// SPDX-License-Identifier: Apache-2.0
//
// The Unix time now, in seconds, as Prometheus writes times.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_UNIX_TIME_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_UNIX_TIME_H_

#include <chrono>

namespace prometheus_async::metrics::internal {

inline double unix_time() noexcept {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_UNIX_TIME_H_
