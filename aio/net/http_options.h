// SPDX-License-Identifier: Apache-2.0
//
// What an HTTP server allows its clients, and how long it waits for them.
//
//   net::HttpOptions options{.timeouts = {.keep_alive = 330s}};
#ifndef PROMETHEUS_ASYNC_AIO_NET_HTTP_OPTIONS_H_
#define PROMETHEUS_ASYNC_AIO_NET_HTTP_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "aio/http/request_parser.h"
#include "aio/net/http_observer.h"
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
  // How long a body may fall behind HttpOptions::min_body_rate. Then: the same.
  Duration body_grace = std::chrono::seconds(5);
  // For the client to take some of the answer. Then: reset.
  Duration write = std::chrono::seconds(20);
  // A whole answer from its head on, however steadily it is read; none: no bound. Then: reset.
  std::optional<Duration> answer = std::nullopt;
  // Between an answer and the next request. Then: closed. aiohttp's run_app has the same.
  Duration keep_alive = std::chrono::seconds(75);
  // After the last answer, for the client to read it and close. Then: closed.
  Duration linger = std::chrono::seconds(2);
  // For requests that are being answered when the server is asked to stop. Then: their handlers are cancelled.
  Duration shutdown = std::chrono::seconds(20);
  // For those handlers to end then. Then: they are left behind.
  Duration hard_shutdown = std::chrono::seconds(2);
};

struct HttpOptions {
  http::RequestLimits limits = {};
  ServerTimeouts timeouts = {};
  // Bytes a second that a client sends of a body at least, in the time in which it is waited for; 0: as slow as it
  // likes. A slow mobile line has fifty times as much.
  std::uint64_t min_body_rate = 240;
  // Requests that a connection may bring; the last one's answer says that it closes. None: no bound. For spreading
  // clients over servers anew.
  std::optional<std::uint64_t> max_requests = std::nullopt;
  // Gets a line for each request whose answering throws.
  Log log = log_to_stderr;
  // Told of connections and of each answer, in this order. None: nothing is measured for them either.
  std::vector<std::shared_ptr<HttpObserver>> observers = {};
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_HTTP_OPTIONS_H_
