// SPDX-License-Identifier: Apache-2.0
//
// Listening TCP sockets.
//
//   std::vector<std::unique_ptr<net::Listener>> listeners = co_await net::listen("127.0.0.1", 0);
//   const std::uint16_t port = listeners.front()->address().port;
//   while (std::optional<tcp::socket> socket = co_await listeners.front()->accept()) ...
#ifndef PROMETHEUS_ASYNC_AIO_NET_LISTENER_H_
#define PROMETHEUS_ASYNC_AIO_NET_LISTENER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "aio/net/address.h"

namespace prometheus_async::aio::net {

namespace asio = boost::asio;

struct ListenOptions {
  // Connections that the kernel holds until they are accepted.
  int backlog = 128;
  // Gets one line when accepting fails, as when the process runs out of descriptors, and one a second while it lasts.
  std::function<void(std::string_view)> log = nullptr;
};

// Threads: the executor's.
class Listener {
 public:
  // Binds and listens. Throws std::system_error.
  Listener(asio::any_io_executor executor, const asio::ip::tcp::endpoint& endpoint, const ListenOptions& options);

  // The next connection, without Nagle's delay; nullopt after close(). Never fails otherwise: a connection that is gone
  // before it is accepted is passed over, and where the system has no descriptor left there is a pause of 0.1 s,
  // growing to 1 s, before the next try.
  //
  // REQUIRES: *this lives until it returns. One call at a time.
  asio::awaitable<std::optional<asio::ip::tcp::socket>> accept();

  // Ends accept(); the port is free on return.
  void close();
  bool is_open() const { return acceptor_.is_open(); }

  // Where it listens or, after close(), listened.
  const Address& address() const { return address_; }

 private:
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Address address_;
  std::function<void(std::string_view)> log_;
};

// Listens at every address that `host` stands for, all with the same port.
//
// An empty host is all interfaces, IPv4 and IPv6 in one socket (IPv4 alone where the system has no IPv6). A name is
// looked up without blocking; of its addresses those count that this machine has. Port 0: the system chooses.
//
// Throws std::system_error whose message is "listen on HOST:PORT: " and the reason, with nothing left listening.
asio::awaitable<std::vector<std::unique_ptr<Listener>>> listen(std::string host, std::uint16_t port,
                                                               ListenOptions options = {});

// The same without a lookup and at once, for a host that is a numeric address or empty.
std::vector<std::unique_ptr<Listener>> listen_numeric(const asio::any_io_executor& executor, const std::string& host,
                                                      std::uint16_t port, const ListenOptions& options = {});

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_LISTENER_H_
