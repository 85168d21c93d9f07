// SPDX-License-Identifier: Apache-2.0
//
// Routes in Klein's style, whose requests are counted by endpoint and method: prometheus-async's example of metrics in
// a Klein application.
//
//   bazel run //services/klein -- --port=8080
//   curl http://127.0.0.1:8080/; curl http://127.0.0.1:8080/metrics
#include "tx/web/klein.h"

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"

#include "metrics/registry.h"
#include "tx/reactor.h"
#include "tx/web/metrics_resource.h"
#include "tx/web/site.h"

ABSL_FLAG(std::uint16_t, port, 8080, "port to listen on, on 127.0.0.1; 0: the system chooses");

namespace metrics = prometheus_async::metrics;
namespace tx = prometheus_async::tx;

int main(int argc, char** argv) try {
  absl::SetProgramUsageMessage("Routes whose requests are counted. Flags: --port.");
  absl::ParseCommandLine(argc, argv);
  auto& inbound_requests = metrics::counter("inbound_requests_total", "inbound http requests", {"endpoint", "method"});

  tx::web::Klein app;
  app.route("/", [&](tx::web::Request&) {
    inbound_requests.labels("/", "GET").Increment();
    return "hello\n";
  });
  app.route("/metrics", [&](tx::web::Request&) {
    inbound_requests.labels("/metrics", "GET").Increment();
    return tx::web::MetricsResource();
  });

  tx::Reactor reactor;
  const auto port =
      reactor.listen_tcp(absl::GetFlag(FLAGS_port), tx::web::Site(app.resource()), {.interface = "127.0.0.1"});
  std::cerr << "listening on http://" << port.get_host().to_string() << "/\n";
  reactor.run();
} catch (const std::exception& error) {
  std::cerr << "klein: " << error.what() << '\n';
  return EXIT_FAILURE;
}
