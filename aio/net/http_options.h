// SPDX-License-Identifier: Apache-2.0
//
// What an HTTP server allows its clients, and how long it waits for them.
//
//   net::HttpOptions options{.timeouts = {.keep_alive = 330s}};
#ifndef PROMETHEUS_ASYNC_AIO_NET_HTTP_OPTIONS_H_
#define PROMETHEUS_ASYNC_AIO_NET_HTTP_OPTIONS_H_

#include <chrono>

#include "aio/http/request_parser.h"
#include "aio/net/log.h"

namespace prometheus_async::aio::net {

// How long a connection may take for each step. A deadline passes at its time or up to 0.25 s later.
struct ServerTimeouts {
  using Duration = std::chrono::milliseconds;

  // TLS handshake. Then: reset.
  Duration tls_handshake = std::chrono::seconds(10);
  // A new connection's first byte. Then: closed.
  Duration first_byte = std::chrono::seconds(30);
  // The head of a request from its first byte, however steadily it drips. Then: 408, closed.
  Duration head = std::chrono::seconds(10);
  // Between two pieces of a body. Then: 408, as an exception of the read; closed.
  Duration body = std::chrono::seconds(20);
  // For the client to take some of the answer. Then: reset.
  Duration write = std::chrono::seconds(20);
  // Between an answer and the next request. Then: closed. aiohttp's run_app has the same.
  Duration keep_alive = std::chrono::seconds(75);
  // After the last answer, for the client to read it and close. Then: closed.
  Duration linger = std::chrono::seconds(2);
  // For requests that are being answered when the server is asked to stop. Then: their handlers are cancelled.
  Duration shutdown = std::chrono::seconds(20);
};

struct HttpOptions {
  http::RequestLimits limits = {};
  ServerTimeouts timeouts = {};
  // Gets a line for each request whose answering throws.
  Log log = log_to_stderr;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_HTTP_OPTIONS_H_
