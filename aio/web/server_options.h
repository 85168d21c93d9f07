// SPDX-License-Identifier: Apache-2.0
//
// What a server allows its clients, and how long it waits for them.
//
//   web::run_app(std::move(app), {.port = 8000, .server = {.max_connections = 100}});
#ifndef PROMETHEUS_ASYNC_AIO_WEB_SERVER_OPTIONS_H_
#define PROMETHEUS_ASYNC_AIO_WEB_SERVER_OPTIONS_H_

#include <cstddef>

#include "aio/http/request_parser.h"
#include "aio/net/http_options.h"
#include "aio/net/log.h"

namespace prometheus_async::aio::web {

using net::Log;
using net::log_to_stderr;
// After ServerTimeouts::body the handler's read throws HttpError 408.
using net::ServerTimeouts;

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
