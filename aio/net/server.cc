// SPDX-License-Identifier: Apache-2.0

#include "aio/net/server.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "aio/net/listener.h"

namespace prometheus_async::aio::net {
namespace {

constexpr std::chrono::seconds kHardStop(2);  // for connections to take notice of their cancellation

}  // namespace

// What the accepting coroutines need, which may outlast the server.
struct Server::State : std::enable_shared_from_this<State> {
  State(asio::any_io_executor ex, ServerOptions server_options, Serve function)
      : executor(std::move(ex)),
        options(std::move(server_options)),
        serve(std::move(function)),
        connections(executor) {}

  ListenOptions listen_options() const { return {.backlog = options.backlog, .log = options.log}; }

  void accept_from(std::vector<std::unique_ptr<Listener>> opened, const Serve& other) {
    for (std::unique_ptr<Listener>& each : opened) {
      std::shared_ptr<Listener> listener = std::move(each);
      addresses.push_back(listener->address());
      listeners.push_back(listener);
      asio::co_spawn(executor, accept(shared_from_this(), std::move(listener), other ? other : serve), asio::detached);
    }
  }

  // Accepts until the listener is closed, as long as there is room.
  static asio::awaitable<void> accept(std::shared_ptr<State> state, std::shared_ptr<Listener> listener, Serve serve) {
    const std::size_t room = std::max<std::size_t>(state->options.max_connections, 1);
    for (;;) {
      if (state->connections.size() >= room) co_await state->connections.wait_until_at_most(room - 1);
      std::optional<asio::ip::tcp::socket> socket = co_await listener->accept();
      if (!socket || !listener->is_open()) co_return;
      state->connections.spawn([&](ConnectionGroup::Seat& seat) { return serve(std::move(*socket), seat); });
    }
  }

  void close_listeners() {
    for (const auto& listener : listeners) listener->close();
    listeners.clear();
  }

  const asio::any_io_executor executor;
  const ServerOptions options;
  const Serve serve;
  ConnectionGroup connections;
  std::vector<std::shared_ptr<Listener>> listeners;
  std::vector<Address> addresses;
};

Server::Server(asio::any_io_executor executor, ServerOptions options, Serve serve)
    : state_(std::make_shared<State>(std::move(executor), std::move(options), std::move(serve))) {}

Server::~Server() { abort(); }

asio::awaitable<void> Server::listen(std::string host, std::uint16_t port, Serve serve) {
  const ListenOptions options = state_->listen_options();  // named: g++ 12 destroys it twice within the co_await
  std::vector<std::unique_ptr<Listener>> opened = co_await net::listen(std::move(host), port, options);
  state_->accept_from(std::move(opened), serve);
}

void Server::listen_numeric(const std::string& host, std::uint16_t port, Serve serve) {
  state_->accept_from(net::listen_numeric(state_->executor, host, port, state_->listen_options()), serve);
}

const std::vector<Address>& Server::addresses() const { return state_->addresses; }
std::size_t Server::connections() const { return state_->connections.size(); }

void Server::close_listeners() { state_->close_listeners(); }

asio::awaitable<void> Server::shut_down(std::chrono::steady_clock::duration timeout) {
  const std::shared_ptr<State> state = state_;  // `this` may be gone after an await
  state->close_listeners();
  state->connections.stop();
  const auto deadline = ConnectionGroup::Clock::now() + timeout;
  try {
    if (co_await state->connections.wait_until_at_most(0, deadline)) co_return;
  } catch (...) {
    state->connections.abort();
    throw;
  }
  state->connections.abort();
  const auto hard_deadline = ConnectionGroup::Clock::now() + kHardStop;
  co_await state->connections.wait_until_at_most(0, hard_deadline);
}

void Server::abort() noexcept {
  state_->close_listeners();
  state_->connections.abort();
}

}  // namespace prometheus_async::aio::net
