// SPDX-License-Identifier: Apache-2.0

#include "aio/web/testing/test_server.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

namespace prometheus_async::aio::web::testing {

Log LogLines::log() {
  return [state = state_](std::string_view line) {
    const std::lock_guard<std::mutex> lock(state->mutex);
    state->lines.emplace_back(line);
  };
}

std::vector<std::string> LogLines::lines() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->lines;
}

TestServer::TestServer(Application app, ServerOptions options, std::shared_ptr<boost::asio::ssl::context> tls) {
  options.log = log_.log();
  runner_.emplace(io_context_.get_executor(), std::move(app), std::move(options));
  auto listening = boost::asio::co_spawn(io_context_, runner_->tcp_site("127.0.0.1", 0, tls), boost::asio::use_future);
  thread_ = std::jthread([this] { io_context_.run(); });
  listening.get();
  address_ = runner_->addresses().front();
  is_secure_ = tls != nullptr;
}

TestServer::~TestServer() {
  stop().get();
  work_.reset();
}

std::future<void> TestServer::stop() {
  return boost::asio::co_spawn(io_context_, runner_->cleanup(), boost::asio::use_future);
}

}  // namespace prometheus_async::aio::web::testing
