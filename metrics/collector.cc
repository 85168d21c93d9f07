// SPDX-License-Identifier: Apache-2.0
#include "metrics/collector.h"

namespace prometheus_async::metrics {

std::string_view to_string(MetricType type) noexcept {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
    case MetricType::kSummary: return "summary";
    case MetricType::kUntyped: break;
  }
  return "untyped";
}

}  // namespace prometheus_async::metrics
