// SPDX-License-Identifier: Apache-2.0
//
// The metrics of a program, by name.
//
//   auto& requests = metrics::counter("requests_total", "requests served");              // in default_registry()
//   auto& seconds = metrics::histogram("request_seconds", "time of a request", {"path"});
//   seconds.labels("/").Observe(0.25);
//
//   metrics::Registry registry;                                                           // one of your own, as in
//   tests auto& declined = registry.counter("declined_total", "declined cards"); declined.Increment();
//   EXPECT_EQ(registry.get_sample_value("declined_total"), 1);
#ifndef PROMETHEUS_ASYNC_METRICS_REGISTRY_H_
#define PROMETHEUS_ASYNC_METRICS_REGISTRY_H_

#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "metrics/buckets.h"
#include "metrics/collector.h"
#include "metrics/counter.h"
#include "metrics/family.h"
#include "metrics/gauge.h"
#include "metrics/histogram.h"

namespace prometheus_async::metrics {

struct HistogramOptions {
  // Upper bounds, ascending, in the unit of the metric.
  Buckets buckets = default_buckets();
};

// Owns metrics and hands out references to them, which stay valid as long as it lives.
//
// Registering throws std::invalid_argument, naming the metric and the rule, for names and labels that Prometheus does
// not take, for labels `le` on a histogram, for bounds that do not ascend, and for a name that is taken already: a
// histogram x also takes x_bucket, x_sum and x_count. Nothing is registered then.
//
// A counter whose name lacks the ending _total gets it, as with prometheus_client.
//
// It is a prometheus::Collectable, so that prometheus-cpp's Exposer and Gateway can show it, and adopts others.
// Threads: every member is safe from any thread.
class Registry : public prometheus::Collectable {
 public:
  // A label list of the wrong kind would be taken for options: names are given as {"endpoint", "method"}.
  template <std::size_t N>
  using LabelNames = const char* const (&)[N];

  Registry();
  ~Registry() override;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& counter(std::string_view name, std::string_view help);
  Gauge& gauge(std::string_view name, std::string_view help);
  Histogram& histogram(std::string_view name, std::string_view help, HistogramOptions options = {});

  template <std::size_t N>
  CounterFamily<N>& counter(std::string_view name, std::string_view help, LabelNames<N> labels) {
    return own(std::make_unique<CounterFamily<N>>(add_counter(name, help, labels)));
  }
  template <std::size_t N>
  GaugeFamily<N>& gauge(std::string_view name, std::string_view help, LabelNames<N> labels) {
    return own(std::make_unique<GaugeFamily<N>>(add_gauge(name, help, labels)));
  }
  template <std::size_t N>
  HistogramFamily<N>& histogram(std::string_view name, std::string_view help, LabelNames<N> labels,
                                HistogramOptions options = {}) {
    return own(std::make_unique<HistogramFamily<N>>(add_histogram(name, help, labels, std::move(options))));
  }

  // Shows the metrics of `collectable`, a prometheus::Registry for instance, beside those of this registry, and keeps
  // it alive. Families of the same name and type are merged. Throws std::invalid_argument for null. REQUIRES: it does
  // not show this registry in turn.
  void adopt(std::shared_ptr<prometheus::Collectable> collectable);

  // Writes every family to `sink`, in the order of registration, adopted ones after the own.
  //
  // Throws std::runtime_error, naming the family, where two sources disagree about its type or give the same series
  // twice; and what an adopted Collectable throws.
  void collect(Sink& sink) const;

  // The same as prometheus-cpp's structures.
  std::vector<prometheus::MetricFamily> Collect() const override;

  // The value of one sample, for tests: of a counter or gauge by its name, of a histogram by name_sum, name_count or
  // name_bucket with a label le. All labels are to be given, in any order. None where there is no such sample.
  std::optional<double> get_sample_value(
      std::string_view name, std::initializer_list<std::pair<std::string_view, std::string_view>> labels = {}) const;

 private:
  using Names = std::span<const char* const>;
  internal::Children<Counter>& add_counter(std::string_view name, std::string_view help, Names labels);
  internal::Children<Gauge>& add_gauge(std::string_view name, std::string_view help, Names labels);
  internal::Children<Histogram>& add_histogram(std::string_view name, std::string_view help, Names labels,
                                               HistogramOptions options);
  template <class M>
  internal::Children<M>& add(std::unique_ptr<internal::Children<M>> children);

  template <class F>
  F& own(std::unique_ptr<F> family) {
    F& kept = *family;
    keep(std::move(family));
    return kept;
  }
  void keep(std::shared_ptr<void> family);

  mutable std::shared_mutex mutex_;
  std::vector<std::unique_ptr<Collector>> collectors_;             // guarded by mutex_; only grows
  std::vector<std::shared_ptr<void>> families_;                    // guarded by mutex_; the faces of collectors_
  std::map<std::string, std::string, std::less<>> claimed_;        // guarded by mutex_; sample name -> family
  std::vector<std::shared_ptr<prometheus::Collectable>> adopted_;  // guarded by mutex_
};

// The registry of the process, never destroyed. What the functions below register in, and servers show by default.
Registry& default_registry();

inline Counter& counter(std::string_view name, std::string_view help) { return default_registry().counter(name, help); }
inline Gauge& gauge(std::string_view name, std::string_view help) { return default_registry().gauge(name, help); }
inline Histogram& histogram(std::string_view name, std::string_view help, HistogramOptions options = {}) {
  return default_registry().histogram(name, help, std::move(options));
}
template <std::size_t N>
CounterFamily<N>& counter(std::string_view name, std::string_view help, Registry::LabelNames<N> labels) {
  return default_registry().counter(name, help, labels);
}
template <std::size_t N>
GaugeFamily<N>& gauge(std::string_view name, std::string_view help, Registry::LabelNames<N> labels) {
  return default_registry().gauge(name, help, labels);
}
template <std::size_t N>
HistogramFamily<N>& histogram(std::string_view name, std::string_view help, Registry::LabelNames<N> labels,
                              HistogramOptions options = {}) {
  return default_registry().histogram(name, help, labels, std::move(options));
}

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_REGISTRY_H_
