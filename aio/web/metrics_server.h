// SPDX-License-Identifier: Apache-2.0
//
// A server of its own for metrics, inside an event loop of the program's own. /metrics has the registry's page, / a
// link to it that is cheap enough for health checks.
//
//   web::StartOptions options{.addr = "127.0.0.1", .port = 9090};
//   web::MetricsHTTPServer server = co_await web::start_http_server(std::move(options));
//   std::cout << "metrics at " << server.metrics_url() << '\n';
//   ...
//   co_await server.close();
//
// g++ 12 miscompiles options that are made within the co_await expression (it destroys them twice): give them a name,
// as here. Later compilers, and calls outside of co_await, take start_http_server({.port = 9090}).
#ifndef PROMETHEUS_ASYNC_AIO_WEB_METRICS_SERVER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_METRICS_SERVER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "aio/net/address.h"
#include "aio/net/tls_provider.h"
#include "aio/web/application.h"
#include "aio/web/landing_page.h"
#include "aio/web/response.h"
#include "aio/web/server_options.h"
#include "aio/web/service.h"
#include "exposition/scrape.h"
#include "metrics/registry.h"
#include "sd/service_discovery.h"

namespace prometheus_async::aio::web {

// Prometheus keeps idle connections for five minutes; closing earlier would make it connect anew for every scrape.
inline constexpr std::chrono::seconds kMetricsKeepAlive(330);

struct StartOptions {
  // A numeric address, a name, or empty for all interfaces, IPv4 and IPv6 on one port. There is no authentication
  // unless a middleware does it: on a machine that others reach, name an interface.
  std::string addr = {};
  // 0: the system chooses; see MetricsHTTPServer::socket().
  std::uint16_t port = 0;
  // What is shown; outlives the server. Null: metrics::default_registry().
  metrics::Registry* registry = nullptr;
  // Where it is shown. At any other path than "/" there is a landing page at "/", for people and health checks.
  std::string metrics_path = "/metrics";
  LandingPageOptions landing_page = {};
  // How scrapes are answered.
  exposition::ScrapeOptions scrape = {};
  // Announces the server once it listens, and takes that back in close(). Default: none.
  sd::ServiceDiscovery service_discovery = {};
  // HTTPS with this context; null: HTTP.
  std::shared_ptr<asio::ssl::context> ssl_context = nullptr;
  // The same with a context that may change while the server runs, in its place.
  net::TlsProvider tls = {};
  // Fields of every answer, as Strict-Transport-Security.
  Headers headers = {};
  // Called with the server's application before it has routes: for what is to stand around every answer, as
  // authentication (WebConfigFile::apply), and for pages besides the metrics.
  std::function<void(Application&)> customize = {};
  // Options given here in place of these start from ServerOptions' own defaults.
  ServerOptions server = {
      .limits = {.body = 4096}, .timeouts = {.keep_alive = kMetricsKeepAlive}, .max_connections = 128};
};

// Threads and lifetime: everything happens on the executor of the coroutine that started it, an io_context that one
// thread runs or a strand, which outlives the server.
class MetricsHTTPServer {
 public:
  // None: closed from the start. (co_spawn's results have a default constructor.)
  MetricsHTTPServer() = default;

  // Where it listens.
  const net::Address& socket() const { return service_.address(); }
  // Whether it speaks HTTPS.
  bool https() const { return service_.is_secure(); }
  // scheme://host:port/ with the address that is bound, as the original's; "http://[::]:9090/" for all interfaces.
  std::string url() const { return service_.url(); }
  // The metrics' own URL for a client on this machine: "http://[::1]:9090/metrics".
  std::string metrics_url() const { return service_.metrics_url(); }
  // Whether a service discovery has it, as far as that knows by now. False once close() has been called.
  bool is_registered() const { return service_.is_registered(); }

  // Deregisters and stops. It stops even if deregistration fails, and then throws that error. A second call does
  // nothing. Cancelled: stops at once. Without it, the destructor stops at once and does not deregister, which takes
  // awaiting.
  asio::awaitable<void> close() { return service_.close(); }

 private:
  friend class ThreadedMetricsHTTPServer;
  friend asio::awaitable<MetricsHTTPServer> start_http_server(StartOptions options);
  explicit MetricsHTTPServer(Service service) : service_(std::move(service)) {}

  Service service_;
};

// The pages of such a server, for one that is run in another way: registry, metrics_path, landing_page, scrape, headers
// and customize are used, and taken out of the options. Throws as start_http_server does for these.
[[nodiscard]] Application make_metrics_application(StartOptions& options);

// Returns once the server listens and, with a discovery, is registered.
//
// Throws std::system_error, "listen on HOST:PORT: reason", what the discovery throws, what the constructor of
// exposition::ScrapeHandler throws, or std::invalid_argument for a malformed path or header field; then, and if it is
// cancelled, nothing listens. Semantics: prometheus_async.aio.web.start_http_server, but that one port serves IPv4 and
// IPv6.
[[nodiscard]] asio::awaitable<MetricsHTTPServer> start_http_server(StartOptions options);
[[nodiscard]] asio::awaitable<MetricsHTTPServer> start_http_server();  // with all defaults

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_METRICS_SERVER_H_
