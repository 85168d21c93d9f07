// SPDX-License-Identifier: Apache-2.0
//
// The flags that Prometheus' own exporters have in common, so that ours are run by the same unit files and charts.
//
//   const web::ExporterFlags flags = web::parse_exporter_flags({"--web.listen-address=:9100",
//   "--web.config.file=w.yml"}); flags.listen_addresses.at(0).port;  // 9100
#ifndef PROMETHEUS_ASYNC_AIO_WEB_EXPORTER_FLAGS_H_
#define PROMETHEUS_ASYNC_AIO_WEB_EXPORTER_FLAGS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "aio/net/address.h"

namespace prometheus_async::aio::web {

struct ExporterFlags {
  // --web.listen-address=HOST:PORT, any number of times: HOST a numeric address, one of IPv6 in brackets, a name, or
  // nothing for all interfaces; PORT 0: the system chooses. Empty: not given.
  std::vector<net::Address> listen_addresses = {};
  // --web.systemd-socket: the sockets of systemd's socket activation, in place of addresses.
  bool uses_systemd = false;
  // --web.config.file=PATH: see aio/web/web_config.h. Empty: plain HTTP for everybody.
  std::string config_file = {};
  // --web.config.check: says whether that file is good, and serves nothing.
  bool checks_config = false;
  // --web.telemetry-path=PATH
  std::string telemetry_path = "/metrics";
  // --web.max-requests=N: scrapes at a time; 0: any number.
  std::size_t max_requests = 40;
  // --web.disable-exporter-metrics: nothing about the process and the scrapes themselves.
  bool hides_exporter_metrics = false;
  // --help, -h; --version
  bool wants_help = false;
  bool wants_version = false;
  // What is none of these, in order: the program's own. All that follows "--" is, too.
  std::vector<std::string> rest = {};
};

// Flags are written --flag=value or --flag value; those that take none --flag or --no-flag. The last one counts.
//
// Throws std::invalid_argument, "--flag: 'value' rule", for a value that is none, a flag without its value, an unknown
// flag that begins with --web., and a --web.config.check without a file.
ExporterFlags parse_exporter_flags(const std::vector<std::string>& arguments);

// A line for each flag, for --help.
std::string exporter_flags_help();

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_EXPORTER_FLAGS_H_
