// SPDX-License-Identifier: Apache-2.0
//
// Keeps a native histogram at its limit of buckets: which there are, and how finely it may count.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_NATIVE_LIMIT_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_NATIVE_LIMIT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/internal/native_table.h"
#include "metrics/native_options.h"

namespace prometheus_async::metrics::internal {

// Threads: none of its own; its owner locks.
class NativeLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  NativeLimit(const NativeOptions& options, Time now);

  const NativeResolution& resolution() const noexcept { return resolution_; }

  // Takes in the bucket of `value`, not NaN; if that is one too many, changes the resolution until it is not: see
  // NativeOptions for how. Throws std::bad_alloc, with at most the new bucket taken in.
  void admit(double value, Time now);

  // Whether a new start would bring back a resolution that the limit took away, and may come.
  bool is_restart_due(Time now) const noexcept;
  void restart(Time now) noexcept;

  // The indexes of the buckets that values were admitted to, ascending.
  const std::vector<std::int32_t>& positive() const noexcept { return positive_; }
  const std::vector<std::int32_t>& negative() const noexcept { return negative_; }

 private:
  bool is_exceeded() const noexcept;
  bool may_restart(Time now) const noexcept;
  bool widen_zero_bucket() noexcept;
  bool halve() noexcept;
  void insert(double value);

  const NativeSchema schema_;
  const NativeOptions options_;
  NativeResolution resolution_;
  std::vector<std::int32_t> positive_;
  std::vector<std::int32_t> negative_;
  Time started_;
};

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_NATIVE_LIMIT_H_
