// SPDX-License-Identifier: Apache-2.0
//
// What a server allows its clients, and how long it waits for them.
//
//   web::run_app(std::move(app), {.port = 8000, .server = {.max_connections = 100}});
#ifndef PROMETHEUS_ASYNC_AIO_WEB_SERVER_OPTIONS_H_
#define PROMETHEUS_ASYNC_AIO_WEB_SERVER_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

#include "aio/http/request_parser.h"

namespace prometheus_async::aio::web {

// Gets one line without a line end, on the server's thread. Must not throw.
using Log = std::function<void(std::string_view line)>;

// "prometheus_async: LINE" on stderr, in one write.
void log_to_stderr(std::string_view line);

// How long a connection may take for each step. A deadline passes at its time or up to 0.25 s later.
struct ServerTimeouts {
  using Duration = std::chrono::milliseconds;

  // TLS handshake. Then: reset.
  Duration tls_handshake = std::chrono::seconds(10);
  // A new connection's first byte. Then: closed.
  Duration first_byte = std::chrono::seconds(30);
  // The head of a request from its first byte, however steadily it drips. Then: 408, closed.
  Duration head = std::chrono::seconds(10);
  // Between two pieces of a body. Then: the handler's read throws HttpError 408; closed.
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

struct ServerOptions {
  http::RequestLimits limits = {};
  ServerTimeouts timeouts = {};
  // Connections at a time; further ones wait in the kernel's queue until one ends.
  std::size_t max_connections = 1024;
  // Connections that the kernel holds until they are accepted.
  int backlog = 128;
  // Gets a line for each handler that throws and when accepting fails.
  Log log = log_to_stderr;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_SERVER_OPTIONS_H_
