// SPDX-License-Identifier: Apache-2.0
//
// Where a server gets the TLS context of a new connection from: always the same one, or whichever is the latest.
//
//   net::TlsProvider provider = net::fixed_tls(context);
//   net::Stream stream(std::move(socket), provider ? provider().get() : nullptr);
#ifndef PROMETHEUS_ASYNC_AIO_NET_TLS_PROVIDER_H_
#define PROMETHEUS_ASYNC_AIO_NET_TLS_PROVIDER_H_

#include <functional>
#include <memory>
#include <utility>

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace prometheus_async::aio::net {

namespace asio = boost::asio;

// A null function: no TLS at all. Otherwise called once for each new connection, before its handshake; the connection
// keeps what it got. It does not return null, and does not block. What it throws is a line of the server's log and ends
// that connection.
//
// Threads: those of the server, several at once if it has several.
using TlsProvider = std::function<std::shared_ptr<asio::ssl::context>()>;

// The same context for all; null: no TLS.
inline TlsProvider fixed_tls(std::shared_ptr<asio::ssl::context> context) {
  if (context == nullptr) return nullptr;
  return [context = std::move(context)] { return context; };
}

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_TLS_PROVIDER_H_
