// SPDX-License-Identifier: Apache-2.0
//
// A service that is announced as its flags say, for tests that stop it and kill it.
//
//   consul_service --consul=http://127.0.0.1:8500 --service_id=a --check=ttl --reap_after_seconds=60
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"

#include "aio/web/application.h"
#include "aio/web/run_app.h"
#include "aio/web/server_stats.h"
#include "sd/consul_agent.h"

ABSL_FLAG(std::string, addr, "127.0.0.1", "address to listen on");
ABSL_FLAG(std::uint16_t, port, 0, "port to listen on; 0: the system chooses");
ABSL_FLAG(std::string, consul, "", "URL of the agent");
ABSL_FLAG(std::string, service_id, "", "as in ConsulOptions");
ABSL_FLAG(std::string, check, "http", "http, each second, or ttl, of 3 seconds");
ABSL_FLAG(std::string, token_file, "", "as in ConsulOptions");
ABSL_FLAG(std::string, tag, "", "the one tag of the service; empty: none");
ABSL_FLAG(int, reap_after_seconds, 0, "deregister_critical_service_after; 0: unset");

namespace prometheus_async {
namespace {

namespace web = aio::web;

int run() {
  sd::ConsulOptions consul;
  consul.name = "checkout";
  consul.service_id = absl::GetFlag(FLAGS_service_id);
  consul.agent = absl::GetFlag(FLAGS_consul);
  consul.token_file = absl::GetFlag(FLAGS_token_file);
  if (const std::string tag = absl::GetFlag(FLAGS_tag); !tag.empty()) consul.tags = {tag};
  if (absl::GetFlag(FLAGS_check) == "ttl") {
    consul.check = sd::ConsulTtlCheck{.ttl = std::chrono::seconds(3)};
  } else {
    consul.check = sd::ConsulHttpCheck{.interval = std::chrono::seconds(1), .timeout = std::chrono::seconds(1)};
  }
  if (const int seconds = absl::GetFlag(FLAGS_reap_after_seconds)) {
    consul.deregister_critical_service_after = std::chrono::seconds(seconds);
  }
  consul.start_up = sd::ConsulStartUp::kKeepTrying;
  consul.log = [](std::string_view line) { std::cerr << line << std::endl; };

  web::Application app;
  app.router().add_get("/", [](web::Request&) { return web::text("ok\n"); });
  app.router().add_get("/metrics", web::server_stats);
  web::RunOptions options{.addr = absl::GetFlag(FLAGS_addr), .port = absl::GetFlag(FLAGS_port)};
  options.service_discovery = sd::ConsulAgent(std::move(consul));
  return web::run_app(std::move(app), std::move(options));
}

}  // namespace
}  // namespace prometheus_async

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  try {
    return prometheus_async::run();
  } catch (const std::exception& error) {
    std::cerr << "consul_service: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
