// SPDX-License-Identifier: Apache-2.0
//
// How metrics are read: a collector walks its samples, a sink takes them. Instruments know no format, formats know no
// instrument; both know this page.
//
//   class CountSeries final : public metrics::Sink { ... };      // an encoder, or a search, is a sink
//   registry.collect(sink);
//
//   class Disks final : public metrics::Collector {              // what you read elsewhere, at each scrape
//     std::vector<metrics::FamilyInfo> describe() const override { return {free_}; }
//     void collect(metrics::Sink& sink) const override {
//       sink.family(free_);
//       for (const Disk& disk : disks()) sink.value(metrics::Labels({{"device", disk.name}}), disk.free_bytes);
//     }
//     const metrics::FamilyInfo free_{"disk_free_bytes", "Free space.", metrics::MetricType::kGauge};
//   };
//   registry.add(std::make_shared<Disks>());
#ifndef PROMETHEUS_ASYNC_METRICS_COLLECTOR_H_
#define PROMETHEUS_ASYNC_METRICS_COLLECTOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/exemplar.h"
#include "metrics/labels.h"

namespace prometheus_async::metrics {

enum class MetricType : std::uint8_t {
  kCounter,
  kGauge,
  kHistogram,
  kGaugeHistogram,
  kSummary,
  kInfo,
  kStateSet,
  kUnknown,
};

// OpenMetrics' words: "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown".
std::string_view to_string(MetricType type) noexcept;

struct FamilyInfo {
  std::string name;  // as text 0.0.4 has it: a counter's ends in _total, an info's in _info
  std::string help;
  MetricType type = MetricType::kUnknown;
  std::string unit = {};  // a base unit, which the name then ends in (before _total); or empty
};

// What a counter held.
struct CounterSnapshot {
  // The value is the sum of both; `whole` is what was counted in whole steps, exactly.
  std::uint64_t whole = 0;
  double part = 0;
  double created = 0;  // Unix time in seconds of the zero; 0 if not known
  std::shared_ptr<const ExemplarSample> exemplar = nullptr;

  double value() const noexcept { return static_cast<double>(whole) + part; }
};

// The buckets of a native histogram (https://prometheus.io/docs/specs/native_histograms/). A bucket with index i holds
// values in (b^(i-1), b^i], b = 2^(2^-schema); in `negative`, values in [-b^i, -b^(i-1)).
struct NativeBuckets {
  struct Bucket {
    std::int32_t index = 0;
    std::uint64_t count = 0;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  int schema = 0;             // -4 to 8
  double zero_threshold = 0;  // what is not further from zero than this is in zero_count; never 0
  std::uint64_t zero_count = 0;
  std::vector<Bucket> positive;  // ascending by index, none with count 0
  std::vector<Bucket> negative;
};

// What a histogram held at one moment: sum, counts and native buckets belong to the same observations.
struct HistogramSnapshot {
  std::span<const double> bounds;  // ascending, without +Inf; the histogram's own; empty if there are but native ones
  std::vector<std::uint64_t> counts;  // of each bucket alone; one more than bounds, the last for +Inf
  double sum = 0;
  double created = 0;                   // as in CounterSnapshot
  std::optional<NativeBuckets> native;  // their counts add up to the same count
  // Of classic buckets, ascending: index into counts. A histogram with native buckets alone has them all at index 0.
  std::vector<std::pair<std::size_t, std::shared_ptr<const ExemplarSample>>> exemplars;

  std::uint64_t count() const noexcept;
};

// What a summary held. Ours has no quantiles; prometheus-cpp's has.
struct SummarySnapshot {
  std::vector<std::pair<double, double>> quantiles;  // quantile in [0, 1], value
  std::uint64_t count = 0;
  double sum = 0;
  double created = 0;  // as in CounterSnapshot
};

// One state of a state set.
struct State {
  std::string_view name;
  bool is_on = false;
};

// Takes samples in order: a family, then the series of that family. References are valid during the call.
class Sink {
 public:
  virtual ~Sink() = default;

  // Each name at most once in a scrape.
  virtual void family(const FamilyInfo& info) = 0;

  virtual void counter(const Labels& labels, const CounterSnapshot& snapshot) = 0;
  virtual void value(const Labels& labels, double value) = 0;                           // gauge, info (1), unknown
  virtual void histogram(const Labels& labels, const HistogramSnapshot& snapshot) = 0;  // and gauge histogram
  virtual void summary(const Labels& labels, const SummarySnapshot& snapshot) = 0;
  virtual void state_set(const Labels& labels, std::span<const State> states) = 0;

  // So that a collector that fails half-way leaves nothing behind: rollback() forgets all that came since the last
  // checkpoint(), which is called between collectors. A sink that has neither is only for scrapes that fail as a whole.
  virtual void checkpoint() {}
  virtual void rollback() {}
};

// Writes families to a sink. Called from any thread, by several at a time.
class Collector {
 public:
  virtual ~Collector() = default;

  // Every family that collect() may write, so that a registry can keep names apart. Constant.
  virtual std::vector<FamilyInfo> describe() const = 0;

  // Writes families, each with its series; may leave families out. What it throws fails the scrape, or loses the
  // families of this collector: CollectOptions::on_error (metrics/registry.h).
  virtual void collect(Sink& sink) const = 0;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_COLLECTOR_H_
