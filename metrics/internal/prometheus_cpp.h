// SPDX-License-Identifier: Apache-2.0
//
// The two directions between our samples and prometheus-cpp's structures.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_PROMETHEUS_CPP_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_PROMETHEUS_CPP_H_

#include <vector>

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include "metrics/collector.h"

namespace prometheus_async::metrics::internal {

// The head of a family of prometheus-cpp. An Info metric becomes the gauge, with the ending _info, that it is in the
// text format.
FamilyInfo info_of(const prometheus::MetricFamily& family);

// Writes one series. A histogram's explicit +Inf bound is the implied one, not a second.
void write_series(const prometheus::ClientMetric& metric, prometheus::MetricType type, const Labels& labels,
                  Sink& sink);

Labels labels_of(const prometheus::ClientMetric& metric);

// Collects into prometheus-cpp's structures.
class MetricFamilySink final : public Sink {
 public:
  void family(const FamilyInfo& info) override;
  void counter(const Labels& labels, const CounterSnapshot& snapshot) override;
  void value(const Labels& labels, double value) override;
  void histogram(const Labels& labels, const HistogramSnapshot& snapshot) override;
  void summary(const Labels& labels, const SummarySnapshot& snapshot) override;
  void state_set(const Labels& labels, std::span<const State> states) override;

  void checkpoint() override { kept_ = families_.size(); }
  void rollback() override { families_.resize(kept_); }

  std::vector<prometheus::MetricFamily> take() { return std::move(families_); }

 private:
  prometheus::ClientMetric& add(const Labels& labels);

  std::vector<prometheus::MetricFamily> families_;
  std::size_t kept_ = 0;  // at the last checkpoint
};

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_PROMETHEUS_CPP_H_
