// SPDX-License-Identifier: Apache-2.0
//
// Measures how long something takes, in seconds.
//
//   auto& req_time = metrics::histogram("req_time_seconds", "time spent in requests");
//
//   const auto handler = aio::time(req_time)([](Request) -> asio::awaitable<Reply> { ... });        // a function
//   Page page = co_await aio::time(req_time, fetch(url));                                           // an awaitable
//   co_await socket.async_read_some(buffer, aio::time(req_time, asio::use_awaitable));              // an operation
#ifndef PROMETHEUS_ASYNC_AIO_TIME_H_
#define PROMETHEUS_ASYNC_AIO_TIME_H_

#include <utility>

#include "aio/wrapper.h"
#include "metrics/clock.h"
#include "metrics/probes.h"

namespace prometheus_async::aio {

// A decorator that observes the duration of every call, once, however it ends: with a value, an error, cancelled or
// abandoned. Begin and end: see aio/wrapper.h.
//
// `metric`: anything with Observe(double), ours or prometheus-cpp's; or a selector that chooses by outcome, such as
// family.by_outcome(). A metric that throws is ignored: the operation's result stands.
// Cost: two clock readings and one Observe.
// Semantics: prometheus_async.aio.time(metric).
template <metrics::Clock C = metrics::SteadyClock, class Metric>
auto time(Metric&& metric) {
  return Wrapper(metrics::time_probe<C>(std::forward<Metric>(metric)));
}

// The same for one awaitable or, as a completion token adapter, for one Asio operation.
//
// Semantics: prometheus_async.aio.time(metric, future).
template <metrics::Clock C = metrics::SteadyClock, class Metric, class Operation>
auto time(Metric&& metric, Operation&& operation) {
  return internal::attach(time<C>(std::forward<Metric>(metric)), std::forward<Operation>(operation));
}

}  // namespace prometheus_async::aio

#endif  // PROMETHEUS_ASYNC_AIO_TIME_H_
