// SPDX-License-Identifier: Apache-2.0
//
// Counts the failures of something.
//
//   auto& errors = metrics::counter("fetch_errors_total", "failed fetches");
//
//   tx::count_exceptions(errors, d);                                                       // any error
//   tx::count_exceptions<Timeout, Refused>(errors, d);                                     // two types
//   const auto charge = tx::count_exceptions<PaymentError>(declined)(raw_charge);          // a function
#ifndef PROMETHEUS_ASYNC_TX_COUNT_EXCEPTIONS_H_
#define PROMETHEUS_ASYNC_TX_COUNT_EXCEPTIONS_H_

#include <utility>

#include "metrics/filter.h"
#include "metrics/probes.h"
#include "tx/deferred.h"
#include "tx/wrapper.h"

namespace prometheus_async::tx {

// A decorator that counts calls which throw, or whose Deferred fails. Without types, every error counts; with types,
// errors of these and derived types.
//
// Cancelled (CancelledError): an outcome of its own, not counted, nor is an abandoned one (AbandonedError). Count them
// with a filter: tx::count_exceptions(errors, metrics::any_error | metrics::cancelled)
// `metric`: anything with Increment(), or a selector.
// Cost: nothing while no error occurs; the exception is not thrown to be looked at.
// Semantics: prometheus_async.tx.count_exceptions(metric, exc=...), whose default counts no failing Deferred at all.
template <class... Errors, class Metric>
auto count_exceptions(Metric&& metric) {
  if constexpr (sizeof...(Errors) == 0) {
    return Wrapper(metrics::exception_probe(std::forward<Metric>(metric)));
  } else {
    return Wrapper(metrics::exception_probe(std::forward<Metric>(metric), metrics::of_type<Errors...>()));
  }
}

// The same with a filter (metrics/filter.h).
template <class Metric, metrics::Filter F>
auto count_exceptions(Metric&& metric, F filter) {
  return Wrapper(metrics::exception_probe(std::forward<Metric>(metric), std::move(filter)));
}

// The same for one Deferred, in the callbacks that it has now. Gives that Deferred back.
template <class... Errors, class Metric, class T>
Deferred<T>& count_exceptions(Metric&& metric, Deferred<T>& deferred) {
  return count_exceptions<Errors...>(std::forward<Metric>(metric))(deferred);
}
template <class... Errors, class Metric, class T>
Deferred<T>&& count_exceptions(Metric&& metric, Deferred<T>&& deferred) {
  return count_exceptions<Errors...>(std::forward<Metric>(metric))(std::move(deferred));
}
template <class Metric, metrics::Filter F, class T>
Deferred<T>& count_exceptions(Metric&& metric, F filter, Deferred<T>& deferred) {
  return count_exceptions(std::forward<Metric>(metric), std::move(filter))(deferred);
}
template <class Metric, metrics::Filter F, class T>
Deferred<T>&& count_exceptions(Metric&& metric, F filter, Deferred<T>&& deferred) {
  return count_exceptions(std::forward<Metric>(metric), std::move(filter))(std::move(deferred));
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_COUNT_EXCEPTIONS_H_
