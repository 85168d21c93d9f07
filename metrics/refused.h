// SPDX-License-Identifier: Apache-2.0
//
// Values that no instrument can record (an observation that is not a number, a counter's negative step) are refused
// without an exception, since recording is noexcept, and counted here.
//
//   EXPECT_EQ(metrics::refused_values(), 0);
#ifndef PROMETHEUS_ASYNC_METRICS_REFUSED_H_
#define PROMETHEUS_ASYNC_METRICS_REFUSED_H_

#include <cstdint>

namespace prometheus_async::metrics {

// How many values this process' instruments have refused. Safe from any thread.
std::uint64_t refused_values() noexcept;

namespace internal {
void refuse_value() noexcept;
}  // namespace internal

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_REFUSED_H_
