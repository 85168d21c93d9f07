// SPDX-License-Identifier: Apache-2.0

#include "aio/web/run_app.h"

#include <csignal>
#include <exception>
#include <iostream>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/web/service.h"

namespace prometheus_async::aio::web {
namespace {

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);

// One run of an application. The io_context runs out of work when it is over.
class Run {
 public:
  int operator()(Application app, ServiceOptions options) {
    asio::co_spawn(io_context_, serve(std::move(app), std::move(options)), [this](std::exception_ptr failure) {
      failure_ = std::move(failure);
      io_context_.stop();
    });
    io_context_.run();
    if (failure_) std::rethrow_exception(failure_);
    return exit_code_;
  }

 private:
  asio::awaitable<void> serve(Application app, ServiceOptions options) {
    quit_at_signal();  // before it serves there is nothing to end gracefully
    Service service = co_await Service::start(std::move(app), std::move(options));
    signals_.cancel();
    std::cout << "listening on " << service.url() << std::endl;
    co_await signals_.async_wait(kAwaitTuple);
    quit_at_signal();
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
};

}  // namespace

int run_app(Application app, RunOptions options) {
  return Run()(std::move(app), {.addr = std::move(options.addr),
                                .port = options.port,
                                .ssl_context = std::move(options.ssl_context),
                                .service_discovery = std::move(options.service_discovery),
                                .metrics_path = std::move(options.metrics_path),
                                .health_path = std::move(options.health_path),
                                .server = std::move(options.server)});
}

}  // namespace prometheus_async::aio::web
