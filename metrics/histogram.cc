// SPDX-License-Identifier: Apache-2.0
#include "metrics/histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "metrics/refused.h"

namespace prometheus_async::metrics {

std::uint64_t HistogramSnapshot::count() const noexcept {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

Histogram::Histogram(Buckets buckets)
    : bounds_(checked_buckets("histogram", std::move(buckets))), counts_(bounds_.size() + 1) {}

void Histogram::Observe(double value) noexcept {
  if (std::isnan(value)) return internal::refuse_value();
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  const std::lock_guard lock(mutex_);
  ++counts_[static_cast<std::size_t>(bucket)];
  sum_ += value;
}

HistogramSnapshot Histogram::snapshot() const {
  HistogramSnapshot snapshot;
  read(snapshot);
  return snapshot;
}

void Histogram::read(HistogramSnapshot& snapshot) const {
  snapshot.bounds = bounds_;
  const std::lock_guard lock(mutex_);
  snapshot.counts = counts_;
  snapshot.sum = sum_;
}

}  // namespace prometheus_async::metrics
