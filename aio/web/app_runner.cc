// SPDX-License-Identifier: Apache-2.0

#include "aio/web/app_runner.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "aio/net/connection_group.h"
#include "aio/net/listener.h"
#include "aio/web/connection.h"

namespace prometheus_async::aio::web {
namespace {

constexpr std::chrono::seconds kHardStop(2);  // for handlers to take notice of their cancellation

// Accepts until the listener is closed, as long as there is room.
asio::awaitable<void> accept_connections(std::shared_ptr<ServerState> server, std::shared_ptr<net::Listener> listener,
                                         std::shared_ptr<asio::ssl::context> tls) {
  const std::size_t room = std::max<std::size_t>(server->options.max_connections, 1);
  for (;;) {
    if (server->connections.size() >= room) co_await server->connections.wait_until_at_most(room - 1);
    std::optional<asio::ip::tcp::socket> socket = co_await listener->accept();
    if (!socket || server->is_stopping) co_return;
    server->connections.spawn(
        [&](net::ConnectionGroup::Seat& seat) { return serve(server, std::move(*socket), tls, seat); });
  }
}

}  // namespace

struct AppRunner::Impl {
  asio::any_io_executor executor;
  std::shared_ptr<ServerState> server;
  std::vector<std::shared_ptr<net::Listener>> listeners;
  std::vector<net::Address> addresses;

  void close_listeners() {
    server->is_stopping = true;
    for (const auto& listener : listeners) listener->close();
    listeners.clear();
  }
};

AppRunner::AppRunner(asio::any_io_executor executor, Application app, ServerOptions options)
    : impl_(std::make_unique<Impl>()) {
  app.freeze();
  impl_->server = std::make_shared<ServerState>(executor, std::move(app), std::move(options));
  impl_->executor = std::move(executor);
}

AppRunner::~AppRunner() { abort(); }

asio::awaitable<void> AppRunner::tcp_site(std::string host, std::uint16_t port,
                                          std::shared_ptr<asio::ssl::context> tls) {
  const net::ListenOptions options{.backlog = impl_->server->options.backlog, .log = impl_->server->options.log};
  std::vector<std::unique_ptr<net::Listener>> opened = co_await net::listen(std::move(host), port, options);
  for (std::unique_ptr<net::Listener>& each : opened) {
    std::shared_ptr<net::Listener> listener = std::move(each);
    impl_->addresses.push_back(listener->address());
    impl_->listeners.push_back(listener);
    asio::co_spawn(impl_->executor, accept_connections(impl_->server, std::move(listener), tls), asio::detached);
  }
}

const std::vector<net::Address>& AppRunner::addresses() const { return impl_->addresses; }

asio::awaitable<void> AppRunner::cleanup() {
  const std::shared_ptr<ServerState> server = impl_->server;  // `this` may be gone after an await, if cancelled
  impl_->close_listeners();
  server->connections.stop();
  try {
    const auto deadline = net::ConnectionGroup::Clock::now() + server->options.timeouts.shutdown;
    if (co_await server->connections.wait_until_at_most(0, deadline)) co_return;
  } catch (...) {
    server->connections.abort();
    throw;
  }
  server->connections.abort();
  co_await server->connections.wait_until_at_most(0, net::ConnectionGroup::Clock::now() + kHardStop);
}

void AppRunner::abort() noexcept {
  impl_->close_listeners();
  impl_->server->connections.abort();
}

}  // namespace prometheus_async::aio::web
