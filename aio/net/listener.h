// SPDX-License-Identifier: Apache-2.0
//
// Accepts the connections of a listening socket, whatever the system runs out of.
//
//   net::Listener listener(executor, std::move(net::listen_numeric("127.0.0.1", 0).front()), log);
//   const std::uint16_t port = listener.address().port;
//   while (std::optional<net::Socket> socket = co_await listener.accept()) ...
#ifndef PROMETHEUS_ASYNC_AIO_NET_LISTENER_H_
#define PROMETHEUS_ASYNC_AIO_NET_LISTENER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "aio/net/address.h"
#include "aio/net/listening_socket.h"
#include "aio/net/log.h"
#include "aio/net/socket.h"

namespace prometheus_async::aio::net {

// Threads: the executor's.
class Listener {
 public:
  // Told how many clients were turned away, each time that some were.
  using OnTurnedAway = std::function<void(std::size_t)>;

  // `log` gets a line when accepting fails, as when the process runs out of descriptors, and one a second at most.
  Listener(asio::any_io_executor executor, ListeningSocket socket, Log log, OnTurnedAway on_turned_away = nullptr);
  ~Listener();

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The next connection; nullopt after close(). Never fails otherwise: a connection that is gone before it is accepted
  // is passed over, and where the system lacks something there is a pause of 0.1 s, doubling to 1 s, before the next
  // try. If there is no descriptor for them even after the first pause, those that wait are closed, rather than kept
  // waiting for what may not come: a descriptor is held in reserve for this.
  //
  // REQUIRES: *this lives until it returns. One call at a time.
  asio::awaitable<std::optional<Socket>> accept();

  // Ends accept(); the port is free on return, the file of a Unix socket gone.
  void close();
  bool is_open() const { return descriptor_.is_open(); }

  // Where it listens or, after close(), listened.
  const Address& address() const { return address_; }

 private:
  using Clock = std::chrono::steady_clock;

  // A system call that gave no connection.
  asio::awaitable<void> recover(int reason);
  // Those that are connecting now.
  void turn_away();
  void log_failure(int reason);

  const Address address_;
  const Log log_;
  const OnTurnedAway on_turned_away_;
  const int family_;
  std::shared_ptr<const void> file_;
  asio::posix::stream_descriptor descriptor_;
  int reserve_ = -1;  // a descriptor that is given up for the time of turning clients away
  asio::steady_timer timer_;
  std::chrono::milliseconds pause_;
  std::optional<Clock::time_point> logged_at_;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_LISTENER_H_
