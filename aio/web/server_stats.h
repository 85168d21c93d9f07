// SPDX-License-Identifier: Apache-2.0
//
// A registry as a handler.
//
//   app.router().add_get("/metrics", web::server_stats);                  // default_registry()
//   app.router().add_get("/mine", web::make_server_stats(my_registry));
#ifndef PROMETHEUS_ASYNC_AIO_WEB_SERVER_STATS_H_
#define PROMETHEUS_ASYNC_AIO_WEB_SERVER_STATS_H_

#include <boost/asio/awaitable.hpp>

#include "aio/web/handler.h"
#include "aio/web/request.h"
#include "aio/web/response.h"
#include "metrics/registry.h"

namespace prometheus_async::aio::web {

// 200 with the page of metrics::default_registry(); what a collector throws becomes a 500.
asio::awaitable<Response> server_stats(Request& request);

// The same for another registry, which outlives the application.
Handler make_server_stats(const metrics::Registry& registry);

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_SERVER_STATS_H_
