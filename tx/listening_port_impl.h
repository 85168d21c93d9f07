// SPDX-License-Identifier: Apache-2.0
//
// A listening port as its reactor sees it.
#ifndef PROMETHEUS_ASYNC_TX_LISTENING_PORT_IMPL_H_
#define PROMETHEUS_ASYNC_TX_LISTENING_PORT_IMPL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "aio/net/address.h"
#include "aio/net/server.h"
#include "tx/deferred.h"
#include "tx/factory.h"
#include "tx/listening_port.h"

namespace prometheus_async::tx {

class ListeningPort::Impl {
 public:
  // Starts the factory and listens. Throws CannotListenError.
  Impl(Reactor& reactor, std::uint16_t port, std::shared_ptr<Factory> factory, std::shared_ptr<asio::ssl::context> tls,
       ListenOptions options);
  ~Impl();

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const aio::net::Address& host() const { return host_; }
  std::size_t connections() const { return server_ ? server_->connections() : 0; }
  // Neither listens nor has connections.
  bool is_over() const { return !is_listening_ && connections() == 0; }

  Deferred<void> stop_listening();
  // Stops, and ends the connections.
  Deferred<void> shut_down();
  // The same without waiting; the reactor is not used from then on.
  void abort() noexcept;

 private:
  // Whether it was listening.
  bool close();

  Reactor& reactor_;
  const std::shared_ptr<Factory> factory_;
  const ListenOptions options_;
  std::optional<aio::net::Server> server_;
  aio::net::Address host_;
  bool is_listening_ = false;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_LISTENING_PORT_IMPL_H_
