// SPDX-License-Identifier: Apache-2.0
//
// How metrics are read: a collector walks its samples, a sink takes them. Instruments know no format, formats know no
// instrument; both know this page.
//
//   class CountSeries final : public metrics::Sink { ... };      // an encoder, or a search, is a sink
//   registry.collect(sink);
#ifndef PROMETHEUS_ASYNC_METRICS_COLLECTOR_H_
#define PROMETHEUS_ASYNC_METRICS_COLLECTOR_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/histogram.h"
#include "metrics/labels.h"

namespace prometheus_async::metrics {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram, kSummary, kUntyped };

// "counter", "gauge", "histogram", "summary", "untyped".
std::string_view to_string(MetricType type) noexcept;

struct FamilyInfo {
  std::string name;  // as text 0.0.4 has it: a counter's ends in _total
  std::string help;
  MetricType type = MetricType::kUntyped;
};

// What a summary held. Ours has no quantiles; prometheus-cpp's has.
struct SummarySnapshot {
  std::vector<std::pair<double, double>> quantiles;  // quantile in [0, 1], value
  std::uint64_t count = 0;
  double sum = 0;
};

// Takes samples in order: a family, then the series of that family. References are valid during the call.
class Sink {
 public:
  virtual ~Sink() = default;

  // Each name at most once in a scrape.
  virtual void family(const FamilyInfo& info) = 0;

  virtual void value(const Labels& labels, double value) = 0;  // counter, gauge, untyped
  virtual void histogram(const Labels& labels, const HistogramSnapshot& snapshot) = 0;
  virtual void summary(const Labels& labels, const SummarySnapshot& snapshot) = 0;
};

// One family, whose series it writes to a sink. Safe from any thread.
class Collector {
 public:
  virtual ~Collector() = default;
  virtual const FamilyInfo& info() const noexcept = 0;
  // Writes the series alone; who calls has opened the family.
  virtual void collect(Sink& sink) const = 0;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_COLLECTOR_H_
