// SPDX-License-Identifier: Apache-2.0
//
// A sink that looks for one sample by its name and labels.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_SAMPLE_FINDER_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_SAMPLE_FINDER_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/collector.h"

namespace prometheus_async::metrics::internal {

class SampleFinder final : public Sink {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  SampleFinder(std::string_view name, Labels labels);

  void family(const FamilyInfo& info) override { family_ = info.name; }
  void counter(const metrics::Labels& labels, const CounterSnapshot& snapshot) override {
    value(labels, snapshot.value());
  }
  void value(const metrics::Labels& labels, double value) override;
  void histogram(const metrics::Labels& labels, const HistogramSnapshot& snapshot) override;
  void summary(const metrics::Labels& labels, const SummarySnapshot& snapshot) override;
  void state_set(const metrics::Labels& labels, std::span<const State> states) override;

  std::optional<double> found() const { return found_; }

 private:
  bool is_named(std::string_view suffix) const;
  // Whether the series has the wanted labels; the wanted `numeric`, if it is not empty, is to equal `number`.
  bool has_labels(const metrics::Labels& labels, std::string_view numeric = {}, double number = 0) const;

  const std::string_view name_;
  const Labels wanted_;
  std::string family_;
  std::optional<double> found_;
};

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_SAMPLE_FINDER_H_
