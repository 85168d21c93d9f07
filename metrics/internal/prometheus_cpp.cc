// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/prometheus_cpp.h"

#include <cmath>
#include <limits>
#include <utility>

#include "metrics/utf8.h"

#if __has_include(<prometheus/info.h>)
#define PROMETHEUS_ASYNC_PROMETHEUS_CPP_HAS_INFO 1
#else
#define PROMETHEUS_ASYNC_PROMETHEUS_CPP_HAS_INFO 0
#endif

namespace prometheus_async::metrics::internal {
namespace {

MetricType type_of(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter: return MetricType::kCounter;
    case prometheus::MetricType::Gauge: return MetricType::kGauge;
    case prometheus::MetricType::Histogram: return MetricType::kHistogram;
    case prometheus::MetricType::Summary: return MetricType::kSummary;
#if PROMETHEUS_ASYNC_PROMETHEUS_CPP_HAS_INFO
    case prometheus::MetricType::Info: return MetricType::kInfo;
#endif
    case prometheus::MetricType::Untyped: break;
  }
  return MetricType::kUnknown;
}

prometheus::MetricType type_of(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return prometheus::MetricType::Counter;
    case MetricType::kGauge: return prometheus::MetricType::Gauge;
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram: return prometheus::MetricType::Histogram;
    case MetricType::kSummary: return prometheus::MetricType::Summary;
    case MetricType::kInfo:
    case MetricType::kStateSet: return prometheus::MetricType::Gauge;
    case MetricType::kUnknown: break;
  }
  return prometheus::MetricType::Untyped;
}

HistogramSnapshot snapshot_of(const prometheus::ClientMetric::Histogram& histogram, std::vector<double>& bounds) {
  HistogramSnapshot snapshot;
  std::uint64_t below = 0;
  for (const auto& bucket : histogram.bucket) {
    if (!std::isfinite(bucket.upper_bound)) continue;
    bounds.push_back(bucket.upper_bound);
    snapshot.counts.push_back(bucket.cumulative_count - below);
    below = bucket.cumulative_count;
  }
  snapshot.counts.push_back(histogram.sample_count - below);
  snapshot.bounds = bounds;
  snapshot.sum = histogram.sample_sum;
  return snapshot;
}

}  // namespace

FamilyInfo info_of(const prometheus::MetricFamily& family) {
  FamilyInfo info{family.name, family.help, type_of(family.type)};
#if PROMETHEUS_ASYNC_PROMETHEUS_CPP_HAS_INFO
  if (family.type == prometheus::MetricType::Info) info.name += "_info";
#endif
  make_utf8(info.help);
  return info;
}

Labels labels_of(const prometheus::ClientMetric& metric) {
  std::vector<Labels::Pair> pairs;
  pairs.reserve(metric.label.size());
  for (const auto& label : metric.label) pairs.emplace_back(label.name, label.value);
  return Labels(std::move(pairs));
}

void write_series(const prometheus::ClientMetric& metric, prometheus::MetricType type, const Labels& labels,
                  Sink& sink) {
  switch (type) {
    case prometheus::MetricType::Counter: return sink.counter(labels, {.part = metric.counter.value});
    case prometheus::MetricType::Gauge: return sink.value(labels, metric.gauge.value);
    case prometheus::MetricType::Histogram: {
      std::vector<double> bounds;
      return sink.histogram(labels, snapshot_of(metric.histogram, bounds));
    }
    case prometheus::MetricType::Summary: {
      SummarySnapshot snapshot;
      for (const auto& each : metric.summary.quantile) snapshot.quantiles.emplace_back(each.quantile, each.value);
      snapshot.count = metric.summary.sample_count;
      snapshot.sum = metric.summary.sample_sum;
      return sink.summary(labels, snapshot);
    }
#if PROMETHEUS_ASYNC_PROMETHEUS_CPP_HAS_INFO
    case prometheus::MetricType::Info: return sink.value(labels, 1);
#endif
    case prometheus::MetricType::Untyped: return sink.value(labels, metric.untyped.value);
  }
}

prometheus::ClientMetric& MetricFamilySink::add(const Labels& labels) {
  prometheus::ClientMetric& metric = families_.back().metric.emplace_back();
  for (const auto& [name, value] : labels.pairs()) {
    metric.label.emplace_back();
    metric.label.back().name = name;
    metric.label.back().value = value;
  }
  return metric;
}

void MetricFamilySink::family(const FamilyInfo& info) {
  prometheus::MetricFamily& family = families_.emplace_back();
  family.name = info.name;
  family.help = info.help;
  family.type = type_of(info.type);
}

void MetricFamilySink::value(const Labels& labels, double value) {
  prometheus::ClientMetric& metric = add(labels);
  switch (families_.back().type) {
    case prometheus::MetricType::Counter: metric.counter.value = value; break;
    case prometheus::MetricType::Gauge: metric.gauge.value = value; break;
    default: metric.untyped.value = value;
  }
}

void MetricFamilySink::counter(const Labels& labels, const CounterSnapshot& snapshot) {
  value(labels, snapshot.value());
}

void MetricFamilySink::state_set(const Labels& labels, std::span<const State> states) {
  for (const State& state : states) {
    prometheus::ClientMetric& metric = add(labels);
    metric.label.emplace_back();
    metric.label.back().name = families_.back().name;
    metric.label.back().value = std::string(state.name);
    metric.gauge.value = state.is_on ? 1 : 0;
  }
}

void MetricFamilySink::histogram(const Labels& labels, const HistogramSnapshot& snapshot) {
  auto& histogram = add(labels).histogram;
  for (std::size_t i = 0; i < snapshot.counts.size(); ++i) {
    histogram.sample_count += snapshot.counts[i];
    auto& bucket = histogram.bucket.emplace_back();
    bucket.cumulative_count = histogram.sample_count;
    bucket.upper_bound = i < snapshot.bounds.size() ? snapshot.bounds[i] : std::numeric_limits<double>::infinity();
  }
  histogram.sample_sum = snapshot.sum;
}

void MetricFamilySink::summary(const Labels& labels, const SummarySnapshot& snapshot) {
  auto& summary = add(labels).summary;
  summary.sample_count = snapshot.count;
  summary.sample_sum = snapshot.sum;
  for (const auto& [quantile, value] : snapshot.quantiles) {
    auto& each = summary.quantile.emplace_back();
    each.quantile = quantile;
    each.value = value;
  }
}

}  // namespace prometheus_async::metrics::internal
