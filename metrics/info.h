// SPDX-License-Identifier: Apache-2.0
//
// Facts about a program or a part of it that do not change while it runs, as labels of a series that is always 1.
//
//   registry.add(std::make_shared<metrics::Info>(
//       "storage_info", "the storage engine", std::vector<metrics::Labels::Pair>{{"engine", "lsm"}, {"format", "7"}}));
//
// metrics/build_info.h has the one that every program should have.
#ifndef PROMETHEUS_ASYNC_METRICS_INFO_H_
#define PROMETHEUS_ASYNC_METRICS_INFO_H_

#include <string_view>
#include <vector>

#include "metrics/collector.h"
#include "metrics/labels.h"

namespace prometheus_async::metrics {

// Immutable. OpenMetrics knows the type; in other formats it is a gauge.
class Info final : public Collector {
 public:
  // The name gets the ending _info if it lacks it. A label with an empty value is left out.
  //
  // Throws std::invalid_argument, naming the metric and the rule, for a name or a label that is no name, and for a
  // label given twice.
  Info(std::string_view name, std::string_view help, std::vector<Labels::Pair> labels);

  const Labels& labels() const noexcept { return labels_; }

  std::vector<FamilyInfo> describe() const override { return {info_}; }
  void collect(Sink& sink) const override;

 private:
  const FamilyInfo info_;
  const Labels labels_;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_INFO_H_
