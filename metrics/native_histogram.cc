// SPDX-License-Identifier: Apache-2.0
#include "metrics/native_histogram.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace prometheus_async::metrics {
namespace {

using internal::NativeKey;
using Bucket = NativeBuckets::Bucket;

constexpr std::int32_t kExemplars = 10;  // of a histogram with native buckets only; client_golang's default

std::shared_ptr<const internal::BucketBounds> checked_bounds(const NativeOptions& options, Buckets classic) {
  check_native_options("histogram", options);
  if (!classic.empty()) classic = checked_buckets("histogram", std::move(classic));
  return std::make_shared<const internal::BucketBounds>(std::move(classic));
}

void list(const std::vector<std::int32_t>& indexes, std::vector<Bucket>& buckets) {
  buckets.clear();
  for (const std::int32_t index : indexes) buckets.push_back({index, 0});
}

void count(NativeKey key, std::uint64_t more, NativeBuckets& native) {
  if (key.is_zero()) {
    native.zero_count += more;
    return;
  }
  auto& buckets = key.is_negative() ? native.negative : native.positive;
  std::ranges::lower_bound(buckets, key.index(), {}, &Bucket::index)->count += more;
}

}  // namespace

NativeHistogram::NativeHistogram(NativeOptions options, Buckets classic, internal::NativeClock clock)
    : NativeHistogram(clock, options, checked_bounds(options, std::move(classic))) {}

NativeHistogram::NativeHistogram(internal::NativeClock clock, const NativeOptions& options,
                                 std::shared_ptr<const internal::BucketBounds> classic)
    : search_(classic->search()),
      has_classic_(!search_.bounds().empty()),
      id_(Cells::allocate(1)),
      classic_(std::move(classic)),
      clock_(clock),
      limit_(options, clock_.now()),
      created_(clock_.unix_time()) {}

NativeHistogram::~NativeHistogram() { Cells::release(id_, 1); }

void NativeHistogram::Observe(double value, const Exemplar& exemplar) noexcept { keep(add(value), value, exemplar); }

NativeKey NativeHistogram::add_to_new_bucket(double value, std::uint32_t classic) noexcept {
  if (std::isnan(value)) {
    internal::refuse_value();
    return NativeKey();
  }
  internal::NativeCell* const cell = Cells::local(id_);
  const std::lock_guard lock(mutex_);
  if (cell != nullptr) return add_locked(*cell, value, classic);
  NativeKey key;
  Cells::update_shared(id_, [&](internal::NativeCell& shared) { key = add_locked(shared, value, classic); });
  return key;
}

NativeKey NativeHistogram::add_locked(internal::NativeCell& cell, double value, std::uint32_t classic) noexcept {
  try {
    const std::uint64_t epoch = limit_.resolution().epoch;
    limit_.admit(value, clock_.now());
    generation_.store(limit_.resolution().generation, std::memory_order_relaxed);
    if (limit_.resolution().epoch != epoch) created_ = clock_.unix_time();
    return cell.add(limit_.resolution(), value, classic);
  } catch (const std::bad_alloc&) {
    internal::refuse_value();
    return NativeKey();
  }
}

void NativeHistogram::keep_provided(NativeKey key, double value) noexcept {
  if (const auto exemplar = internal::provided_exemplar()) keep(key, value, *exemplar);
}

void NativeHistogram::keep(NativeKey key, double value, const Exemplar& exemplar) noexcept {
  if (key.is_none()) return;
  if (has_classic_) {
    exemplars_.keep(key.classic(), search_.bounds().size() + 1, exemplar, value);
  } else {
    const std::int32_t slot = key.index() % kExemplars;
    exemplars_.keep(static_cast<std::size_t>(slot < 0 ? slot + kExemplars : slot), kExemplars, exemplar, value);
  }
}

HistogramSnapshot NativeHistogram::snapshot() const {
  HistogramSnapshot snapshot;
  read(snapshot);
  return snapshot;
}

void NativeHistogram::read(HistogramSnapshot& snapshot) const {
  const std::lock_guard lock(mutex_);
  const internal::NativeResolution& now = limit_.resolution();
  if (!snapshot.native) snapshot.native.emplace();
  NativeBuckets& native = *snapshot.native;
  native.schema = now.schema.schema();
  native.zero_threshold = now.zero_threshold;
  native.zero_count = 0;
  list(limit_.positive(), native.positive);
  list(limit_.negative(), native.negative);
  snapshot.bounds = search_.bounds();
  snapshot.counts.assign(snapshot.bounds.size() + 1, 0);
  snapshot.sum = 0;
  snapshot.created = created_;
  Cells::visit(id_, [&](const internal::NativeCell& cell) {
    cell.for_each([&](const internal::NativeTable& table) {
      if (table.resolution().epoch != now.epoch) return;  // from before a new start
      table.for_each([&](NativeKey key, const internal::BucketCell::Pair& pair) {
        count(table.key_at(now, key), pair.count, native);
        snapshot.counts[key.classic()] += pair.count;
        snapshot.sum += pair.sum;
      });
    });
  });
  for (auto* buckets : {&native.positive, &native.negative}) {
    std::erase_if(*buckets, [](const Bucket& bucket) { return bucket.count == 0; });
  }
  snapshot.exemplars.clear();
  exemplars_.read(snapshot.exemplars);
  if (now.epoch > 0) {
    std::erase_if(snapshot.exemplars, [&](const auto& kept) { return kept.second->timestamp < created_; });
  }
  if (!has_classic_) {
    for (auto& exemplar : snapshot.exemplars) exemplar.first = 0;
  }
  // Of the time to come: what this snapshot has is not lost by it.
  if (limit_.is_restart_due(clock_.now())) {
    limit_.restart(clock_.now());
    generation_.store(limit_.resolution().generation, std::memory_order_relaxed);
    created_ = clock_.unix_time();
  }
}

}  // namespace prometheus_async::metrics
