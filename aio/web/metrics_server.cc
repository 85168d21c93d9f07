// SPDX-License-Identifier: Apache-2.0

#include "aio/web/metrics_server.h"

#include <utility>

#include "aio/web/application.h"
#include "aio/web/landing_page.h"
#include "aio/web/server_stats.h"

namespace prometheus_async::aio::web {

asio::awaitable<MetricsHTTPServer> start_http_server(StartOptions options) {
  metrics::Registry& registry = options.registry != nullptr ? *options.registry : metrics::default_registry();
  exposition::ScrapeHandler handler(registry, std::move(options.scrape));
  Application app;
  app.router().add_get("/", make_landing_page("/metrics"));
  app.router().add_get("/metrics", make_server_stats(std::move(handler)));
  ServiceOptions service_options{.addr = std::move(options.addr),
                                 .port = options.port,
                                 .ssl_context = std::move(options.ssl_context),
                                 .service_discovery = std::move(options.service_discovery),
                                 .metrics_path = "/metrics",
                                 .server = std::move(options.server)};
  co_return MetricsHTTPServer(co_await Service::start(std::move(app), std::move(service_options)));
}

}  // namespace prometheus_async::aio::web
