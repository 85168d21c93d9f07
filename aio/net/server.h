// SPDX-License-Identifier: Apache-2.0
//
// Listens, accepts, serves each connection, and stops gracefully, whatever is spoken on the connections.
//
//   net::Server server(executor, {}, [service](net::Socket socket, net::ConnectionGroup::Seat& seat) {
//     return net::serve_http(service, std::move(socket), nullptr, seat);
//   });
//   co_await server.listen("127.0.0.1", 8000);
//   ...
//   co_await server.shut_down(20s);
#ifndef PROMETHEUS_ASYNC_AIO_NET_SERVER_H_
#define PROMETHEUS_ASYNC_AIO_NET_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "aio/net/address.h"
#include "aio/net/connection_group.h"
#include "aio/net/listening_socket.h"
#include "aio/net/log.h"
#include "aio/net/socket.h"

namespace prometheus_async::aio::net {

struct ServerOptions {
  // Connections at a time; further ones wait in the kernel's queue until one ends.
  std::size_t max_connections = 1024;
  // Connections that the kernel holds until they are accepted, for listen() and listen_numeric().
  int backlog = 128;
  // Gets a line when accepting fails, and when `serve` throws.
  Log log = log_to_stderr;
  // Told how many clients were turned away, since there was no descriptor for them. Called on each executor.
  std::function<void(std::size_t)> on_turned_away = nullptr;
};

// Threads: everything happens on the executor, which runs one handler at a time: an io_context that one thread runs, or
// a strand. All calls are made there.
//
// Lifetime: the io_context outlives the server. Connections that take no notice of being cancelled run on after the
// server is gone; what they use is to be kept by them.
class Server {
 public:
  // Called for each connection, its coroutine runs until the connection is over. The function may capture, but must not
  // be a coroutine itself: it calls one. If it throws, the connection is closed.
  using Serve = std::function<asio::awaitable<void>(Socket, ConnectionGroup::Seat&)>;

  Server(asio::any_io_executor executor, ServerOptions options, Serve serve);
  // As abort().
  ~Server();

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens, as net::listen does, and serves from now on; may be called several times. `serve` is for the connections
  // of this call; empty: the constructor's.
  //
  // Throws std::system_error, "listen on HOST:PORT: reason"; nothing more listens then than before.
  asio::awaitable<void> listen(std::string host, std::uint16_t port, Serve serve = nullptr);
  // The same at once, for a numeric address or, empty, all interfaces.
  void listen_numeric(const std::string& host, std::uint16_t port, Serve serve = nullptr);

  // Serves the connections of a socket that listens already.
  void add(ListeningSocket socket, Serve serve = nullptr);

  // Where it listens, or listened, in the order of the calls.
  const std::vector<Address>& addresses() const;
  // Connections that are served now.
  std::size_t connections() const;

  // Accepts no more; connections live on.
  void close_listeners();
  // The same, and asks all connections to end: idle ones now, busy ones when they have answered
  // (ConnectionGroup::stop).
  void stop();

  // Stops gracefully: stop(); waits for the connections, up to `soft`; then cancels them, and gives them `hard` to end:
  // one that takes no notice is left behind, in the io_context's keeping.
  //
  // Cancelled: stops at once, as abort(). A second call: waits for the same. *this may go while it waits.
  using Duration = std::chrono::steady_clock::duration;
  asio::awaitable<void> shut_down(Duration soft, Duration hard = std::chrono::seconds(2));

  // Closes the listening sockets and cancels all connections, without waiting for them to end.
  void abort() noexcept;

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_SERVER_H_
