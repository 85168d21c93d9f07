// SPDX-License-Identifier: Apache-2.0
//
// A metric that is chosen when an operation has ended, by how it ended. Given to a wrapper in a metric's place.
//
//   auto& calls = metrics::histogram("call_seconds", "time of a call", {"outcome"});
//   const auto call = aio::time(calls.by_outcome())(raw_call);           // the four outcomes as a label
//   const auto fetch = aio::time(metrics::choose([&](const metrics::Ending& e) -> metrics::Histogram& {
//     return e.is_value() ? good_seconds : bad_seconds;
//   }))(raw_fetch);
#ifndef PROMETHEUS_ASYNC_METRICS_SELECTOR_H_
#define PROMETHEUS_ASYNC_METRICS_SELECTOR_H_

#include <type_traits>
#include <utility>

#include "metrics/ending.h"

namespace prometheus_async::metrics {

// Made by choose(), or by a family's by_outcome(). Copied into every span: keep it small.
template <class S>
concept Selector = requires(const S& selector, const Ending& ending) {
  typename S::SelectorTag;
  selector(ending);
};

template <class Function>
class Choose {
 public:
  using SelectorTag = void;
  explicit Choose(Function function) : function_(std::move(function)) {}
  decltype(auto) operator()(const Ending& ending) const { return function_(ending); }

 private:
  [[no_unique_address]] Function function_;
};

// A selector from a function that takes an Ending and returns a reference to a metric.
template <class Function>
  requires std::is_lvalue_reference_v<std::invoke_result_t<const Function&, const Ending&>>
Choose<Function> choose(Function function) {
  return Choose<Function>(std::move(function));
}

namespace internal {

// Where a probe records: a metric that outlives it, or a selector held by value.
template <class Metric>
class Target {
 public:
  explicit Target(Metric& metric) noexcept : metric_(&metric) {}
  Metric& at(const Ending&) const noexcept { return *metric_; }

 private:
  Metric* metric_;
};

template <Selector Metric>
class Target<Metric> {
 public:
  explicit Target(Metric selector) : selector_(std::move(selector)) {}
  decltype(auto) at(const Ending& ending) const { return selector_(ending); }

 private:
  [[no_unique_address]] Metric selector_;
};

// How a probe's constructor takes its metric.
template <class Metric>
using TargetArgument = std::conditional_t<Selector<Metric>, Metric, Metric&>;

template <class S>
using SelectedMetric = std::remove_reference_t<std::invoke_result_t<const S&, const Ending&>>;

}  // namespace internal

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_SELECTOR_H_
