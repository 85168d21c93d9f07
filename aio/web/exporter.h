// SPDX-License-Identifier: Apache-2.0
//
// The main function of an exporter: a page of metrics with the flags, the web configuration file and the landing page
// that Prometheus' own exporters have.
//
//   int main(int argc, char** argv) {
//     metrics::default_registry().add(std::make_shared<QueueCollector>());
//     return web::exporter_main(argc, argv, {.name = "queue_exporter", .version = "1.4.2", .port = 9714});
//   }
#ifndef PROMETHEUS_ASYNC_AIO_WEB_EXPORTER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_EXPORTER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "aio/web/application.h"
#include "aio/web/exporter_flags.h"
#include "exposition/scrape.h"
#include "metrics/registry.h"
#include "sd/service_discovery.h"

namespace prometheus_async::aio::web {

struct ExporterOptions {
  std::string name = "exporter";
  std::string description = {};
  std::string version = {};
  // On all interfaces, where no address is given, as with all exporters
  // (https://github.com/prometheus/prometheus/wiki/Default-port-allocations).
  std::uint16_t port = 9100;
  // What is shown; outlives the exporter. Null: metrics::default_registry().
  metrics::Registry* registry = nullptr;
  exposition::ScrapeOptions scrape = {};
  // Announces the exporter once it listens.
  sd::ServiceDiscovery service_discovery = {};
  // As in StartOptions: for pages besides the metrics.
  std::function<void(Application&)> customize = {};
};

// Serves in the calling thread until SIGINT or SIGTERM, as run_app; returns the exit code for main. --help, --version
// and --web.config.check print what they are asked for and return 0.
//
// What is wrong is a line on standard error, "NAME: reason", and the exit code 1: a flag, an argument that is none (a
// program with flags of its own calls parse_exporter_flags and run_exporter), the web configuration file, an address
// that is taken, what the discovery throws.
//
// With a web configuration file, its gauges (WebConfigFile::show_state) are on the page, as NAME_config_last_reload_...
int exporter_main(int argc, const char* const* argv, ExporterOptions options = {});

// The same with flags that were read already. Throws what exporter_main prints; ExporterFlags::rest has no effect.
int run_exporter(const ExporterFlags& flags, ExporterOptions options = {});

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_EXPORTER_H_
