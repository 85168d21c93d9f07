// SPDX-License-Identifier: Apache-2.0
//
// A page that keeps its reader waiting, and the metric that shows for how long: prometheus-async's example of a
// Deferred that is timed.
//
//   bazel run //services/delayed_resource -- --port=8080
//   curl http://127.0.0.1:8080/; curl http://127.0.0.1:8080/metrics
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/time/time.h"

#include "metrics/registry.h"
#include "tx/defer_later.h"
#include "tx/reactor.h"
#include "tx/time.h"
#include "tx/web/metrics_resource.h"
#include "tx/web/resource.h"
#include "tx/web/site.h"

ABSL_FLAG(std::uint16_t, port, 8080, "port to listen on, on 127.0.0.1; 0: the system chooses");
ABSL_FLAG(absl::Duration, delay, absl::Seconds(5), "how long the page takes");

namespace metrics = prometheus_async::metrics;
namespace tx = prometheus_async::tx;

namespace {

tx::Reactor reactor;
auto& req_time = metrics::histogram("req_time_seconds", "time spent in requests");

class DelayedResource : public tx::web::Resource {
 public:
  tx::web::Body render_get(tx::web::Request& request) override {
    const auto delay = absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_delay));
    tx::time(req_time, tx::defer_later(reactor, delay).add_callback([&request] {
      request.write("<html><body>Sorry to keep you waiting.</body></html>");
      request.finish();
    }));
    return tx::web::NOT_DONE_YET;
  }
};

}  // namespace

int main(int argc, char** argv) try {
  absl::SetProgramUsageMessage("A page that takes its time. Flags: --port, --delay.");
  absl::ParseCommandLine(argc, argv);
  tx::web::Resource root;
  root.put_child("", DelayedResource());
  root.put_child("metrics", tx::web::MetricsResource());
  const auto port =
      reactor.listen_tcp(absl::GetFlag(FLAGS_port), tx::web::Site(std::move(root)), {.interface = "127.0.0.1"});
  std::cerr << "listening on http://" << port.get_host().to_string() << "/\n";
  reactor.run();
} catch (const std::exception& error) {
  std::cerr << "delayed_resource: " << error.what() << '\n';
  return EXIT_FAILURE;
}
