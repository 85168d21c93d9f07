// SPDX-License-Identifier: Apache-2.0
//
// Shows how many of something are running, in a gauge.
//
//   auto& in_flight = metrics::gauge("requests_in_progress", "requests being served");
//
//   tx::track_inprogress(in_flight, d);
//   const auto handler = tx::track_inprogress(in_flight)(raw_handler);
#ifndef PROMETHEUS_ASYNC_TX_TRACK_INPROGRESS_H_
#define PROMETHEUS_ASYNC_TX_TRACK_INPROGRESS_H_

#include <utility>

#include "metrics/probes.h"
#include "tx/deferred.h"
#include "tx/wrapper.h"

namespace prometheus_async::tx {

// A decorator that raises the gauge when a call begins and lowers it when it ends. Begin and end: see tx/wrapper.h.
//
// The gauge falls once, however it ends: also when the function throws, and when a Promise is never fired.
// `gauge`: anything with Increment() and Decrement().
// Semantics: prometheus_async.tx.track_inprogress(metric), whose gauge leaks when the function throws.
template <class Gauge>
auto track_inprogress(Gauge&& gauge) {
  return Wrapper(metrics::in_progress_probe(std::forward<Gauge>(gauge)));
}

// The same for one Deferred, from now on until the callbacks that it has now have run. Gives that Deferred back.
template <class Gauge, class T>
Deferred<T>& track_inprogress(Gauge&& gauge, Deferred<T>& deferred) {
  return track_inprogress(std::forward<Gauge>(gauge))(deferred);
}
template <class Gauge, class T>
Deferred<T>&& track_inprogress(Gauge&& gauge, Deferred<T>&& deferred) {
  return track_inprogress(std::forward<Gauge>(gauge))(std::move(deferred));
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_TRACK_INPROGRESS_H_
