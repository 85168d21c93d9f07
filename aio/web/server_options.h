// SPDX-License-Identifier: Apache-2.0
//
// What a server allows its clients, and how long it waits for them.
//
//   web::run_app(std::move(app), {.port = 8000, .server = {.max_connections = 100}});
#ifndef PROMETHEUS_ASYNC_AIO_WEB_SERVER_OPTIONS_H_
#define PROMETHEUS_ASYNC_AIO_WEB_SERVER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "aio/http/request_parser.h"
#include "aio/net/http_observer.h"
#include "aio/net/http_options.h"
#include "aio/net/log.h"
#include "aio/web/access_log.h"

namespace prometheus_async::aio::web {

using net::Log;
using net::log_to_stderr;
// After ServerTimeouts::body the handler's read throws HttpError 408.
using net::ServerTimeouts;

struct ServerOptions {
  http::RequestLimits limits = {};
  ServerTimeouts timeouts = {};
  // Bytes a second that a client sends of a body at least, after ServerTimeouts::body_grace; 0: as slow as it likes.
  std::uint64_t min_body_rate = net::HttpOptions().min_body_rate;
  // Requests that a connection may bring, for spreading clients over servers anew. None: no bound.
  std::optional<std::uint64_t> max_requests = std::nullopt;
  // Connections at a time; further ones wait in the kernel's queue until one ends. Of several threads each has its
  // share, rounded up.
  std::size_t max_connections = 1024;
  // Connections that the kernel holds until they are accepted.
  int backlog = 128;
  // Gets a line for each handler that throws and when accepting fails.
  Log log = log_to_stderr;
  // A line for each request; off unless it is given a sink.
  AccessLogOptions access_log = {};
  // Told of connections and of each answer, after the access log: ServerMetrics (aio/web/server_metrics.h), and what a
  // program has of its own. None by default.
  std::vector<std::shared_ptr<net::HttpObserver>> observers = {};
};

namespace internal {
// What of it is the connections'. Throws std::invalid_argument for a bad format of the access log.
net::HttpOptions http_options(const ServerOptions& options);
}  // namespace internal

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_SERVER_OPTIONS_H_
