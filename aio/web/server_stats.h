// SPDX-License-Identifier: Apache-2.0
//
// A registry as a handler.
//
//   app.router().add_get("/metrics", web::server_stats);                  // default_registry()
//   app.router().add_get("/mine", web::make_server_stats(my_registry));
//   const exposition::ScrapeHandler one_by_one(my_registry, {.max_requests_in_flight = 1});
//   app.router().add_get("/one", web::make_server_stats(one_by_one));
#ifndef PROMETHEUS_ASYNC_AIO_WEB_SERVER_STATS_H_
#define PROMETHEUS_ASYNC_AIO_WEB_SERVER_STATS_H_

#include <boost/asio/awaitable.hpp>

#include "aio/web/handler.h"
#include "aio/web/request.h"
#include "aio/web/response.h"
#include "exposition/scrape.h"
#include "metrics/registry.h"

namespace prometheus_async::aio::web {

// What exposition::ScrapeHandler::of(metrics::default_registry()) answers: the page in the format and coding that the
// request asks for, or a 503. A 500 is the server's own, with what the collector threw in its log.
//
// The page is collected, rendered and compressed on a thread of net::slow_offload_pool(), so that other requests of
// the loop do not wait for it; collectors are called there. Scrapes that ask for the same share one page. One whose
// request is given up, as by a stop that is forced, is not waited for.
asio::awaitable<Response> server_stats(Request& request);

// The same for another registry, which outlives the application: the end of that waits for pages that are still being
// made of the registry, however long a collector hangs. Throws as exposition::ScrapeHandler::of.
Handler make_server_stats(metrics::Registry& registry);

// The same with a handler of your own making.
Handler make_server_stats(exposition::ScrapeHandler handler);

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_SERVER_STATS_H_
