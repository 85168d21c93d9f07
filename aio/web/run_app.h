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

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aio/net/address.h"
#include "aio/net/tls_provider.h"
#include "aio/web/application.h"
#include "aio/web/server_options.h"
#include "sd/service_discovery.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace prometheus_async::aio::web {

struct RunOptions {
  // --- Where it listens: at all that is named here.

  // A numeric address, a name, or empty for all interfaces. Loopback by default, so that nothing is open to others that
  // was not meant to be; aiohttp's is all interfaces.
  std::string addr = "127.0.0.1";
  // 0: the system chooses. None: 8080, aiohttp's, if none of the following is given; else no TCP port is opened here.
  std::optional<std::uint16_t> port = std::nullopt;
  // Further addresses, {host, port}, of the same kind.
  std::vector<net::Address> more_addresses = {};
  // A Unix socket, and its file's permissions, as 0660; see AppRunner::unix_site. Empty: none.
  std::string unix_path = {};
  std::optional<unsigned> unix_mode = std::nullopt;
  // A socket that a parent process has made to listen.
  std::optional<int> descriptor = std::nullopt;
  // The sockets of systemd's socket activation, one at least.
  bool systemd = false;
  // Lets further processes of this user listen on the same TCP ports.
  bool reuse_port = false;

  // HTTPS with this context; null: HTTP.
  std::shared_ptr<boost::asio::ssl::context> ssl_context = nullptr;
  // HTTPS with what this gives for each new connection; in place of ssl_context.
  net::TlsProvider tls = nullptr;

  // Threads that serve, the calling one included, each with an event loop and connections of its own; handlers are
  // called on all of them at once, the application's callbacks on the calling one.
  std::size_t threads = 1;

  // Announces the application once it listens, and takes that back before it stops.
  sd::ServiceDiscovery service_discovery = {};
  // Where the application has its metrics, for the discovery.
  std::string metrics_path = "/metrics";
  // A page that is cheap and constant, for the discovery's health checks.
  std::string health_path = "/";

  // For how long it goes on serving after the signal, new connections too, and after the discovery was told: the time
  // that a load balancer needs to see that this service is going. As much less is left of what an orchestrator grants
  // before it kills.
  std::chrono::milliseconds drain_delay = std::chrono::milliseconds(0);
  // Called when that begins, on the calling thread; for a readiness page to say 503 from now on.
  std::function<void()> on_drain = nullptr;

  ServerOptions server = {};
};

// Serves in the calling thread, and in further ones. Once it listens and is registered it prints
// "listening on http://HOST:PORT/" to standard output, a line for each address, and flushes; a Unix socket reads
// "listening on http://unix:PATH:/". SIGINT and SIGTERM stop it gracefully, a second one at once. SIGPIPE is ignored
// from now on, unless the program handles it.
//
// Returns the exit code for main: 0 after a graceful stop, 128 + the signal's number after one at once. A discovery
// that fails at the end, as when Consul's agent is away, is a line in ServerOptions::log and no failure of the service.
// Throws std::system_error, "listen on ADDRESS: reason", std::invalid_argument for bad options, what the discovery
// throws at the start, what the application's callbacks throw, and nothing that a handler throws.
int run_app(Application app, RunOptions options = {});

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_RUN_APP_H_
