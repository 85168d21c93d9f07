// SPDX-License-Identifier: Apache-2.0

#include "aio/web/exporter.h"

#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "aio/web/metrics_server.h"
#include "aio/web/run_app.h"
#include "aio/web/web_config.h"
#include "aio/web/web_config_file.h"

namespace prometheus_async::aio::web {
namespace {

std::string usage(const ExporterOptions& options) {
  std::string text = "usage: " + options.name + " [<flags>]\n\n";
  if (!options.description.empty()) text += options.description + "\n\n";
  return text + exporter_flags_help();
}

// As the name of a metric can have it.
std::string prefix_of(std::string name) {
  for (char& c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) c = '_';
  }
  return name + "_";
}

RunOptions where_to_listen(const ExporterFlags& flags, const ExporterOptions& options) {
  RunOptions run{.addr = "", .systemd = flags.uses_systemd};
  if (flags.uses_systemd) return run;
  run.port = options.port;
  for (const net::Address& address : flags.listen_addresses) {
    if (&address != &flags.listen_addresses.front()) {
      run.more_addresses.push_back(address);
    } else {
      run.addr = address.host;
      run.port = address.port;
    }
  }
  return run;
}

}  // namespace

int run_exporter(const ExporterFlags& flags, ExporterOptions options) {
  if (flags.wants_help) {
    std::cout << usage(options) << std::flush;
    return 0;
  }
  if (flags.wants_version) {
    std::cout << options.name << (options.version.empty() ? "" : ", version " + options.version) << std::endl;
    return 0;
  }
  if (flags.checks_config) {
    validate_web_config(flags.config_file);
    std::cout << flags.config_file << " is good" << std::endl;
    return 0;
  }

  metrics::Registry& registry = options.registry != nullptr ? *options.registry : metrics::default_registry();
  StartOptions start{.registry = &registry,
                     .metrics_path = flags.telemetry_path,
                     .landing_page = {.name = options.name,
                                      .description = std::move(options.description),
                                      .version = std::move(options.version)},
                     .scrape = std::move(options.scrape)};
  start.scrape.max_requests_in_flight = flags.max_requests;
  if (flags.hides_exporter_metrics) {
    start.scrape.has_self_metrics = false;
    for (const char* name : {"process_cpu_seconds_total", "prometheus_async_refused_values_total"}) {
      registry.unregister(name);
    }
  }
  RunOptions run = where_to_listen(flags, options);
  std::optional<WebConfigFile> config;
  if (!flags.config_file.empty()) {
    config.emplace(flags.config_file);
    run.tls = config->tls_provider();
    if (!flags.hides_exporter_metrics) config->show_state(registry, prefix_of(options.name));
  }
  start.customize = [&config, customize = std::move(options.customize)](Application& app) {
    if (config) config->apply(app);
    if (customize) customize(app);
  };
  run.service_discovery = std::move(options.service_discovery);
  run.metrics_path = flags.telemetry_path;
  run.server = start.server;
  Application app = make_metrics_application(start);
  return run_app(std::move(app), std::move(run));
}

int exporter_main(int argc, const char* const* argv, ExporterOptions options) {
  const std::string name = options.name;
  try {
    const ExporterFlags flags = parse_exporter_flags(std::vector<std::string>(argv + 1, argv + argc));
    if (!flags.rest.empty()) throw std::invalid_argument("unexpected '" + flags.rest.front() + "'; try --help");
    return run_exporter(flags, std::move(options));
  } catch (const std::exception& error) {
    std::cerr << name << ": " << error.what() << std::endl;
    return 1;
  }
}

}  // namespace prometheus_async::aio::web
