// SPDX-License-Identifier: Apache-2.0
//
// The metrics of a program, by name.
//
//   auto& requests = metrics::counter("requests_total", "requests served");              // in default_registry()
//   auto& seconds = metrics::histogram("request_seconds", "time of a request", {"path"});
//   seconds.labels("/").Observe(0.25);
//
//   metrics::Registry registry;                                                          // one of your own, in tests
//   auto& declined = registry.counter("declined_total", "declined cards");
//   declined.Increment();
//   EXPECT_EQ(registry.get_sample_value("declined_total"), 1);
#ifndef PROMETHEUS_ASYNC_METRICS_REGISTRY_H_
#define PROMETHEUS_ASYNC_METRICS_REGISTRY_H_

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <stdexcept>
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
#include "metrics/family_options.h"
#include "metrics/function.h"
#include "metrics/gauge.h"
#include "metrics/histogram.h"
#include "metrics/native_histogram.h"
#include "metrics/native_options.h"
#include "metrics/summary.h"

namespace prometheus_async::metrics {

struct HistogramOptions {
  // Upper bounds, ascending, in the unit of the metric.
  Buckets buckets = default_buckets();
  FamilyOptions family = {};
};

struct NativeHistogramOptions {
  NativeOptions native = {};
  // Classic buckets as well, for readers of the text formats; none are given by default.
  Buckets classic = {};
  FamilyOptions family = {};
};

// Label names that only the running program knows. No braces are taken for them.
template <class Names>
concept DynamicNames = std::same_as<Names, std::vector<std::string>>;

// A scrape took longer than CollectOptions::deadline allows.
class CollectTimeout : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct CollectOptions {
  // Only these families: by the name of the family, with or without _total or _info, or of one of its samples. Empty is
  // all of them. A name that nobody has is no error.
  std::vector<std::string> names = {};

  // What an exception of a collector does: fail the whole, as client_golang does by default, or lose the families of
  // that collector alone, and count in prometheus_async_collector_errors_total{collector="..."}.
  enum class OnError { kThrow, kSkip } on_error = OnError::kThrow;

  // Looked at between collectors; CollectTimeout once it has passed, whatever on_error says.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
};

// A collector that was left out.
struct CollectError {
  std::string collector;  // the first of its families; "adopted" for a Collectable
  std::string message;
};

// Owns metrics and hands out references to them, which stay valid as long as it lives.
//
// Registering throws std::invalid_argument, naming the metric and the rule, for names and labels that Prometheus does
// not take, for labels `le` on a histogram and `quantile` on a summary, for bounds that do not ascend, for a unit that
// the name does not end in, and for a name that is taken already. A metric takes every name that its samples have in
// any format: a histogram x also x_bucket, x_sum, x_count and x_created; a counter x_total also x. Names that differ in
// what older Prometheus reads as _ are the same. Nothing is registered then.
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

  // Options of a metric without labels are written with their type: FamilyOptions{.unit = "bytes"}.
  Counter& counter(std::string_view name, std::string_view help, FamilyOptions options = {});
  Gauge& gauge(std::string_view name, std::string_view help, FamilyOptions options = {});
  Histogram& histogram(std::string_view name, std::string_view help, HistogramOptions options = {});
  NativeHistogram& native_histogram(std::string_view name, std::string_view help, NativeHistogramOptions options = {});
  Summary& summary(std::string_view name, std::string_view help, FamilyOptions options = {});

  template <std::size_t N>
  CounterFamily<N>& counter(std::string_view name, std::string_view help, LabelNames<N> labels,
                            FamilyOptions options = {}) {
    return own<CounterFamily<N>>(add_plain<Counter>(name, help, {labels, labels + N}, std::move(options)));
  }
  template <std::size_t N>
  GaugeFamily<N>& gauge(std::string_view name, std::string_view help, LabelNames<N> labels,
                        FamilyOptions options = {}) {
    return own<GaugeFamily<N>>(add_plain<Gauge>(name, help, {labels, labels + N}, std::move(options)));
  }
  template <std::size_t N>
  HistogramFamily<N>& histogram(std::string_view name, std::string_view help, LabelNames<N> labels,
                                HistogramOptions options = {}) {
    return own<HistogramFamily<N>>(add_histogram(name, help, {labels, labels + N}, std::move(options)));
  }
  template <std::size_t N>
  NativeHistogramFamily<N>& native_histogram(std::string_view name, std::string_view help, LabelNames<N> labels,
                                             NativeHistogramOptions options = {}) {
    return own<NativeHistogramFamily<N>>(add_native_histogram(name, help, {labels, labels + N}, std::move(options)));
  }
  template <std::size_t N>
  SummaryFamily<N>& summary(std::string_view name, std::string_view help, LabelNames<N> labels,
                            FamilyOptions options = {}) {
    return own<SummaryFamily<N>>(add_plain<Summary>(name, help, {labels, labels + N}, std::move(options)));
  }

  template <DynamicNames Names>
  CounterFamily<kDynamic>& counter(std::string_view name, std::string_view help, const Names& labels,
                                   FamilyOptions options = {}) {
    return own<CounterFamily<kDynamic>>(add_plain<Counter>(name, help, labels, std::move(options)));
  }
  template <DynamicNames Names>
  GaugeFamily<kDynamic>& gauge(std::string_view name, std::string_view help, const Names& labels,
                               FamilyOptions options = {}) {
    return own<GaugeFamily<kDynamic>>(add_plain<Gauge>(name, help, labels, std::move(options)));
  }
  template <DynamicNames Names>
  HistogramFamily<kDynamic>& histogram(std::string_view name, std::string_view help, const Names& labels,
                                       HistogramOptions options = {}) {
    return own<HistogramFamily<kDynamic>>(add_histogram(name, help, labels, std::move(options)));
  }
  template <DynamicNames Names>
  NativeHistogramFamily<kDynamic>& native_histogram(std::string_view name, std::string_view help, const Names& labels,
                                                    NativeHistogramOptions options = {}) {
    return own<NativeHistogramFamily<kDynamic>>(add_native_histogram(name, help, labels, std::move(options)));
  }
  template <DynamicNames Names>
  SummaryFamily<kDynamic>& summary(std::string_view name, std::string_view help, const Names& labels,
                                   FamilyOptions options = {}) {
    return own<SummaryFamily<kDynamic>>(add_plain<Summary>(name, help, labels, std::move(options)));
  }

  // Values that are asked for at each scrape (metrics/function.h).
  FunctionHandle counter_function(std::string_view name, std::string_view help, std::function<double()> function);
  FunctionHandle gauge_function(std::string_view name, std::string_view help, std::function<double()> function);
  template <std::size_t N>
  FunctionFamily<N>& counter_function(std::string_view name, std::string_view help, LabelNames<N> labels) {
    return own<FunctionFamily<N>>(add_functions(name, help, MetricType::kCounter, {labels, labels + N}));
  }
  template <std::size_t N>
  FunctionFamily<N>& gauge_function(std::string_view name, std::string_view help, LabelNames<N> labels) {
    return own<FunctionFamily<N>>(add_functions(name, help, MetricType::kGauge, {labels, labels + N}));
  }

  // Shows a collector of your own. Throws std::invalid_argument for null, and for a name that is taken or bad.
  void add(std::shared_ptr<const Collector> collector);

  // Takes the metric, or the collector, that has a family of this name off the page; its name is free again. Whether
  // there was one. References to it stay valid, and its memory stays, as long as the registry lives.
  bool unregister(std::string_view name);

  // Shows the metrics of `collectable`, a prometheus::Registry for instance, beside those of this registry, and keeps
  // it alive. Families of the same name and type are merged. Throws std::invalid_argument for null. REQUIRES: it does
  // not show this registry in turn.
  void adopt(std::shared_ptr<prometheus::Collectable> collectable);

  // Writes every family to `sink`, in the order of registration, adopted ones after the own.
  //
  // Throws std::runtime_error, naming the family, where two sources disagree about its type or give the same series
  // twice, and what a collector or an adopted Collectable throws: or returns it, as the options have it.
  std::vector<CollectError> collect(Sink& sink, const CollectOptions& options = {}) const;

  // The same as prometheus-cpp's structures, which hold less: no exemplars, no native buckets, no units.
  std::vector<prometheus::MetricFamily> Collect() const override;

  // The value of one sample, for tests: by the name and labels that it has in the text format, so name_sum, name_count,
  // and name_bucket with a label le, of a histogram. All labels are to be given, in any order. None where there is no
  // such sample.
  std::optional<double> get_sample_value(
      std::string_view name, std::initializer_list<std::pair<std::string_view, std::string_view>> labels = {}) const;

 private:
  using Names = std::vector<std::string>;
  struct Entry {
    std::shared_ptr<const Collector> collector;
    std::vector<FamilyInfo> families;
    std::vector<std::string> claimed;
  };

  // A family of counters, gauges or summaries, whose instruments need nothing to be made.
  template <class M>
  std::shared_ptr<internal::Children<M>> add_plain(std::string_view name, std::string_view help, Names labels,
                                                   FamilyOptions options);
  std::shared_ptr<internal::Children<Histogram>> add_histogram(std::string_view name, std::string_view help,
                                                               Names labels, HistogramOptions options);
  std::shared_ptr<internal::Children<NativeHistogram>> add_native_histogram(std::string_view name,
                                                                            std::string_view help, Names labels,
                                                                            NativeHistogramOptions options);
  std::shared_ptr<internal::Functions> add_functions(std::string_view name, std::string_view help, MetricType type,
                                                     Names labels);
  template <class M>
  M& only_child(std::shared_ptr<internal::Children<M>> children);
  void enter(std::shared_ptr<const Collector> collector);

  // Keeps the face of a family as long as the registry lives, also when it was unregistered.
  template <class F, class Source>
  F& own(std::shared_ptr<Source> source) {
    auto family = std::make_shared<F>(std::move(source));
    F& kept = *family;
    keep(std::move(family));
    return kept;
  }
  void keep(std::shared_ptr<void> family);

  mutable std::shared_mutex mutex_;
  std::vector<std::shared_ptr<const Entry>> entries_;              // guarded by mutex_
  std::vector<std::shared_ptr<void>> families_;                    // guarded by mutex_; only grows
  std::map<std::string, std::string, std::less<>> claimed_;        // guarded by mutex_; sample name -> family
  std::vector<std::shared_ptr<prometheus::Collectable>> adopted_;  // guarded by mutex_
};

// The registry of the process, never destroyed. What the functions below register in, and servers show by default.
// It begins with the standard metrics of the process (metrics/process_collector.h) and metrics/self_metrics.h:
// unregister("process_cpu_seconds_total") and unregister("prometheus_async_refused_values_total") take them off.
Registry& default_registry();

inline Counter& counter(std::string_view name, std::string_view help, FamilyOptions options = {}) {
  return default_registry().counter(name, help, std::move(options));
}
inline Gauge& gauge(std::string_view name, std::string_view help, FamilyOptions options = {}) {
  return default_registry().gauge(name, help, std::move(options));
}
inline Histogram& histogram(std::string_view name, std::string_view help, HistogramOptions options = {}) {
  return default_registry().histogram(name, help, std::move(options));
}
inline NativeHistogram& native_histogram(std::string_view name, std::string_view help,
                                         NativeHistogramOptions options = {}) {
  return default_registry().native_histogram(name, help, std::move(options));
}
inline Summary& summary(std::string_view name, std::string_view help, FamilyOptions options = {}) {
  return default_registry().summary(name, help, std::move(options));
}
template <std::size_t N>
CounterFamily<N>& counter(std::string_view name, std::string_view help, Registry::LabelNames<N> labels,
                          FamilyOptions options = {}) {
  return default_registry().counter(name, help, labels, std::move(options));
}
template <std::size_t N>
GaugeFamily<N>& gauge(std::string_view name, std::string_view help, Registry::LabelNames<N> labels,
                      FamilyOptions options = {}) {
  return default_registry().gauge(name, help, labels, std::move(options));
}
template <std::size_t N>
HistogramFamily<N>& histogram(std::string_view name, std::string_view help, Registry::LabelNames<N> labels,
                              HistogramOptions options = {}) {
  return default_registry().histogram(name, help, labels, std::move(options));
}
template <std::size_t N>
NativeHistogramFamily<N>& native_histogram(std::string_view name, std::string_view help, Registry::LabelNames<N> labels,
                                           NativeHistogramOptions options = {}) {
  return default_registry().native_histogram(name, help, labels, std::move(options));
}
template <std::size_t N>
SummaryFamily<N>& summary(std::string_view name, std::string_view help, Registry::LabelNames<N> labels,
                          FamilyOptions options = {}) {
  return default_registry().summary(name, help, labels, std::move(options));
}
inline FunctionHandle counter_function(std::string_view name, std::string_view help, std::function<double()> function) {
  return default_registry().counter_function(name, help, std::move(function));
}
inline FunctionHandle gauge_function(std::string_view name, std::string_view help, std::function<double()> function) {
  return default_registry().gauge_function(name, help, std::move(function));
}
template <std::size_t N>
FunctionFamily<N>& counter_function(std::string_view name, std::string_view help, Registry::LabelNames<N> labels) {
  return default_registry().counter_function(name, help, labels);
}
template <std::size_t N>
FunctionFamily<N>& gauge_function(std::string_view name, std::string_view help, Registry::LabelNames<N> labels) {
  return default_registry().gauge_function(name, help, labels);
}

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_REGISTRY_H_
