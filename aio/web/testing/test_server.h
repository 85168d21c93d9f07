// SPDX-License-Identifier: Apache-2.0
//
// An application on a port of 127.0.0.1, in a thread of its own.
//
//   TestServer server(std::move(app));
//   RawClient client(server.address());
#ifndef PROMETHEUS_ASYNC_AIO_WEB_TESTING_TEST_SERVER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_TESTING_TEST_SERVER_H_

#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "aio/net/address.h"
#include "aio/web/app_runner.h"
#include "aio/web/application.h"
#include "aio/web/server_options.h"

namespace prometheus_async::aio::web::testing {

// Keeps the lines of a log. Threads: any. Copies have the same lines.
class LogLines {
 public:
  Log log();
  std::vector<std::string> lines() const;

 private:
  struct State {
    std::mutex mutex;
    std::vector<std::string> lines;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Listens once it is made; its log is kept, whatever ServerOptions::log is.
//
// Threads: one at a time. What handlers use of the test's own is used in the server's thread.
class TestServer {
 public:
  // Throws what the application's callbacks throw. With `tls`, HTTPS.
  explicit TestServer(Application app, ServerOptions options = {},
                      std::shared_ptr<boost::asio::ssl::context> tls = nullptr);
  // Stops gracefully.
  ~TestServer();

  const net::Address& address() const { return address_; }
  // The URL of a target that begins with a slash.
  std::string url(std::string_view target) const {
    return (is_secure_ ? "https://" : "http://") + address_.to_string() + std::string(target);
  }
  std::vector<std::string> log() const { return log_.lines(); }
  // The loop of the server's thread.
  boost::asio::io_context& io_context() { return io_context_; }

  // Starts a graceful stop; ready when it is over.
  std::future<void> stop();

 private:
  LogLines log_;
  boost::asio::io_context io_context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_context_.get_executor()};
  std::optional<AppRunner> runner_;
  net::Address address_;
  bool is_secure_ = false;
  std::jthread thread_;
};

}  // namespace prometheus_async::aio::web::testing

#endif  // PROMETHEUS_ASYNC_AIO_WEB_TESTING_TEST_SERVER_H_
