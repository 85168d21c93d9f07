// SPDX-License-Identifier: Apache-2.0
//
// A Site on a port of 127.0.0.1, in a thread of its own.
//
//   SiteServer server(std::move(root));
//   RawClient client(server.address());
//   server.run([&] { request->finish(); });
#ifndef PROMETHEUS_ASYNC_TESTS_TX_WEB_SITE_SERVER_H_
#define PROMETHEUS_ASYNC_TESTS_TX_WEB_SITE_SERVER_H_

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "aio/net/address.h"
#include "aio/net/server.h"
#include "tx/web/resource.h"
#include "tx/web/site.h"

namespace prometheus_async::testing {

class SiteServer {
 public:
  explicit SiteServer(tx::web::ResourcePtr root, tx::web::SiteOptions options = {}, bool with_access_log = false) {
    options.log = to(log_);
    if (with_access_log) options.access_log = to(access_log_);
    site_ = std::make_shared<tx::web::Site>(std::move(root), std::move(options));
    server_.emplace(io_context_.get_executor(), aio::net::ServerOptions(),
                    [site = site_](aio::net::Socket socket, aio::net::ConnectionGroup::Seat& seat) {
                      return site->serve(std::move(socket), nullptr, seat);
                    });
    server_->listen_numeric("127.0.0.1", 0);
    thread_ = std::jthread([this] { io_context_.run(); });
  }
  ~SiteServer() {
    stop().get();
    work_.reset();
  }

  const aio::net::Address& address() const { return server_->addresses().front(); }
  std::string url(std::string_view path) const { return "http://" + address().to_string() + std::string(path); }
  std::vector<std::string> log() { return lines(log_); }
  std::vector<std::string> access_log() { return lines(access_log_); }

  // Runs it in the thread of the server, and waits.
  void run(std::function<void()> function) {
    std::promise<void> done;
    boost::asio::post(io_context_, [&] {
      function();
      done.set_value();
    });
    done.get_future().get();
  }

  // Starts a graceful stop; ready when it is over.
  std::future<void> stop(std::chrono::steady_clock::duration timeout = std::chrono::seconds(20)) {
    return boost::asio::co_spawn(io_context_, server_->shut_down(timeout), boost::asio::use_future);
  }

 private:
  aio::net::Log to(std::vector<std::string>& lines) {
    return [this, &lines](std::string_view line) {
      const std::lock_guard<std::mutex> lock(mutex_);
      lines.emplace_back(line);
    };
  }
  std::vector<std::string> lines(const std::vector<std::string>& lines) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines;
  }

  std::mutex mutex_;
  std::vector<std::string> log_;
  std::vector<std::string> access_log_;
  boost::asio::io_context io_context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_context_.get_executor()};
  std::shared_ptr<tx::web::Site> site_;
  std::optional<aio::net::Server> server_;
  std::jthread thread_;
};

// The request that nothing is special about.
inline std::string get(std::string_view path, std::string_view lines = {}, std::string_view method = "GET") {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TX_WEB_SITE_SERVER_H_
