// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/native_limit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace prometheus_async::metrics::internal {

NativeLimit::NativeLimit(const NativeOptions& options, Time now)
    : schema_(NativeSchema::for_factor(options.bucket_factor)),
      options_(options),
      resolution_{schema_, options.zero_threshold},
      started_(now) {}

void NativeLimit::admit(double value, Time now) {
  insert(value);
  if (is_exceeded() && may_restart(now)) {
    restart(now);
    insert(value);
  }
  while (is_exceeded() && (widen_zero_bucket() || halve())) {
  }
}

bool NativeLimit::is_restart_due(Time now) const noexcept {
  const bool is_reduced =
      resolution_.schema.schema() != schema_.schema() || resolution_.zero_threshold != options_.zero_threshold;
  return is_reduced && may_restart(now);
}

void NativeLimit::restart(Time now) noexcept {
  resolution_ = {schema_, options_.zero_threshold, resolution_.generation + 1, resolution_.epoch + 1};
  positive_.clear();
  negative_.clear();
  started_ = now;
}

bool NativeLimit::is_exceeded() const noexcept {
  return options_.max_buckets != 0 && positive_.size() + negative_.size() > options_.max_buckets;
}

bool NativeLimit::may_restart(Time now) const noexcept {
  return options_.min_reset_interval.count() != 0 && now - started_ >= options_.min_reset_interval;
}

bool NativeLimit::widen_zero_bucket() noexcept {
  std::int32_t nearest = std::numeric_limits<std::int32_t>::max();
  for (const auto* side : {&positive_, &negative_}) {
    if (!side->empty()) nearest = std::min(nearest, side->front());
  }
  const double threshold = resolution_.schema.upper_bound(nearest);
  if (threshold > options_.max_zero_threshold) return false;
  for (auto* side : {&positive_, &negative_}) std::erase(*side, nearest);
  resolution_.zero_threshold = threshold;
  ++resolution_.generation;
  return true;
}

bool NativeLimit::halve() noexcept {
  if (resolution_.schema.schema() == NativeSchema::kCoarsest) return false;
  for (auto* side : {&positive_, &negative_}) {
    for (std::int32_t& index : *side) index = NativeSchema::coarser(index, 1);
    side->erase(std::unique(side->begin(), side->end()), side->end());
  }
  resolution_.schema = NativeSchema(resolution_.schema.schema() - 1);
  ++resolution_.generation;
  return true;
}

void NativeLimit::insert(double value) {
  const double magnitude = std::abs(value);
  if (magnitude <= resolution_.zero_threshold) return;
  auto& side = value < 0 ? negative_ : positive_;
  const std::int32_t index = resolution_.schema.index(magnitude);
  const auto at = std::lower_bound(side.begin(), side.end(), index);
  if (at == side.end() || *at != index) side.insert(at, index);
}

}  // namespace prometheus_async::metrics::internal
