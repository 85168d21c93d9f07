// SPDX-License-Identifier: Apache-2.0
//
// A distribution as it is now, of the ages of waiting jobs for instance: counts go down as well as up, so its owner
// sets them all at once.
//
//   const auto sizes = std::make_shared<metrics::GaugeHistogram>("queued_bytes", "sizes of queued jobs",
//                                                                metrics::Buckets{1024, 65536});
//   registry.add(sizes);
//   sizes->Set(std::vector<std::uint64_t>{3, 1, 0}, 12'345);      // up to 1024, up to 65536, above; their sum
#ifndef PROMETHEUS_ASYNC_METRICS_GAUGE_HISTOGRAM_H_
#define PROMETHEUS_ASYNC_METRICS_GAUGE_HISTOGRAM_H_

#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/buckets.h"
#include "metrics/collector.h"
#include "metrics/labels.h"

namespace prometheus_async::metrics {

// Empty until it is set. Threads: every member is safe from any thread; a scrape sees what one Set gave.
class GaugeHistogram final : public Collector {
 public:
  // `unit`: as of FamilyOptions, or empty.
  //
  // Throws std::invalid_argument, naming the metric and the rule, for bounds that checked_buckets() refuses, a name or
  // a label that is no name, a label given twice, a label "le", and a unit that the name does not end in.
  GaugeHistogram(std::string_view name, std::string_view help, Buckets buckets, std::vector<Labels::Pair> labels = {},
                 std::string_view unit = {});

  // `counts`: of each bucket alone, one more than bounds, the last for what is above all. Another number of counts, or
  // a sum that is NaN, is refused and counted (metrics/refused.h), and nothing changes.
  void Set(std::span<const std::uint64_t> counts, double sum) noexcept;

  std::vector<FamilyInfo> describe() const override { return {info_}; }
  void collect(Sink& sink) const override;

 private:
  const FamilyInfo info_;
  const Labels labels_;
  const Buckets bounds_;
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> counts_;  // guarded by mutex_
  double sum_ = 0;                     // guarded by mutex_
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_GAUGE_HISTOGRAM_H_
