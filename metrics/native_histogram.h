// SPDX-License-Identifier: Apache-2.0
//
// A distribution of values in buckets that need not be chosen: they grow by a constant factor, everywhere, and only
// those exist that values fell into. Prometheus takes it as one native histogram, over protobuf.
//
//   metrics::NativeHistogram seconds;                                               // within 10 %, anywhere
//   metrics::NativeHistogram both({.bucket_factor = 1.05}, {0.1, 1, 10});           // and with classic buckets
//   seconds.Observe(0.25);
#ifndef PROMETHEUS_ASYNC_METRICS_NATIVE_HISTOGRAM_H_
#define PROMETHEUS_ASYNC_METRICS_NATIVE_HISTOGRAM_H_

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "metrics/buckets.h"
#include "metrics/collector.h"
#include "metrics/exemplar.h"
#include "metrics/internal/bucket_search.h"
#include "metrics/internal/cells.h"
#include "metrics/internal/exemplar_slots.h"
#include "metrics/internal/native_limit.h"
#include "metrics/internal/native_table.h"
#include "metrics/internal/thread_cells.h"
#include "metrics/internal/unix_time.h"
#include "metrics/native_options.h"
#include "metrics/refused.h"

namespace prometheus_async::metrics {

namespace internal {
// What new starts of a native histogram go by. A test brings one that it steps by hand.
struct NativeClock {
  std::chrono::steady_clock::time_point (*now)() noexcept = std::chrono::steady_clock::now;
  double (*unix_time)() noexcept = internal::unix_time;
};
}  // namespace internal

// Threads: every member is safe from any thread. Recording waits for nobody, and threads do not slow each other down:
// each counts in a table of its own. Only a thread's first value in a bucket takes a lock, and may allocate; where
// memory is short it is refused and counted (metrics/refused.h).
//
// Cost: some 1.2 to 1.5 times that of a Histogram of eleven bounds, 1.7 with those as well; for zero and negative
// values a little more. A thread's table has 40 bytes a bucket and room to grow, 320 at least; its first value in a
// group of 256 such histograms allocates 2 KiB. A thread that ends leaves its values behind and no memory.
//
// A snapshot is consistent while others record: the native buckets and the classic ones are of the same values, the
// count is their sum, and the sum is of these values. A new start (NativeOptions) loses what came before it, and what
// other threads record in the moment of it. Names of members are prometheus-cpp's.
class NativeHistogram {
 public:
  // Without `classic` it has native buckets only. Throws std::invalid_argument for options that
  // check_native_options() refuses, and for bounds that checked_buckets() does.
  explicit NativeHistogram(NativeOptions options = {}, Buckets classic = {}, internal::NativeClock clock = {});
  // With bounds that histograms share. REQUIRES: both checked; the bounds may be none. (A template, so that {} for
  // bounds is none of these.)
  template <std::same_as<std::shared_ptr<const internal::BucketBounds>> Bounds>
  NativeHistogram(const NativeOptions& options, Bounds classic, internal::NativeClock clock = {})
      : NativeHistogram(clock, options, std::move(classic)) {}
  ~NativeHistogram();
  NativeHistogram(const NativeHistogram&) = delete;
  NativeHistogram& operator=(const NativeHistogram&) = delete;

  // As Histogram's. +Inf and -Inf are counted, in the native bucket past that of the greatest double.
  void Observe(double value) noexcept {
    if (value != value) [[unlikely]]
      return internal::refuse_value();
    const internal::NativeKey key = add(value);
    if (internal::exemplar_provider.load(std::memory_order_relaxed) != nullptr) [[unlikely]]
      keep_provided(key, value);
  }
  // The same, and keeps the exemplar: as the latest of the value's classic bucket; with native buckets only, as the
  // latest of those whose native index is the same modulo 10, so that ten are kept, of different sizes.
  void Observe(double value, const Exemplar& exemplar) noexcept;

  HistogramSnapshot snapshot() const;
  // The same into a snapshot that is used again and again, so that a scrape does not allocate. Its bounds are this
  // histogram's, valid while it lives. Cost: all slots of all threads' tables.
  void read(HistogramSnapshot& snapshot) const;

 private:
  NativeHistogram(internal::NativeClock clock, const NativeOptions& options,
                  std::shared_ptr<const internal::BucketBounds> classic);

  using Cells = internal::ThreadCells<internal::NativeCell>;

  // No key for what was refused.
  internal::NativeKey add(double value) noexcept {
    const std::uint32_t classic = has_classic_ ? search_.find(value) : 0;
    // A stale generation is as good: readers convert what is of an earlier one.
    const std::uint64_t generation = generation_.load(std::memory_order_relaxed);
    if (internal::NativeCell* const cell = Cells::local(id_)) [[likely]] {
      internal::NativeKey key;
      if (internal::BucketCell* const bucket = cell->find(generation, value, classic, key)) [[likely]] {
        bucket->add(value);
        return key;
      }
    }
    return add_to_new_bucket(value, classic);
  }
  internal::NativeKey add_to_new_bucket(double value, std::uint32_t classic) noexcept;
  internal::NativeKey add_locked(internal::NativeCell& cell, double value, std::uint32_t classic) noexcept;
  void keep_provided(internal::NativeKey key, double value) noexcept;
  void keep(internal::NativeKey key, double value, const Exemplar& exemplar) noexcept;

  const internal::BucketSearch search_;  // into classic_
  const bool has_classic_;
  const internal::CellId id_;
  mutable std::atomic<std::uint64_t> generation_{0};  // limit_'s
  internal::ExemplarSlots exemplars_;

  const std::shared_ptr<const internal::BucketBounds> classic_;
  const internal::NativeClock clock_;
  mutable std::mutex mutex_;             // taken before a slab's
  mutable internal::NativeLimit limit_;  // guarded by mutex_
  mutable double created_;               // guarded by mutex_
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_NATIVE_HISTOGRAM_H_
