// SPDX-License-Identifier: Apache-2.0
//
// The probes of the three wrappers. `aio` and `tx` attach them to operations; make one yourself to measure a span or
// a scope (metrics/span.h).
//
//   const metrics::Scope timing(metrics::time_probe(seconds));
#ifndef PROMETHEUS_ASYNC_METRICS_PROBES_H_
#define PROMETHEUS_ASYNC_METRICS_PROBES_H_

#include <concepts>
#include <type_traits>
#include <utility>

#include "metrics/clock.h"
#include "metrics/concepts.h"
#include "metrics/ending.h"
#include "metrics/filter.h"
#include "metrics/selector.h"

namespace prometheus_async::metrics {

// Observes the seconds from begin to end, once, however the operation ends.
//
// Errors: an operation's result is never replaced by a metric that throws; what it throws is dropped.
// Lifetime: the metric outlives every span.
// Semantics: prometheus_async.aio.time, which observes on success, error and cancellation alike.
template <class Metric, Clock C = SteadyClock>
class TimeProbe {
 public:
  using clock = C;
  using State = typename C::time_point;

  explicit TimeProbe(internal::TargetArgument<Metric> metric) : target_(std::forward<decltype(metric)>(metric)) {}

  State begin(typename C::time_point now) const noexcept { return now; }
  void end(State& begin, typename C::time_point now, const Ending& ending) const noexcept {
    try {
      target_.at(ending).Observe(seconds_between(begin, now));
    } catch (...) {
    }
  }

 private:
  internal::Target<Metric> target_;
};

// Counts endings that the filter lets through.
//
// Errors: as TimeProbe. A filter that throws counts nothing.
// Semantics: prometheus_async.aio.count_exceptions, except that neither a cancellation nor an abandoned operation
// counts unless the filter says so.
template <class Metric, Filter F = AnyError>
class ExceptionProbe {
 public:
  using clock = NoClock;
  struct State {};

  ExceptionProbe(internal::TargetArgument<Metric> metric, F filter)
      : target_(std::forward<decltype(metric)>(metric)), filter_(std::move(filter)) {}

  State begin(NoClock::time_point) const noexcept { return {}; }
  void end(State&, NoClock::time_point, const Ending& ending) const noexcept {
    try {
      if (!ending.is_value() && filter_(ending)) target_.at(ending).Increment();
    } catch (...) {
    }
  }

 private:
  internal::Target<Metric> target_;
  [[no_unique_address]] F filter_;
};

// Raises a gauge at begin and lowers it at end, however the operation ends.
//
// Errors: as TimeProbe; a gauge that could not be raised is not lowered.
template <IncDecrementer Gauge>
class InProgressProbe {
 public:
  using clock = NoClock;
  using State = bool;  // raised

  explicit InProgressProbe(Gauge& gauge) noexcept : gauge_(&gauge) {}

  State begin(NoClock::time_point) const noexcept {
    try {
      gauge_->Increment();
      return true;
    } catch (...) {
      return false;
    }
  }
  void end(State& raised, NoClock::time_point, const Ending&) const noexcept {
    try {
      if (raised) gauge_->Decrement();
    } catch (...) {
    }
  }

 private:
  Gauge* gauge_;
};

// The makers below take the metric as the wrappers do, by name or as a selector, and refuse what cannot work at compile
// time, in words.

template <Clock C = SteadyClock, class Metric>
auto time_probe(Metric&& metric) {
  using M = std::remove_reference_t<Metric>;
  if constexpr (Selector<M>) {
    static_assert(Observer<internal::SelectedMetric<M>>,
                  "prometheus_async: time() needs a selector of metrics with Observe(double)");
    return TimeProbe<std::remove_const_t<M>, C>(std::forward<Metric>(metric));
  } else {
    static_assert(!Family<M>,
                  "prometheus_async: this is a family of metrics; time() records in one child: family.labels(...), or "
                  "family.by_outcome()");
    static_assert(
        Family<M> || Observer<M>,
        "prometheus_async: time() needs a metric with Observe(double), a Histogram or a Summary; a Gauge or a "
        "Counter cannot hold a distribution of durations");
    static_assert(
        std::is_lvalue_reference_v<Metric>,
        "prometheus_async: the wrapper keeps a reference to the metric, so the metric must outlive it: give it "
        "a name");
    return TimeProbe<M, C>(metric);
  }
}

template <Filter F = AnyError, class Metric>
auto exception_probe(Metric&& metric, F filter = {}) {
  using M = std::remove_reference_t<Metric>;
  if constexpr (Selector<M>) {
    static_assert(Incrementer<internal::SelectedMetric<M>>,
                  "prometheus_async: count_exceptions() needs a selector of metrics with Increment()");
    return ExceptionProbe<std::remove_const_t<M>, F>(std::forward<Metric>(metric), std::move(filter));
  } else {
    static_assert(!Family<M>,
                  "prometheus_async: this is a family of metrics; count_exceptions() records in one child: "
                  "family.labels(...)");
    static_assert(Family<M> || Incrementer<M>,
                  "prometheus_async: count_exceptions() needs a metric with Increment(), a Counter");
    static_assert(
        std::is_lvalue_reference_v<Metric>,
        "prometheus_async: the wrapper keeps a reference to the metric, so the metric must outlive it: give it "
        "a name");
    return ExceptionProbe<M, F>(metric, std::move(filter));
  }
}

template <class Metric>
auto in_progress_probe(Metric&& metric) {
  using M = std::remove_reference_t<Metric>;
  static_assert(
      !Selector<M>,
      "prometheus_async: track_inprogress() raises its gauge before the outcome is known, so it takes a gauge, "
      "not a selector");
  static_assert(!Family<M>,
                "prometheus_async: this is a family of metrics; track_inprogress() records in one child: "
                "family.labels(...)");
  static_assert(Selector<M> || Family<M> || IncDecrementer<M>,
                "prometheus_async: track_inprogress() needs a metric with Increment() and Decrement(), a Gauge");
  static_assert(
      std::is_lvalue_reference_v<Metric>,
      "prometheus_async: the wrapper keeps a reference to the metric, so the metric must outlive it: give it a "
      "name");
  return InProgressProbe<M>(metric);
}

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_PROBES_H_
