// SPDX-License-Identifier: Apache-2.0
//
// A port that a reactor listens on: where it is, and how to stop.
//
//   tx::ListeningPort port = reactor.listen_tcp(0, EchoFactory());
//   std::cout << "port " << port.get_host().port << '\n';
//   tx::Deferred<void> stopped = port.stop_listening();
#ifndef PROMETHEUS_ASYNC_TX_LISTENING_PORT_H_
#define PROMETHEUS_ASYNC_TX_LISTENING_PORT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>

#include "aio/net/address.h"
#include "aio/net/log.h"
#include "tx/deferred.h"
#include "tx/factory.h"

namespace prometheus_async::tx {

// "cannot listen on HOST:PORT: reason".
class CannotListenError : public std::system_error {
 public:
  using std::system_error::system_error;
};

struct ListenOptions {
  // Connections that the kernel holds until they are accepted. Twisted's number.
  int backlog = 50;
  // A numeric address of this machine, IPv4 or IPv6. Empty: all of them.
  std::string interface = "";
  // Connections at a time; further ones wait in the kernel's queue until one ends.
  std::size_t max_connections = 1024;
  // How long connections that are busy may go on when the reactor shuts down. Then: cancelled.
  std::chrono::milliseconds shutdown_timeout = std::chrono::seconds(20);
  // Gets a line when accepting fails.
  aio::net::Log log = aio::net::log_to_stderr;
};

// A handle: copies stand for the same port, which listens on when they are gone.
//
// Threads: the reactor's. Lifetime: may outlive the reactor, which stops the port.
class ListeningPort {
 public:
  // The address, with the port that the system chose if 0 was asked for. Stays after the end.
  const aio::net::Address& get_host() const;

  // Accepts no more; the port is free on return. Connections live on. Fires in the next turn of the loop; if it does
  // not listen any more, at once.
  Deferred<void> stop_listening();

  // Connections that are served now.
  std::size_t connections() const;

 private:
  friend class Reactor;
  class Impl;

  explicit ListeningPort(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

  std::shared_ptr<Impl> impl_;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_LISTENING_PORT_H_
