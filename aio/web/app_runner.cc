// SPDX-License-Identifier: Apache-2.0

#include "aio/web/app_runner.h"

#include <utility>

#include "aio/net/http_connection.h"
#include "aio/net/server.h"
#include "aio/web/connection.h"

namespace prometheus_async::aio::web {

struct AppRunner::Impl {
  Impl(const asio::any_io_executor& executor, Application app, ServerOptions options)
      : service(std::make_shared<ApplicationService>(
            executor, std::move(app),
            net::HttpOptions{.limits = options.limits, .timeouts = options.timeouts, .log = options.log})),
        server(executor, {.max_connections = options.max_connections, .backlog = options.backlog, .log = options.log},
               nullptr) {}

  const std::shared_ptr<ApplicationService> service;
  net::Server server;
};

AppRunner::AppRunner(asio::any_io_executor executor, Application app, ServerOptions options) {
  app.freeze();
  impl_ = std::make_unique<Impl>(executor, std::move(app), std::move(options));
}

AppRunner::~AppRunner() = default;

asio::awaitable<void> AppRunner::tcp_site(std::string host, std::uint16_t port,
                                          std::shared_ptr<asio::ssl::context> tls) {
  return impl_->server.listen(
      std::move(host), port,
      [service = impl_->service, tls = std::move(tls)](asio::ip::tcp::socket socket, net::ConnectionGroup::Seat& seat) {
        return net::serve_http(service, std::move(socket), tls, seat);
      });
}

const std::vector<net::Address>& AppRunner::addresses() const { return impl_->server.addresses(); }

asio::awaitable<void> AppRunner::cleanup() {
  return impl_->server.shut_down(impl_->service->options().timeouts.shutdown);
}

void AppRunner::abort() noexcept { impl_->server.abort(); }

}  // namespace prometheus_async::aio::web
