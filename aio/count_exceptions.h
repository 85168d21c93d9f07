// SPDX-License-Identifier: Apache-2.0
//
// Counts the errors of something: exceptions, and error codes of Asio operations.
//
//   auto& errors = metrics::counter("fetch_errors_total", "failed fetches");
//
//   const auto fetch = aio::count_exceptions(errors)(raw_fetch);                           // any error
//   const auto charge = aio::count_exceptions<PaymentError>(declined)(raw_charge);         // one type, or several
//   Page page = co_await aio::count_exceptions(errors, fetch(url));
//   timer.async_wait(aio::count_exceptions(errors, [](boost::system::error_code) { ... }));
#ifndef PROMETHEUS_ASYNC_AIO_COUNT_EXCEPTIONS_H_
#define PROMETHEUS_ASYNC_AIO_COUNT_EXCEPTIONS_H_

#include <utility>

#include "aio/wrapper.h"
#include "metrics/filter.h"
#include "metrics/probes.h"

namespace prometheus_async::aio {

// A decorator that counts calls which end in an error. Without types, every error counts; with types, errors of these
// and derived types. An error code of an Asio operation is an error; for type filters it is the
// boost::system::system_error that it would be thrown as.
//
// Cancelled: an outcome of its own, not counted, nor is an abandoned operation. Count it with a filter:
//   aio::count_exceptions(errors, metrics::any_error | metrics::cancelled)
// `metric`: anything with Increment(), or a selector.
// Cost: nothing while no error occurs.
// Semantics: prometheus_async.aio.count_exceptions(metric, exc=...), whose default counts cancellations as well.
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

// The same for one awaitable or, as a completion token adapter, for one Asio operation.
template <class... Errors, class Metric, class Operation>
  requires(!metrics::Filter<std::remove_cvref_t<Operation>>)
auto count_exceptions(Metric&& metric, Operation&& operation) {
  return internal::attach(count_exceptions<Errors...>(std::forward<Metric>(metric)),
                          std::forward<Operation>(operation));
}
template <class Metric, metrics::Filter F, class Operation>
auto count_exceptions(Metric&& metric, F filter, Operation&& operation) {
  return internal::attach(count_exceptions(std::forward<Metric>(metric), std::move(filter)),
                          std::forward<Operation>(operation));
}

}  // namespace prometheus_async::aio

#endif  // PROMETHEUS_ASYNC_AIO_COUNT_EXCEPTIONS_H_
