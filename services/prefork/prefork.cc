// SPDX-License-Identifier: Apache-2.0
//
// Workers that are forked and share one port, as nginx and gunicorn have them. Each has a metrics server of its own, so
// that Prometheus sees every one of them; the parent, which only looks after them, has another.
//
//   bazel run //services/prefork -- --port=8080 --workers=2 --consul=http://127.0.0.1:8500
//
// docs/howto/prefork.md goes through it.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include <boost/asio/awaitable.hpp>

#include "aio/net/listening_socket.h"
#include "aio/time.h"
#include "aio/web/application.h"
#include "aio/web/run_app.h"
#include "aio/web/threaded_metrics_server.h"
#include "metrics/registry.h"
#include "sd/consul_agent.h"
#include "sd/service_discovery.h"

ABSL_FLAG(std::string, addr, "127.0.0.1", "numeric address to listen on; empty: all interfaces");
ABSL_FLAG(std::uint16_t, port, 8080, "port of the service; 0: the system chooses");
ABSL_FLAG(int, workers, 2, "processes that serve");
ABSL_FLAG(std::uint16_t, metrics_port, 0,
          "port of the parent's metrics server; worker 0 has the next one, and so on; 0: the system chooses each");
ABSL_FLAG(std::string, consul, "",
          "URL of a Consul agent to register all metrics servers with, such as http://127.0.0.1:8500; empty: none");
ABSL_FLAG(std::string, name, "prefork", "service name in Consul");

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
namespace web = aio::web;

constexpr int kNoWorker = -1;  // the parent

auto& request_seconds = metrics::histogram("prefork_request_seconds", "Time spent in requests.");
auto& workers_running = metrics::gauge("prefork_workers", "Workers that run.");
auto& worker_exits = metrics::counter("prefork_worker_exits_total", "Workers that ended by themselves.");

web::ThreadedMetricsHTTPServer start_metrics_server(int worker) {
  const std::uint16_t first_port = absl::GetFlag(FLAGS_metrics_port);
  web::StartOptions options{.addr = absl::GetFlag(FLAGS_addr)};
  if (first_port != 0) options.port = static_cast<std::uint16_t>(first_port + 1 + worker);
  if (const std::string agent = absl::GetFlag(FLAGS_consul); !agent.empty()) {
    const std::string role = worker == kNoWorker ? "parent" : "worker-" + std::to_string(worker);
    options.service_discovery = sd::ConsulAgent({.name = absl::GetFlag(FLAGS_name), .tags = {role}, .agent = agent});
  }
  auto server = web::start_http_server_in_thread(std::move(options));
  std::cerr << (worker == kNoWorker ? "parent" : "worker " + std::to_string(worker)) << ", process " << ::getpid()
            << ": metrics at " << server.metrics_url() << std::endl;
  return server;
}

// In a child. The parent's metrics server is none of its business any more; what it counts begins at what was counted
// before the fork, so that the parent had better count nothing that workers count.
int work(int worker, aio::net::ListeningSocket& socket) {
  const auto metrics_server = start_metrics_server(worker);
  const auto timed = aio::time(request_seconds);
  web::Application app;
  app.router().add_get("/", timed([worker](web::Request&) -> asio::awaitable<web::Response> {
                         co_return web::text("hello from worker " + std::to_string(worker) + "\n");
                       }));
  return web::run_app(std::move(app), {.descriptor = socket.duplicate().release().descriptor});
}

class Workers {
 public:
  explicit Workers(aio::net::ListeningSocket& socket) : socket_(socket) {
    ::sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGCHLD}) ::sigaddset(&signals_, signal);
  }

  // Until SIGINT or SIGTERM: one that ends is replaced.
  void run() {
    ::sigset_t before;
    ::sigprocmask(SIG_BLOCK, &signals_, &before);
    for (int worker = 0; worker < absl::GetFlag(FLAGS_workers); ++worker) start(worker, before);
    for (bool is_stopping = false; !(is_stopping && by_pid_.empty());) {
      int signal = 0;
      ::sigwait(&signals_, &signal);
      if (signal != SIGCHLD) {
        is_stopping = true;
        for (const auto& entry : by_pid_) ::kill(entry.first, SIGTERM);
      }
      for (::pid_t pid = 0; (pid = ::waitpid(-1, nullptr, WNOHANG)) > 0;) {
        const int worker = by_pid_.at(pid);
        by_pid_.erase(pid);
        workers_running.Decrement();
        if (is_stopping) continue;
        worker_exits.Increment();
        start(worker, before);
      }
    }
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
  }

 private:
  void start(int worker, const ::sigset_t& signals) {
    const ::pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::system_category(), "fork a worker");
    if (pid == 0) {
      ::sigprocmask(SIG_SETMASK, &signals, nullptr);
      std::exit(in_child(worker));
    }
    by_pid_.emplace(pid, worker);
    workers_running.Increment();
  }

  int in_child(int worker) {
    try {
      return work(worker, socket_);
    } catch (const std::exception& error) {
      std::cerr << "worker " << worker << ": " << error.what() << '\n';
      return EXIT_FAILURE;
    }
  }

  aio::net::ListeningSocket& socket_;
  ::sigset_t signals_;
  std::map<::pid_t, int> by_pid_;
};

void run() {
  auto sockets = aio::net::listen_numeric(absl::GetFlag(FLAGS_addr), absl::GetFlag(FLAGS_port));
  auto metrics_server = start_metrics_server(kNoWorker);
  Workers(sockets.front()).run();
  metrics_server.close();
}

}  // namespace
}  // namespace prometheus_async

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Forked workers that share a port. Flags: --addr, --port, --workers, --metrics_port, --consul, --name.");
  absl::ParseCommandLine(argc, argv);
  try {
    prometheus_async::run();
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << "prefork: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
