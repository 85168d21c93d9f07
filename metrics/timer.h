// SPDX-License-Identifier: Apache-2.0
//
// How long a stretch of plain code takes, as a scope or as a timer to be asked. Functions, coroutines and Asio
// operations have aio::time (aio/time.h), which also sees a coroutine that is destroyed.
//
//   {
//     const auto timing = metrics::time(seconds);                 // a metrics::Scope
//     parse();
//   }                                                             // observed here, also when parse() throws
//
//   auto timing = metrics::time<metrics::TscClock>(seconds);      // another clock
//   parse();
//   log(timing.observe_duration());                               // observed here; the duration comes back
//
//   const metrics::Timer timer;                                   // of no metric: for several stages, say
//   parse();
//   timer.observe_duration(parsed_seconds);
//   store();
//   timer.observe_duration(stored_seconds);                       // since the timer's start, both
#ifndef PROMETHEUS_ASYNC_METRICS_TIMER_H_
#define PROMETHEUS_ASYNC_METRICS_TIMER_H_

#include <utility>

#include "metrics/clock.h"
#include "metrics/ending.h"
#include "metrics/probes.h"
#include "metrics/span.h"

namespace prometheus_async::metrics {

// Runs from its construction.
//
// Threads: a value; its const members are safe from any thread.
// Semantics: client_golang's Timer, except that the metric comes at the end.
template <Clock C = SteadyClock>
class Timer {
 public:
  using duration = decltype(C::now() - C::now());

  Timer() noexcept : begin_(C::now()) {}
  explicit Timer(typename C::time_point begin) noexcept : begin_(begin) {}

  typename C::time_point begin() const noexcept { return begin_; }
  duration elapsed() const noexcept { return C::now() - begin_; }

  // Observes the time since begin(), in seconds, and returns it. May be called again.
  //
  // `metric` and errors: as with metrics::time_probe; a selector chooses by `ending`.
  template <class Metric>
  duration observe_duration(Metric&& metric, const Ending& ending = Ending::value()) const noexcept {
    const typename C::time_point now = C::now();
    typename C::time_point begin = begin_;
    time_probe<C>(std::forward<Metric>(metric)).end(begin, now, ending);
    return now - begin_;
  }

 private:
  typename C::time_point begin_;
};

// A scope that observes its duration in `metric`, in seconds, once, at the end of its block or where
// observe_duration() ends it; elapsed() tells it before (metrics/span.h).
//
// `metric`: anything with Observe(double), ours or prometheus-cpp's, that outlives the scope; or a selector that
// chooses by outcome.
// Cost: two readings of the clock and one Observe.
// Semantics: prometheus_client's Histogram.time().
template <Clock C = SteadyClock, class Metric>
auto time(Metric&& metric) {
  return Scope(time_probe<C>(std::forward<Metric>(metric)));
}

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_TIMER_H_
