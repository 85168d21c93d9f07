// SPDX-License-Identifier: Apache-2.0
//
// A distribution of values in buckets with fixed upper bounds.
//
//   auto& seconds = metrics::histogram("request_seconds", "time spent in requests");
//   seconds.Observe(0.25);
#ifndef PROMETHEUS_ASYNC_METRICS_HISTOGRAM_H_
#define PROMETHEUS_ASYNC_METRICS_HISTOGRAM_H_

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "metrics/buckets.h"

namespace prometheus_async::metrics {

// What a histogram held at one moment: sum and counts belong to the same observations.
struct HistogramSnapshot {
  std::span<const double> bounds;     // ascending, without +Inf; the histogram's own
  std::vector<std::uint64_t> counts;  // of each bucket alone; one more than bounds, the last for +Inf
  double sum = 0;

  std::uint64_t count() const noexcept;
};

// Threads: every member is safe from any thread. Cost: a search over the bounds and a short lock.
// Names of members are prometheus-cpp's.
class Histogram {
 public:
  // Throws std::invalid_argument for bounds that checked_buckets() refuses.
  explicit Histogram(Buckets buckets = default_buckets());
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  // A value on a bound belongs to the bucket of that bound. +Inf and -Inf are counted, in the last and the first
  // bucket, and make the sum infinite. NaN belongs nowhere: it is refused and counted (metrics/refused.h).
  void Observe(double value) noexcept;

  HistogramSnapshot snapshot() const;
  // The same into a snapshot that is used again and again, so that a scrape does not allocate.
  void read(HistogramSnapshot& snapshot) const;

 private:
  const Buckets bounds_;
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> counts_;  // guarded by mutex_
  double sum_ = 0;                     // guarded by mutex_
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_HISTOGRAM_H_
