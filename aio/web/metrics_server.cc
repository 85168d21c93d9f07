// SPDX-License-Identifier: Apache-2.0

#include "aio/web/metrics_server.h"

#include <cstddef>
#include <string>
#include <utility>

#include "aio/http/response_head.h"
#include "aio/web/application.h"
#include "aio/web/landing_page.h"
#include "aio/web/server_stats.h"

namespace prometheus_async::aio::web {

Application make_metrics_application(StartOptions& options) {
  metrics::Registry& registry = options.registry != nullptr ? *options.registry : metrics::default_registry();
  exposition::ScrapeHandler handler(registry, std::move(options.scrape));
  Application app;
  if (options.customize) options.customize(app);
  if (!options.headers.empty()) {
    std::string checked;
    http::append_response_head(checked, 200, options.headers, {});
    app.on_response_prepare([headers = std::move(options.headers)](const Request&, Response& response) {
      for (std::size_t i = 0; i < headers.size(); ++i) response.headers.set(headers[i].name, headers[i].value);
    });
  }
  if (options.metrics_path != "/") {
    app.router().add_get("/", make_landing_page(options.metrics_path, options.landing_page));
  }
  app.router().add_get(options.metrics_path, make_server_stats(std::move(handler)));
  return app;
}

asio::awaitable<MetricsHTTPServer> start_http_server(StartOptions options) {
  Application app = make_metrics_application(options);
  ServiceOptions service_options{.addr = std::move(options.addr),
                                 .port = options.port,
                                 .ssl_context = std::move(options.ssl_context),
                                 .tls = std::move(options.tls),
                                 .service_discovery = std::move(options.service_discovery),
                                 .metrics_path = std::move(options.metrics_path),
                                 .server = std::move(options.server)};
  co_return MetricsHTTPServer(co_await Service::start(std::move(app), std::move(service_options)));
}

// An overload: g++ 12 destroys a default argument twice within a co_await expression.
asio::awaitable<MetricsHTTPServer> start_http_server() { return start_http_server(StartOptions()); }

}  // namespace prometheus_async::aio::web
