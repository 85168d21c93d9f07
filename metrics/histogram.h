// SPDX-License-Identifier: Apache-2.0
//
// A distribution of values in buckets with fixed upper bounds.
//
//   auto& seconds = metrics::histogram("request_seconds", "time spent in requests");
//   seconds.Observe(0.25);
#ifndef PROMETHEUS_ASYNC_METRICS_HISTOGRAM_H_
#define PROMETHEUS_ASYNC_METRICS_HISTOGRAM_H_

#include <cstdint>
#include <memory>

#include "metrics/buckets.h"
#include "metrics/collector.h"
#include "metrics/exemplar.h"
#include "metrics/internal/bucket_search.h"
#include "metrics/internal/cells.h"
#include "metrics/internal/exemplar_slots.h"
#include "metrics/internal/thread_cells.h"
#include "metrics/refused.h"

namespace prometheus_async::metrics {

// Threads: every member is safe from any thread. Recording waits for nobody, and threads do not slow each other down:
// each counts in cells of its own. Cost: a search over the bounds and a few instructions; a thread's first value in a
// group of 256 buckets allocates 8 KiB. A thread that ends leaves its values behind and no memory.
//
// A snapshot is consistent while others record: its count is the sum of its buckets, and its sum is of these values.
// Names of members are prometheus-cpp's.
class Histogram {
 public:
  // Throws std::invalid_argument for bounds that checked_buckets() refuses.
  explicit Histogram(Buckets buckets = default_buckets());
  // With bounds that histograms share. REQUIRES: checked.
  explicit Histogram(std::shared_ptr<const internal::BucketBounds> bounds);
  ~Histogram();
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  // A value on a bound belongs to the bucket of that bound. +Inf and -Inf are counted, in the last and the first
  // bucket, and make the sum infinite, or NaN once both were seen: that is what their sum is. NaN belongs nowhere: it
  // is refused and counted (metrics/refused.h).
  void Observe(double value) noexcept {
    if (value != value) [[unlikely]]
      return internal::refuse_value();
    const std::uint32_t bucket = add(value);
    if (internal::exemplar_provider.load(std::memory_order_relaxed) != nullptr) [[unlikely]] {
      keep_provided(bucket, value);
    }
  }
  // The same, and keeps the exemplar as the latest of the value's bucket.
  void Observe(double value, const Exemplar& exemplar) noexcept;

  HistogramSnapshot snapshot() const;
  // The same into a snapshot that is used again and again, so that a scrape does not allocate. Its bounds are this
  // histogram's, valid while it lives.
  void read(HistogramSnapshot& snapshot) const;

  using Cells = internal::ThreadCells<internal::BucketCell>;
  // The same, reading many histograms in a row.
  void read(HistogramSnapshot& snapshot, Cells::Reader& reader) const;

 private:
  std::uint32_t add(double value) noexcept {
    if (!search_.is_short()) [[unlikely]]
      return add_to_many(value);
    const std::uint32_t bucket = search_.compare_all(value);
    Cells::update_in_run(first_, bucket, [value](internal::BucketCell& cell) { cell.add(value); });
    return bucket;
  }
  std::uint32_t add_to_many(double value) noexcept;
  void keep_provided(std::uint32_t bucket, double value) noexcept;
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(search_.bounds().size() + 1); }

  const internal::BucketSearch search_;  // into bounds_
  const std::shared_ptr<const internal::BucketBounds> bounds_;
  const internal::CellId first_;  // of the cells of the buckets, one after the other
  const double created_;
  internal::ExemplarSlots exemplars_;  // by bucket
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_HISTOGRAM_H_
