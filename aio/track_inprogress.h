// SPDX-License-Identifier: Apache-2.0
//
// Shows how many of something are running, in a gauge.
//
//   auto& in_flight = metrics::gauge("requests_in_progress", "requests being served");
//
//   const auto handler = aio::track_inprogress(in_flight)(raw_handler);
//   Page page = co_await aio::track_inprogress(in_flight, fetch(url));
#ifndef PROMETHEUS_ASYNC_AIO_TRACK_INPROGRESS_H_
#define PROMETHEUS_ASYNC_AIO_TRACK_INPROGRESS_H_

#include <utility>

#include "aio/wrapper.h"
#include "metrics/probes.h"

namespace prometheus_async::aio {

// A decorator that raises the gauge when a call begins and lowers it when it ends. Begin and end: see aio/wrapper.h.
//
// Cancelled or dropped: the gauge falls once, also where the result is never awaited.
// `gauge`: anything with Increment() and Decrement().
// Semantics: prometheus_async.aio.track_inprogress(metric), whose gauge leaks if a wrapped future is never awaited.
template <class Gauge>
auto track_inprogress(Gauge&& gauge) {
  return Wrapper(metrics::in_progress_probe(std::forward<Gauge>(gauge)));
}

// The same for one awaitable or, as a completion token adapter, for one Asio operation: the gauge is up from this call
// (from the initiation, for an operation).
template <class Gauge, class Operation>
auto track_inprogress(Gauge&& gauge, Operation&& operation) {
  return internal::attach(track_inprogress(std::forward<Gauge>(gauge)), std::forward<Operation>(operation));
}

}  // namespace prometheus_async::aio

#endif  // PROMETHEUS_ASYNC_AIO_TRACK_INPROGRESS_H_
