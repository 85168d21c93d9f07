// SPDX-License-Identifier: Apache-2.0
//
// The metrics of a program in Twisted's style, as a site: here, how long the steps of a loop take.
//
//   bazel run //services/metrics_site -- --port=8080
//   curl http://127.0.0.1:8080/metrics
//
// With --consul=http://127.0.0.1:8500 the Consul agent there knows of it while it runs.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"

#include "metrics/registry.h"
#include "sd/consul_agent.h"
#include "tx/defer_later.h"
#include "tx/looping_call.h"
#include "tx/reactor.h"
#include "tx/time.h"
#include "tx/web/announce.h"
#include "tx/web/metrics_resource.h"
#include "tx/web/resource.h"
#include "tx/web/site.h"

ABSL_FLAG(std::uint16_t, port, 8080, "port to listen on, on 127.0.0.1; 0: the system chooses");
ABSL_FLAG(std::string, consul, "", "URL of the Consul agent to register with, as http://127.0.0.1:8500; empty: none");

namespace metrics = prometheus_async::metrics;
namespace sd = prometheus_async::sd;
namespace tx = prometheus_async::tx;
using namespace std::chrono_literals;

int main(int argc, char** argv) try {
  absl::SetProgramUsageMessage("The metrics of a loop. Flags: --port, --consul.");
  absl::ParseCommandLine(argc, argv);
  auto& step_seconds = metrics::histogram("step_seconds", "time of a step of the loop");
  tx::Reactor reactor;

  tx::LoopingCall work(reactor, tx::time(step_seconds)([&] { return tx::defer_later(reactor, 5ms); }));
  tx::Deferred<void> ended = work.start(20ms);

  tx::web::Resource root;
  root.put_child("metrics", tx::web::MetricsResource());
  const auto port =
      reactor.listen_tcp(absl::GetFlag(FLAGS_port), tx::web::Site(std::move(root)), {.interface = "127.0.0.1"});
  std::cerr << "listening on http://" << port.get_host().to_string() << "/\n";
  const std::string agent = absl::GetFlag(FLAGS_consul);
  if (!agent.empty()) {
    tx::web::announce(reactor, port, sd::ConsulAgent({.name = "metrics-site", .agent = agent})).detach();
  }
  reactor.run();
} catch (const std::exception& error) {
  std::cerr << "metrics_site: " << error.what() << '\n';
  return EXIT_FAILURE;
}
