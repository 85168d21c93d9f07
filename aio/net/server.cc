// SPDX-License-Identifier: Apache-2.0

#include "aio/net/server.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "aio/net/listener.h"

namespace prometheus_async::aio::net {
namespace {

asio::awaitable<void> end() { co_return; }

// A time that is too far away to be represented is never.
ConnectionGroup::Clock::time_point after(Server::Duration time) {
  const auto now = ConnectionGroup::Clock::now();
  return time < ConnectionGroup::Clock::time_point::max() - now ? now + time
                                                                : ConnectionGroup::Clock::time_point::max();
}

}  // namespace

// What the accepting coroutines need, which may outlast the server.
struct Server::State : std::enable_shared_from_this<State> {
  State(asio::any_io_executor ex, ServerOptions server_options, Serve function)
      : executor(std::move(ex)),
        options(std::move(server_options)),
        serve(std::move(function)),
        connections(executor) {}

  TcpOptions tcp_options() const { return {.backlog = options.backlog}; }

  void accept_from(std::vector<ListeningSocket> sockets, const Serve& other) {
    for (ListeningSocket& socket : sockets) {
      auto listener = std::make_shared<Listener>(executor, std::move(socket), options.log, options.on_turned_away);
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
      std::optional<Socket> socket = co_await listener->accept();
      if (!socket || !listener->is_open()) co_return;
      state->connections.spawn(
          [&](ConnectionGroup::Seat& seat) { return state->begin(serve, std::move(*socket), seat); });
    }
  }

  asio::awaitable<void> begin(const Serve& serve_it, Socket socket, ConnectionGroup::Seat& seat) const {
    try {
      return serve_it(std::move(socket), seat);
    } catch (const std::exception& error) {
      if (options.log) options.log("a new connection: " + escape_for_log(error.what()));
    } catch (...) {
      if (options.log) options.log("a new connection: an exception that is no std::exception");
    }
    return end();
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
  const std::shared_ptr<State> state = state_;  // `this` may be gone after an await
  std::vector<ListeningSocket> sockets = co_await net::listen(std::move(host), port, state->tcp_options());
  state->accept_from(std::move(sockets), serve);
}

void Server::listen_numeric(const std::string& host, std::uint16_t port, Serve serve) {
  state_->accept_from(net::listen_numeric(host, port, state_->tcp_options()), serve);
}

void Server::add(ListeningSocket socket, Serve serve) {
  std::vector<ListeningSocket> sockets;
  sockets.push_back(std::move(socket));
  state_->accept_from(std::move(sockets), serve);
}

const std::vector<Address>& Server::addresses() const { return state_->addresses; }
std::size_t Server::connections() const { return state_->connections.size(); }

void Server::close_listeners() { state_->close_listeners(); }

void Server::stop() {
  state_->close_listeners();
  state_->connections.stop();
}

asio::awaitable<void> Server::shut_down(Duration soft, Duration hard) {
  const std::shared_ptr<State> state = state_;  // `this` may be gone after an await
  stop();
  const auto deadline = after(soft);
  try {
    if (co_await state->connections.wait_until_at_most(0, deadline)) co_return;
  } catch (...) {
    state->connections.abort();
    throw;
  }
  state->connections.abort();
  const auto hard_deadline = after(hard);
  co_await state->connections.wait_until_at_most(0, hard_deadline);
}

void Server::abort() noexcept {
  state_->close_listeners();
  state_->connections.abort();
}

}  // namespace prometheus_async::aio::net
