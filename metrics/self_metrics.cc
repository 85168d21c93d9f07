// SPDX-License-Identifier: Apache-2.0
#include "metrics/self_metrics.h"

#include <string>
#include <vector>

#include "metrics/internal/self_counts.h"
#include "metrics/refused.h"

namespace prometheus_async::metrics {
namespace {

class SelfMetrics final : public Collector {
 public:
  std::vector<FamilyInfo> describe() const override { return {refused_, overflowed_, callbacks_, collectors_}; }

  void collect(Sink& sink) const override {
    sink.family(refused_);
    sink.counter(Labels(), {.whole = refused_values()});
    write(sink, overflowed_, "metric", internal::overflows());
    write(sink, callbacks_, "metric", internal::callback_errors());
    write(sink, collectors_, "collector", internal::collector_errors());
  }

 private:
  static void write(Sink& sink, const FamilyInfo& info, const std::string& label,
                    const internal::CountsByName& counts) {
    if (counts.empty()) return;
    sink.family(info);
    for (const auto& [name, count] : counts) {
      sink.counter(Labels(std::vector<Labels::Pair>{{label, name}}), {.whole = count});
    }
  }

  const FamilyInfo refused_{"prometheus_async_refused_values_total",
                            "Values that an instrument could not record, such as NaN.", MetricType::kCounter};
  const FamilyInfo overflowed_{"prometheus_async_overflowed_lookups_total",
                               "Label values that were recorded as overflow, since their metric had reached its limit.",
                               MetricType::kCounter};
  const FamilyInfo callbacks_{"prometheus_async_callback_errors_total",
                              "Callbacks of a metric that failed, so that a series was missing.", MetricType::kCounter};
  const FamilyInfo collectors_{"prometheus_async_collector_errors_total",
                               "Collectors that failed, so that their metrics were missing.", MetricType::kCounter};
};

}  // namespace

std::shared_ptr<const Collector> self_metrics() { return std::make_shared<const SelfMetrics>(); }

}  // namespace prometheus_async::metrics
