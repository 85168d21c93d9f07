// SPDX-License-Identifier: Apache-2.0
//
// Runs an application until a signal says that it is enough: the main function of a service.
//
//   int main() {
//     web::Application app;
//     app.router().add_get("/", hello);
//     return web::run_app(std::move(app), {.port = 8000});
//   }
#ifndef PROMETHEUS_ASYNC_AIO_WEB_RUN_APP_H_
#define PROMETHEUS_ASYNC_AIO_WEB_RUN_APP_H_

#include <cstdint>
#include <memory>
#include <string>

#include "aio/web/application.h"
#include "aio/web/server_options.h"
#include "sd/service_discovery.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace prometheus_async::aio::web {

struct RunOptions {
  // A numeric address, a name, or empty for all interfaces. Loopback by default, so that nothing is open to others that
  // was not meant to be; aiohttp's is all interfaces.
  std::string addr = "127.0.0.1";
  // 0: the system chooses. The default is aiohttp's.
  std::uint16_t port = 8080;
  // HTTPS with this context; null: HTTP.
  std::shared_ptr<boost::asio::ssl::context> ssl_context = nullptr;
  // Announces the application once it listens, and takes that back before it stops.
  sd::ServiceDiscovery service_discovery = {};
  // Where the application has its metrics, for the discovery.
  std::string metrics_path = "/metrics";
  // A page that is cheap and constant, for the discovery's health checks.
  std::string health_path = "/";
  ServerOptions server = {};
};

// Serves in the calling thread. Once it listens and is registered it prints "listening on http://HOST:PORT/" as one
// line to standard output and flushes. SIGINT and SIGTERM stop it gracefully, a second one at once.
//
// Returns the exit code for main: 0 after a graceful stop, 128 + the signal's number after one at once.
// Throws std::system_error, "listen on HOST:PORT: reason", what the discovery throws, at the start or at the end, and
// nothing that a handler throws.
int run_app(Application app, RunOptions options = {});

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_RUN_APP_H_
