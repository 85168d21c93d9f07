// SPDX-License-Identifier: Apache-2.0
//
// The page at `/` of a metrics server: a link, at next to no cost. Made for health checks, which come every few seconds
// and need not have the metrics collected.
//
//   app.router().add_get("/", web::make_landing_page("/metrics"));
#ifndef PROMETHEUS_ASYNC_AIO_WEB_LANDING_PAGE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_LANDING_PAGE_H_

#include <string_view>

#include "aio/web/handler.h"

namespace prometheus_async::aio::web {

// Answers with the original's page: <html><body><a href="/metrics">Metrics</a></body></html>
//
// REQUIRES: `metrics_path` is a path without characters that HTML takes specially.
Handler make_landing_page(std::string_view metrics_path = "/metrics");

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_LANDING_PAGE_H_
