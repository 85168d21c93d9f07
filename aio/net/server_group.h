// SPDX-License-Identifier: Apache-2.0
//
// One server on several threads: a Server for each executor, which have their addresses in common and nothing else.
//
//   net::ServerGroup servers(executors, {}, [](const asio::any_io_executor& executor) {
//     auto service = std::make_shared<Hello>(executor, net::HttpOptions());
//     return [service](net::Socket socket, std::shared_ptr<asio::ssl::context> tls, net::ConnectionGroup::Seat& seat) {
//       return net::serve_http(service, std::move(socket), std::move(tls), seat);
//     };
//   });
//   co_await servers.listen("127.0.0.1", 8000);
//   ...
//   co_await servers.shut_down(20s, 2s);
#ifndef PROMETHEUS_ASYNC_AIO_NET_SERVER_GROUP_H_
#define PROMETHEUS_ASYNC_AIO_NET_SERVER_GROUP_H_

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
#include "aio/net/server.h"
#include "aio/net/socket.h"
#include "aio/net/tls_provider.h"

namespace prometheus_async::aio::net {

// A connection stays on the executor that accepted it. With several executors a TCP address has a socket for each,
// among which the kernel spreads the connections by their addresses (SO_REUSEPORT); of other sockets all accept from
// the same queue.
//
// Threads: all calls on the first executor. Each executor runs one handler at a time: an io_context that one thread
// runs, or a strand. They are run until shut_down() has returned.
// Lifetime: the first io_context outlives the group. What belongs to another executor is destroyed on it, or with its
// io_context, which may go before the group does if it is not run at that time.
class ServerGroup {
 public:
  // As Server::Serve, with the TLS context of the connection: null for a plain one.
  using Serve =
      std::function<asio::awaitable<void>(Socket, std::shared_ptr<asio::ssl::context>, ConnectionGroup::Seat&)>;
  // What serves the connections of one executor. Called for each by the constructor; the result is called, and in the
  // end destroyed, on that executor.
  using MakeServe = std::function<Serve(const asio::any_io_executor&)>;

  // Of ServerOptions::max_connections each executor has its share, rounded up.
  //
  // Throws std::invalid_argument if there is no executor.
  ServerGroup(std::vector<asio::any_io_executor> executors, ServerOptions options, const MakeServe& make_serve);
  // As abort().
  ~ServerGroup();

  ServerGroup(const ServerGroup&) = delete;
  ServerGroup& operator=(const ServerGroup&) = delete;

  // Listens, as net::listen does, and serves from now on. That an address is in use is an error as with one executor,
  // unless `options.reuse_port` is set.
  //
  // Throws std::system_error, "listen on HOST:PORT: reason"; nothing more listens then than before. So it does if it is
  // asked to stop in the meantime.
  asio::awaitable<void> listen(std::string host, std::uint16_t port, TcpOptions options = {},
                               TlsProvider tls = nullptr);
  // Serves the connections of a socket that listens already.
  asio::awaitable<void> add(ListeningSocket socket, TlsProvider tls = nullptr);

  // Where it listens, or listened, in the order of the calls.
  const std::vector<Address>& addresses() const { return addresses_; }

  // As Server's, on all executors; returns when it is done.
  asio::awaitable<void> stop();
  // Cancelled: stops at once, as abort().
  asio::awaitable<void> shut_down(Server::Duration soft, Server::Duration hard);
  // As Server's; without waiting for the other executors to do it.
  void abort() noexcept;

 private:
  struct Lane;  // what belongs to one executor
  using Step = std::function<asio::awaitable<void>(Lane&, std::size_t)>;

  // Runs a step on each executor, all at the same time, and returns when all have ended. Throws what the first of those
  // that failed has thrown.
  asio::awaitable<void> on_each(Step step);
  static asio::awaitable<void> run(std::shared_ptr<const Step> step, std::shared_ptr<Lane> lane, std::size_t i);
  // `sockets` has those of each lane.
  asio::awaitable<void> serve(std::vector<std::vector<ListeningSocket>> sockets, TlsProvider tls);

  // Those that are there: not the ones whose io_context is gone.
  std::vector<std::shared_ptr<Lane>> others() const;
  // From here on they end by themselves, when their connections have ended.
  void let_go_of_others();

  std::shared_ptr<Lane> first_;
  std::vector<std::weak_ptr<Lane>> others_;  // kept by their executors
  std::vector<Address> addresses_;
  bool is_stopped_ = false;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_SERVER_GROUP_H_
