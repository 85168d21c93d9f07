// SPDX-License-Identifier: Apache-2.0
//
// The first example of prometheus-async as a program: a handler that is timed, counted and tracked, and the metrics
// that this makes, on the same port or on one of their own, found through Consul if asked for.
//
//   tools/run --port=8080
//   curl http://127.0.0.1:8080/; curl http://127.0.0.1:8080/metrics
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/time/time.h"
#include <boost/asio/awaitable.hpp>

#include "aio/count_exceptions.h"
#include "aio/sleep.h"
#include "aio/time.h"
#include "aio/track_inprogress.h"
#include "aio/web/application.h"
#include "aio/web/run_app.h"
#include "aio/web/server_stats.h"
#include "aio/web/threaded_metrics_server.h"
#include "metrics/registry.h"
#include "sd/consul_agent.h"
#include "sd/service_discovery.h"

ABSL_FLAG(std::string, addr, "127.0.0.1", "address to listen on; empty: all interfaces");
ABSL_FLAG(std::uint16_t, port, 8080, "port to listen on; 0: the system chooses");
ABSL_FLAG(std::optional<std::uint16_t>, metrics_port, std::nullopt,
          "port of a metrics server of its own; 0: the system chooses; unset: /metrics on --port");
ABSL_FLAG(std::string, consul, "",
          "URL of a Consul agent to register with, such as http://127.0.0.1:8500; empty: none");
ABSL_FLAG(std::string, name, "quickstart", "service name in Consul");
ABSL_FLAG(std::string, service_id, "", "service ID in Consul; empty: NAME-HOST-PORT");
ABSL_FLAG(absl::Duration, delay, absl::Milliseconds(100), "how long the handler of / takes");

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
namespace web = aio::web;

auto& request_seconds = metrics::histogram("quickstart_request_seconds", "Time spent in requests.", {"outcome"});
auto& request_errors = metrics::counter("quickstart_request_errors_total", "Requests that failed.");
auto& requests_in_progress = metrics::gauge("quickstart_requests_in_progress", "Requests being served.");

sd::ServiceDiscovery discovery() {
  const std::string agent = absl::GetFlag(FLAGS_consul);
  if (agent.empty()) return {};
  return sd::ConsulAgent(
      {.name = absl::GetFlag(FLAGS_name), .service_id = absl::GetFlag(FLAGS_service_id), .agent = agent});
}

int run() {
  const auto instrumented = aio::time(request_seconds.by_outcome()) | aio::count_exceptions(request_errors) |
                            aio::track_inprogress(requests_in_progress);
  const auto delay = absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_delay));

  web::Application app;
  app.router().add_get("/", instrumented([delay](web::Request&) -> asio::awaitable<web::Response> {
                         co_await aio::sleep(delay);
                         co_return web::text("hello\n");
                       }));
  app.router().add_get("/fail", instrumented([](web::Request&) -> asio::awaitable<web::Response> {
                         throw std::runtime_error("/fail was asked to fail");
                         co_return web::Response();
                       }));
  app.router().add_get("/healthy", [](web::Request&) { return web::text("ok\n"); });
  app.router().add_get("/metrics", web::server_stats);

  web::RunOptions options{.addr = absl::GetFlag(FLAGS_addr), .port = absl::GetFlag(FLAGS_port)};
  std::optional<web::ThreadedMetricsHTTPServer> metrics_server;
  if (const auto port = absl::GetFlag(FLAGS_metrics_port)) {
    metrics_server.emplace(
        web::start_http_server_in_thread({.addr = options.addr, .port = *port, .service_discovery = discovery()}));
    std::cerr << "metrics at " << metrics_server->metrics_url() << '\n';
  } else {
    options.service_discovery = discovery();
    options.health_path = "/healthy";
  }
  const int exit_code = web::run_app(std::move(app), std::move(options));
  if (metrics_server) metrics_server->close();
  return exit_code;
}

}  // namespace
}  // namespace prometheus_async

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "A service that is timed, counted and tracked. Flags: --addr, --port, --metrics_port, "
      "--consul, --name, --service_id, --delay.");
  absl::ParseCommandLine(argc, argv);
  try {
    return prometheus_async::run();
  } catch (const std::exception& error) {
    std::cerr << "quickstart: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
