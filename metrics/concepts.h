// SPDX-License-Identifier: Apache-2.0
//
// What the wrappers ask of a metric: one method. prometheus-cpp's Histogram, Summary, Counter and Gauge satisfy these
// concepts as they are, so do the instruments of this library and the fakes of a test.
//
//   static_assert(metrics::Observer<prometheus::Histogram>);
//   static_assert(metrics::IncDecrementer<metrics::Gauge>);
#ifndef PROMETHEUS_ASYNC_METRICS_CONCEPTS_H_
#define PROMETHEUS_ASYNC_METRICS_CONCEPTS_H_

#if !defined(_MSVC_LANG) && __cplusplus < 202002L
#error "prometheus_async is C++20: build with -std=c++20 or later (in Bazel, --cxxopt=-std=c++20)"
#endif

#include <type_traits>

namespace prometheus_async::metrics {

// Takes one measurement: a histogram or a summary. Durations are given in seconds.
template <class M>
concept Observer = requires(M& metric, double value) { metric.Observe(value); };

// Counts one event: a counter.
template <class M>
concept Incrementer = requires(M& metric) { metric.Increment(); };

// Goes up and down by one: a gauge.
template <class M>
concept IncDecrementer = requires(M& metric) {
  metric.Increment();
  metric.Decrement();
};

// A family is a name with label names; only its children record. Both kinds of family are recognised, so that a
// wrapper which is handed one can say what to do.
template <class M>
concept Family = requires { typename M::FamilyTag; } || requires(M& family) {
  family.GetName();
  family.GetConstantLabels();
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_CONCEPTS_H_
