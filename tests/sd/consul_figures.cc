// SPDX-License-Identifier: Apache-2.0
//
// What docs/benchmarks.md says of discovery, measured with Consul 1.8.7 and Prometheus 2.24.1 on this machine.
//
//   bazel run -c opt //tests/sd:consul_figures -- --rounds=10 --idle_seconds=300
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include <boost/asio/io_context.hpp>

#include "metrics/registry.h"
#include "sd/consul_agent.h"
#include "sd/consul_options.h"
#include "sd/service_discovery.h"
#include "tests/services/service.h"
#include "tests/testing/consul_process.h"
#include "tests/testing/prometheus_server.h"
#include "tests/testing/run.h"
#include "tests/testing/stopwatch.h"
#include "tests/testing/temporary_folder.h"

ABSL_FLAG(int, rounds, 10, "of each figure that is a time");
ABSL_FLAG(int, idle_seconds, 300, "for which an idle registration is watched; 0: not at all");

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using testing::ConsulProcess;
using testing::Service;
using testing::Stopwatch;

void check(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error("no figure: " + what);
}

void print_times(const std::string& what, std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  std::printf("| %s | %.3f | %.3f | %.3f |\n", what.c_str(), seconds.front(), seconds[seconds.size() / 2],
              seconds.back());
  std::fflush(stdout);
}

// Fine enough for what takes milliseconds.
template <class Condition>
void wait(Condition condition, const std::string& what) {
  const Stopwatch since_then;
  while (!condition()) {
    check(since_then.seconds() < 150, what);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::unique_ptr<Service> launch(const ConsulProcess& consul, const std::string& id) {
  const std::vector<std::string> flags{"--consul=" + consul.url(), "--service_id=" + id};
  return std::make_unique<Service>("CONSUL_SERVICE", flags);
}

// From the start of a process to a target that is there, and to one that is up; and its way back.
void measure_start_and_end(int rounds) {
  ConsulProcess consul;
  check(consul.wait_until_ready(), "Consul");
  testing::PrometheusServer prometheus(std::getenv("PROMETHEUS_CONSUL"), R"(
  - job_name: consul
    consul_sd_configs: [{server: ")" + consul.host_and_port() + R"(", services: [checkout], refresh_interval: 1s}]
)");
  check(prometheus.wait_until_ready(), "Prometheus");
  std::vector<double> registered;
  std::vector<double> visible;
  std::vector<double> up;
  std::vector<double> deregistered;
  std::vector<double> invisible;
  for (int round = 0; round < rounds; ++round) {
    const Stopwatch since_start;
    const auto service = launch(consul, "a");
    wait([&] { return consul.has_service("a"); }, "registered");
    registered.push_back(since_start.seconds());
    wait([&] { return prometheus.targets().size() == 1; }, "visible");
    visible.push_back(since_start.seconds());
    wait([&] { return prometheus.targets().at(0).health == "up"; }, "up");
    up.push_back(since_start.seconds());
    service->process().send_signal(SIGTERM);
    const Stopwatch since_signal;
    wait([&] { return !consul.has_service("a"); }, "deregistered");
    deregistered.push_back(since_signal.seconds());
    wait([&] { return prometheus.targets().empty(); }, "invisible");
    invisible.push_back(since_signal.seconds());
    check(service->process().wait_for_exit() == 0, "an orderly end");
  }
  print_times("process start to registered", registered);
  print_times("process start to target visible", visible);
  print_times("process start to first good scrape", up);
  print_times("SIGTERM to deregistered", deregistered);
  print_times("SIGTERM to target gone", invisible);
}

// The agent is killed, has lost what it knew, and is started again at once, or once the keeper tries as seldom as it
// ever does. A keeper that loses its service again and again is slower on purpose, so each round has its own. The agent
// is a server by itself: a wiped one needs a second or two until it has made itself the leader, during which it may
// hold up whom it serves. In development mode it is quicker.
void measure_wipes(int rounds, bool is_development, std::chrono::seconds absence, const std::string& what) {
  ConsulProcess consul({.keeps_data = !is_development});
  check(consul.wait_until_ready(), "Consul");
  std::vector<double> again;
  for (int round = 0; round < rounds; ++round) {
    const auto service = launch(consul, "a");
    wait([&] { return consul.has_service("a"); }, "registered");
    consul.stop(SIGKILL);
    consul.wipe();
    std::this_thread::sleep_for(absence);
    consul.start();
    wait([&] { return consul.request("GET", "/v1/agent/self").status == 200; }, "an answer");
    const Stopwatch since_answer;
    wait([&] { return consul.has_service("a"); }, "registered again");
    again.push_back(since_answer.seconds());
    check(consul.wait_until_ready(), "a leader");
    check(service->process().terminate() == 0, "an orderly end");
  }
  print_times("agent's first answer to registered again, " + what, again);
}

sd::ConsulOptions options(const ConsulProcess& consul, const std::string& id, metrics::Registry& registry) {
  sd::ConsulOptions result;
  result.name = "checkout";
  result.service_id = id;
  result.agent = consul.url();
  result.registry = &registry;
  return result;
}

long resident_kib() {
  long pages = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
  if (file != nullptr) std::fclose(file);
  return pages * 4;
}

void measure_memory() {
  constexpr int kKeepers = 50;
  ConsulProcess consul;
  check(consul.wait_until_ready(), "Consul");
  metrics::Registry registry;
  asio::io_context context;
  std::vector<sd::Deregister> all;
  std::size_t heap = 0;
  long resident = 0;
  // The first pays for what is there once: libcurl, the metrics' families.
  for (int i = 0; i <= kKeepers; ++i) {
    const sd::ConsulAgent agent(options(consul, "service-" + std::to_string(i), registry));
    sd::Endpoint endpoint{.address = "127.0.0.1", .port = static_cast<std::uint16_t>(9100 + i)};
    all.push_back(testing::run(context, agent.enroll(std::move(endpoint))));
    if (i > 0) continue;
    context.restart();
    context.run_for(std::chrono::milliseconds(500));
    heap = ::mallinfo2().uordblks;
    resident = resident_kib();
  }
  context.restart();
  context.run_for(std::chrono::seconds(2));  // until all of them watch
  std::printf("fifty keepers: %.0f KiB of heap, %ld KiB of resident memory (%.1f KiB of heap each)\n",
              static_cast<double>(::mallinfo2().uordblks - heap) / 1024, resident_kib() - resident,
              static_cast<double>(::mallinfo2().uordblks - heap) / 1024 / kKeepers);
  std::vector<std::shared_ptr<testing::Pending<void>>> leaving;
  for (const sd::Deregister& each : all) leaving.push_back(testing::start(context, each()));
  for (const auto& each : leaving) testing::finish(context, *each);
}

double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// The longest that one handler of the event loop kept its thread busy, while a registration was made, lost with its
// agent, made again, and ended. CPU time, so that other programs do not count.
void measure_stall(int rounds) {
  ConsulProcess consul;
  check(consul.wait_until_ready(), "Consul");
  metrics::Registry registry;
  asio::io_context context;
  double worst = 0;
  std::size_t handlers = 0;
  const auto run_until = [&](auto condition, const std::string& what) {
    const Stopwatch since_then;
    while (!condition()) {
      context.restart();
      const double begin = thread_seconds();
      const std::size_t ran = context.poll_one();
      worst = std::max(worst, thread_seconds() - begin);
      handlers += ran;
      if (ran == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      check(since_then.seconds() < 60, what);
    }
  };
  for (int round = 0; round < rounds; ++round) {
    const sd::ConsulAgent agent(options(consul, "a", registry));
    sd::Endpoint endpoint{.address = "127.0.0.1", .port = 9100};
    const auto starting = testing::start(context, agent.enroll(std::move(endpoint)));
    run_until([&] { return starting->done(); }, "registered");
    const sd::Deregister deregister = testing::finish(context, *starting);
    consul.stop();
    run_until([&] { return !deregister.is_registered(); }, "the agent's absence");
    consul.start();
    run_until([&] { return deregister.is_registered(); }, "registered again");
    check(consul.wait_until_ready(), "a leader");
    const auto leaving = testing::start(context, deregister());
    run_until([&] { return leaving->done(); }, "deregistered");
    testing::finish(context, *leaving);
  }
  std::printf("longest of %zu handlers: %.0f us of CPU time\n", handlers, worst * 1e6);
}

void measure_idleness(int seconds) {
  ConsulProcess consul({.log_level = "debug"});
  check(consul.wait_until_ready(), "Consul");
  const auto service = launch(consul, "a");
  // Ten seconds on, so that what belongs to the start is over.
  std::this_thread::sleep_for(std::chrono::seconds(10));
  const std::size_t before = consul.requests_in_log().size();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const std::size_t requests = consul.requests_in_log().size() - before;
  std::printf("an idle registration: %zu requests in %d s, %.2f a minute\n", requests, seconds,
              static_cast<double>(requests) * 60 / seconds);
}

void run() {
  const int rounds = absl::GetFlag(FLAGS_rounds);
  std::printf("| seconds | least | median | most |\n|---|---|---|---|\n");
  std::fflush(stdout);
  measure_start_and_end(rounds);
  measure_wipes(rounds, true, std::chrono::seconds(0), "restarted in development mode");
  measure_wipes(rounds, true, std::chrono::seconds(6), "the same, after 6 s");
  measure_wipes(rounds, false, std::chrono::seconds(0), "a wiped server");
  measure_wipes(rounds, false, std::chrono::seconds(6), "the same, after 6 s");
  measure_memory();
  measure_stall(rounds);
  if (const int seconds = absl::GetFlag(FLAGS_idle_seconds)) measure_idleness(seconds);
}

}  // namespace
}  // namespace prometheus_async

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const prometheus_async::testing::TemporaryFolder folder;
  // As `bazel test` would set them.
  ::setenv("TEST_TMPDIR", folder.path().c_str(), 0);
  ::setenv("CONSUL", "external/consul/consul", 0);
  ::setenv("CONSUL_SERVICE", "tests/sd/consul_service", 0);
  ::setenv("PROMETHEUS_CONSUL", "external/prometheus_consul/prometheus", 0);
  try {
    prometheus_async::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "consul_figures: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
