// SPDX-License-Identifier: Apache-2.0
//
// What a listening port does with the connections that it accepts: a Site serves HTTP on them.
//
//   class Echo : public tx::Factory {
//    public:
//     asio::awaitable<void> serve(net::Socket socket, std::shared_ptr<ssl::context>, ConnectionGroup::Seat&) override;
//   };
//   reactor.listen_tcp(7, Echo());
#ifndef PROMETHEUS_ASYNC_TX_FACTORY_H_
#define PROMETHEUS_ASYNC_TX_FACTORY_H_

#include <cstddef>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "aio/net/connection_group.h"
#include "aio/net/socket.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace prometheus_async::tx {

namespace asio = boost::asio;

class ListeningPort;
class Reactor;

// A factory may serve several ports of one reactor. It lives as long as they and their connections do.
//
// Threads: the reactor's.
class Factory {
 public:
  virtual ~Factory() = default;

  // Before the first of its ports begins to listen; after the last has stopped. Connections may be left then.
  //
  // An exception from do_start() passes through listen_tcp(), and nothing listens.
  virtual void do_start(Reactor&) {}
  virtual void do_stop() {}

  // One connection, from its acceptance to its end; its exceptions are logged. `tls` is null for a plain one: else the
  // handshake is still to be done. The connection is asked to end through `seat`, and cancelled when the reactor shuts
  // down and it has not ended in time.
  virtual asio::awaitable<void> serve(aio::net::Socket socket, std::shared_ptr<asio::ssl::context> tls,
                                      aio::net::ConnectionGroup::Seat& seat) = 0;

 private:
  friend class ListeningPort;

  std::size_t ports_ = 0;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_FACTORY_H_
