// SPDX-License-Identifier: Apache-2.0

#include "aio/web/run_app.h"

#include <csignal>
#include <exception>
#include <iostream>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/web/app_runner.h"
#include "aio/web/service.h"

namespace prometheus_async::aio::web {
namespace {

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::uint16_t kDefaultPort = 8080;

// A peer that closes is an error of writing and not the end of the program. Asio's own writes raise none; others might.
void ignore_sigpipe() {
  struct sigaction current{};
  if (::sigaction(SIGPIPE, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) return;
  std::signal(SIGPIPE, SIG_IGN);
}

asio::awaitable<void> add_sites(AppRunner& runner, const RunOptions& options) {
  SiteOptions site{.ssl_context = options.ssl_context,
                   .tls = options.tls,
                   .reuse_port = options.reuse_port,
                   .mode = options.unix_mode};
  const bool has_others =
      !options.more_addresses.empty() || !options.unix_path.empty() || options.descriptor || options.systemd;
  if (options.port || !has_others) co_await runner.tcp_site(options.addr, options.port.value_or(kDefaultPort), site);
  for (const net::Address& each : options.more_addresses) co_await runner.tcp_site(each.host, each.port, site);
  if (!options.unix_path.empty()) co_await runner.unix_site(options.unix_path, site);
  if (options.descriptor) co_await runner.sock_site(*options.descriptor, site);
  if (options.systemd && co_await runner.systemd_sites(site) == 0) {
    throw std::invalid_argument("systemd has given no sockets: LISTEN_FDS is not set for this process");
  }
}

// The event loops of the threads but the first. An exception that leaves one ends them all.
class Threads {
 public:
  // Their executors, which nobody runs yet.
  explicit Threads(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) contexts_.emplace_back(1);  // one thread: no locks between its handlers
  }
  ~Threads() { stop(); }

  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  std::vector<asio::any_io_executor> executors() {
    std::vector<asio::any_io_executor> all;
    for (asio::io_context& context : contexts_) all.push_back(context.get_executor());
    return all;
  }

  // `on_failure` is called on the thread that failed.
  void start(const std::function<void()>& on_failure) {
    for (asio::io_context& context : contexts_) {
      threads_.emplace_back([this, &context, on_failure] {
        const auto work = asio::make_work_guard(context);
        try {
          context.run();
        } catch (...) {
          const std::lock_guard<std::mutex> lock(mutex_);
          if (!failure_) failure_ = std::current_exception();
          on_failure();
        }
      });
    }
  }

  // What is under way in them is left where it is.
  void stop() {
    for (asio::io_context& context : contexts_) context.stop();
    threads_.clear();  // joins
  }

  std::exception_ptr failure() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return failure_;
  }

 private:
  std::list<asio::io_context> contexts_;
  mutable std::mutex mutex_;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;
};

// One run of an application. The io_context runs out of work when it is over.
class Run {
 public:
  explicit Run(std::size_t threads) : threads_(threads - 1) {}

  int operator()(Application app, RunOptions options) {
    asio::co_spawn(io_context_, serve(std::move(app), std::move(options)), [this](std::exception_ptr failure) {
      failure_ = std::move(failure);
      io_context_.stop();
    });
    threads_.start([this] { io_context_.stop(); });
    io_context_.run();
    threads_.stop();
    if (threads_.failure()) std::rethrow_exception(threads_.failure());
    if (failure_) std::rethrow_exception(failure_);
    return exit_code_;
  }

 private:
  asio::awaitable<void> serve(Application app, RunOptions options) {
    quit_at_signal();  // before it serves there is nothing to end gracefully
    ServiceOptions service_options{.sites = [&options](AppRunner& runner) { return add_sites(runner, options); },
                                   .is_secure = options.ssl_context || options.tls,
                                   .more_executors = threads_.executors(),
                                   .service_discovery = options.service_discovery,
                                   .metrics_path = options.metrics_path,
                                   .health_path = options.health_path,
                                   .drain_delay = options.drain_delay,
                                   .server = options.server};
    Service service = co_await Service::start(std::move(app), std::move(service_options));
    signals_.cancel();
    for (const net::Address& address : service.addresses()) {
      std::cout << "listening on " << service.url(address) << '\n';
    }
    std::cout << std::flush;
    co_await signals_.async_wait(kAwaitTuple);
    quit_at_signal();
    if (options.on_drain) options.on_drain();
    try {
      co_await service.deregister();
    } catch (const std::exception& error) {  // not worth the exit code of a service that stops as it was told
      if (options.server.log) options.server.log("stopping: " + std::string(error.what()));
    }
    co_await service.close();
  }

  void quit_at_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      exit_code_ = 128 + signal;
      io_context_.stop();
    });
  }

  asio::io_context io_context_{1};  // one thread: no locks between its handlers
  asio::signal_set signals_{io_context_, SIGINT, SIGTERM};
  std::exception_ptr failure_;
  int exit_code_ = 0;
  Threads threads_;  // goes first: what is dropped there may use what is here
};

}  // namespace

int run_app(Application app, RunOptions options) {
  if (options.threads == 0) throw std::invalid_argument("run_app: threads = 0, but one is needed");
  ignore_sigpipe();
  const std::size_t threads = options.threads;
  return Run(threads)(std::move(app), std::move(options));
}

}  // namespace prometheus_async::aio::web
