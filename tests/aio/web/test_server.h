// SPDX-License-Identifier: Apache-2.0
//
// An application on a port of 127.0.0.1, in a thread of its own.
//
//   TestServer server(std::move(app));
//   RawClient client(server.address());
#ifndef PROMETHEUS_ASYNC_TESTS_AIO_WEB_TEST_SERVER_H_
#define PROMETHEUS_ASYNC_TESTS_AIO_WEB_TEST_SERVER_H_

#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "aio/net/address.h"
#include "aio/web/app_runner.h"
#include "aio/web/application.h"
#include "aio/web/server_options.h"

namespace prometheus_async::testing {

// Keeps the lines of the log. Threads: any.
class LogLines {
 public:
  aio::web::Log log();
  std::vector<std::string> lines() const;

 private:
  struct State {
    std::mutex mutex;
    std::vector<std::string> lines;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

class TestServer {
 public:
  explicit TestServer(aio::web::Application app, aio::web::ServerOptions options = {},
                      std::shared_ptr<boost::asio::ssl::context> tls = nullptr);
  ~TestServer();  // stops

  const aio::net::Address& address() const { return address_; }
  std::string url(std::string_view path) const { return "http://" + address_.to_string() + std::string(path); }
  std::vector<std::string> log() const { return log_.lines(); }
  boost::asio::io_context& io_context() { return io_context_; }

  // Starts a graceful stop; ready when it is over.
  std::future<void> stop();

 private:
  LogLines log_;
  boost::asio::io_context io_context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_context_.get_executor()};
  std::optional<aio::web::AppRunner> runner_;
  aio::net::Address address_;
  std::jthread thread_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_AIO_WEB_TEST_SERVER_H_
