// SPDX-License-Identifier: Apache-2.0
//
// Measures how long something takes, in seconds.
//
//   auto& req_time = metrics::histogram("req_time_seconds", "time spent in requests");
//
//   tx::time(req_time, d);                                                                  // a Deferred, in place
//   auto text = tx::time(req_time, fetch(url)).add_callback(render);                        // up to here, not render
//   const auto handler = tx::time(req_time)([](Request) -> tx::Deferred<Reply> { ... });    // a function
#ifndef PROMETHEUS_ASYNC_TX_TIME_H_
#define PROMETHEUS_ASYNC_TX_TIME_H_

#include <utility>

#include "metrics/clock.h"
#include "metrics/probes.h"
#include "tx/deferred.h"
#include "tx/wrapper.h"

namespace prometheus_async::tx {

// A decorator that observes the duration of every call, once, however it ends. Begin and end: see tx/wrapper.h.
//
// `metric`: anything with Observe(double), ours or prometheus-cpp's; or a selector that chooses by outcome, such as
// family.by_outcome().
// Cost: two clock readings and one Observe.
// Semantics: prometheus_async.tx.time(metric), which observes nothing when the function throws.
template <metrics::Clock C = metrics::SteadyClock, class Metric>
auto time(Metric&& metric) {
  return Wrapper(metrics::time_probe<C>(std::forward<Metric>(metric)));
}

// The same for one Deferred, from now on until the callbacks that it has now have run. Gives that Deferred back.
//
// Semantics: prometheus_async.tx.time(metric, deferred).
template <metrics::Clock C = metrics::SteadyClock, class Metric, class T>
Deferred<T>& time(Metric&& metric, Deferred<T>& deferred) {
  return time<C>(std::forward<Metric>(metric))(deferred);
}
template <metrics::Clock C = metrics::SteadyClock, class Metric, class T>
Deferred<T>&& time(Metric&& metric, Deferred<T>&& deferred) {
  return time<C>(std::forward<Metric>(metric))(std::move(deferred));
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_TIME_H_
