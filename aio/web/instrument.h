// SPDX-License-Identifier: Apache-2.0
//
// Measures what an application answers: how often, how long, and how many requests at a time.
//
//   app.use(web::instrument(registry));
//
//   http_requests_total{method="GET",route="/users/{name}",status="2xx"} 17
//   http_request_duration_seconds_bucket{method="GET",route="/users/{name}",status="2xx",le="0.005"} 16
//   http_requests_in_progress{method="GET",route="/users/{name}"} 1
#ifndef PROMETHEUS_ASYNC_AIO_WEB_INSTRUMENT_H_
#define PROMETHEUS_ASYNC_AIO_WEB_INSTRUMENT_H_

#include <cstdint>
#include <string>

#include "aio/web/middleware.h"
#include "metrics/buckets.h"
#include "metrics/registry.h"

namespace prometheus_async::aio::web {

// What the label `status` tells.
enum class StatusLabel : std::uint8_t {
  kClass,  // "2xx"
  kCode,   // "204"
};

struct InstrumentOptions {
  // What the names begin with: for applications of one registry that are to be told apart.
  std::string prefix = "http";
  StatusLabel status = StatusLabel::kClass;
  // Upper bounds in seconds.
  metrics::Buckets buckets = metrics::default_buckets();
};

// A middleware; what is further in than it is measured, so it is the first that an application uses. In a
// sub-application it measures that one alone; in both, such a request counts twice.
//
//   method  GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT, or "other"
//   route   the template, "/users/{name}", never the path; "unrouted" where no route was (404, 405)
//   status  of the answer that came out, by an HttpError too. An exception that is none makes a 500, also in the middle
//           of a streamed answer. "aborted" where there was none to be made: the handler ended by an exception because
//           its client had left, or it was cancelled, or dropped with its io_context.
//
// So series are as many as the application's routes make them, whatever clients send. A request is timed from here to
// the handler's end, which for a streamed answer (web::StreamResponse) is the end of the stream, and for any other is
// before its bytes are sent. It is counted then, once, however it ends.
//
// Several calls with one registry and one prefix are one set of metrics. Throws std::invalid_argument if the earlier
// call had other options, or if the registry has metrics of these names that are others'.
//
// Exemplars: those of metrics/exemplar_provider.h, which is asked when the request has ended.
// Threads: the result may be used in several applications and served by several threads. Lifetime: the registry
// outlives the applications.
// Cost: a coroutine frame, two readings of the clock, and four recordings; the series are found without a lock and
// without allocation, but for the first request of each method, route and status.
// Semantics: promhttp's InstrumentHandler family, with the route as a label.
Middleware instrument(metrics::Registry& registry = metrics::default_registry(), InstrumentOptions options = {});

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_INSTRUMENT_H_
