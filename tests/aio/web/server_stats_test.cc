// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a scrape that its client gives up. What it answers is tests/aio/web/metrics_server_test's.

#include "aio/web/server_stats.h"

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"
#include "metrics/function.h"
#include "metrics/registry.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::can_connect;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::TestServer;

// A server whose collector hangs until it is let go, and one scrape that its client has given up in the middle.
class AbandonedScrape : public ::testing::Test {
 protected:
  void SetUp() override {
    {
      RawClient client(server_->address());
      client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
      is_collecting_.wait(false);
    }
    is_given_up_ = given_up_.get_future().wait_for(20s) == std::future_status::ready;
  }
  void TearDown() override { let_go(); }

  void let_go() {
    may_go_on_ = true;
    may_go_on_.notify_all();
  }

  double collect() {
    is_collecting_ = true;
    is_collecting_.notify_all();
    may_go_on_.wait(false);
    std::this_thread::sleep_for(20ms);  // so that who does not wait is seen
    has_collected_ = true;
    return 1;
  }

  Application make_app() {
    Application app({.handler_cancellation = true});
    app.use([this](Request& request, Next next) { return watch(request, next); });
    app.router().add_get("/metrics", make_server_stats(*registry_));
    app.router().add_get("/", [](Request&) { return text("hello"); });
    return app;
  }
  asio::awaitable<Response> watch(Request& request, Next next) {
    try {
      co_return co_await next(request);
    } catch (...) {
      given_up_.set_value();
      throw;
    }
  }

  std::atomic<bool> is_collecting_ = false;
  std::atomic<bool> may_go_on_ = false;
  std::atomic<bool> has_collected_ = false;
  bool is_given_up_ = false;
  std::promise<void> given_up_;
  std::optional<metrics::Registry> registry_{std::in_place};
  metrics::FunctionHandle held_ = registry_->gauge_function("slow", "a slow one", [this] { return collect(); });
  std::optional<TestServer> server_{std::in_place, make_app()};
};

TEST_F(AbandonedScrape, DelaysNobodyElseOfTheLoop) {
  EXPECT_TRUE(is_given_up_);
  RawClient client(server_->address());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_FALSE(has_collected_);
}

TEST_F(AbandonedScrape, DoesNotKeepTheServerFromStopping) {
  server_->stop().get();
  EXPECT_FALSE(has_collected_);
}

// The registry goes right after it.
TEST_F(AbandonedScrape, IsWaitedForByTheEndOfItsApplication) {
  std::jthread releaser([&, address = server_->address()] {
    while (can_connect(address)) std::this_thread::yield();
    let_go();
  });
  server_.reset();
  EXPECT_TRUE(has_collected_);
  held_.reset();
  registry_.reset();
}

}  // namespace
}  // namespace prometheus_async::aio::web
