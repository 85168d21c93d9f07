// SPDX-License-Identifier: Apache-2.0
//
// An exemplar: one recorded value with labels, of a trace for instance, that lead from a series to what made it.
//
//   seconds.Observe(0.2, metrics::exemplar({{"trace_id", id}}));
#ifndef PROMETHEUS_ASYNC_METRICS_EXEMPLAR_H_
#define PROMETHEUS_ASYNC_METRICS_EXEMPLAR_H_

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/labels.h"

namespace prometheus_async::metrics {

// The labels of an exemplar, checked: OpenMetrics allows 128 Unicode characters in names and values together.
class Exemplar {
 public:
  // Throws std::invalid_argument, naming the rule, for labels that are too long, for a name that is not
  // [a-zA-Z_][a-zA-Z0-9_]* or comes twice: before anything is recorded.
  explicit Exemplar(const std::vector<Labels::Pair>& labels);

  const Labels& labels() const noexcept { return labels_; }

 private:
  Labels labels_;
};

Exemplar exemplar(std::initializer_list<std::pair<std::string_view, std::string_view>> labels);

// An exemplar as an instrument keeps it: with the value and the time that it was recorded with.
struct ExemplarSample {
  Labels labels;
  double value = 0;
  double timestamp = 0;  // Unix time in seconds
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_EXEMPLAR_H_
