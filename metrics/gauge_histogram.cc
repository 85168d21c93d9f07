// SPDX-License-Identifier: Apache-2.0
#include "metrics/gauge_histogram.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "metrics/internal/fixed_labels.h"
#include "metrics/internal/sample_names.h"
#include "metrics/refused.h"

namespace prometheus_async::metrics {

GaugeHistogram::GaugeHistogram(std::string_view name, std::string_view help, Buckets buckets,
                               std::vector<Labels::Pair> labels, std::string_view unit)
    : info_(internal::make_info(name, help, MetricType::kGaugeHistogram, unit)),
      labels_(internal::fixed_labels(info_, std::move(labels))),
      bounds_(checked_buckets(info_.name, std::move(buckets))),
      counts_(bounds_.size() + 1) {}

void GaugeHistogram::Set(std::span<const std::uint64_t> counts, double sum) noexcept {
  if (counts.size() != bounds_.size() + 1 || std::isnan(sum)) return internal::refuse_value();
  const std::lock_guard lock(mutex_);
  std::copy(counts.begin(), counts.end(), counts_.begin());
  sum_ = sum;
}

void GaugeHistogram::collect(Sink& sink) const {
  HistogramSnapshot snapshot;
  snapshot.bounds = bounds_;
  {
    const std::lock_guard lock(mutex_);
    snapshot.counts = counts_;
    snapshot.sum = sum_;
  }
  sink.family(info_);
  sink.histogram(labels_, snapshot);
}

}  // namespace prometheus_async::metrics
