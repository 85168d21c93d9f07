// SPDX-License-Identifier: Apache-2.0

#include "aio/web/app_runner.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/aio/web/raw_client.h"
#include "tests/aio/web/test_server.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::testing::can_connect;
using prometheus_async::testing::RawClient;
using prometheus_async::testing::TestServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// A handler that says when it has begun and ends when it is told to, or is cancelled, or never.
class Gate {
 public:
  Handler handler() {
    return [this](Request&) -> asio::awaitable<Response> {
      asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
      timer_ = &timer;
      begun_.set_value();
      boost::system::error_code error;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      timer_ = nullptr;
      if (!is_open_) {
        was_cancelled_ = true;
        throw boost::system::system_error(error);
      }
      co_return text("through");
    };
  }

  void wait_until_begun() { begun_.get_future().get(); }
  // On the server's thread.
  void open() {
    is_open_ = true;
    timer_->cancel();
  }
  bool was_cancelled() const { return was_cancelled_; }

 private:
  std::promise<void> begun_;
  asio::steady_timer* timer_ = nullptr;
  bool is_open_ = false;
  bool was_cancelled_ = false;
};

Application app_with(Handler handler) {
  Application app;
  app.router().add_get("/", std::move(handler));
  return app;
}

Application hello() {
  return app_with([](Request&) { return text("hello"); });
}

TEST(AppRunner, StopsAtOnceWithIdleConnections) {
  TestServer server(hello());
  RawClient fresh(server.address());
  RawClient kept(server.address());
  kept.send(kGet);
  EXPECT_EQ(kept.read_response().body, "hello");
  server.stop().get();
  EXPECT_EQ(kept.read_to_end(), "");
  EXPECT_EQ(fresh.read_to_end(), "");
  EXPECT_FALSE(can_connect(server.address()));
}

TEST(AppRunner, LetsRequestsFinish) {
  Gate gate;
  TestServer server(app_with(gate.handler()));
  RawClient client(server.address());
  client.send(kGet);
  gate.wait_until_begun();
  std::future<void> stopped = server.stop();
  // A second connection attempt fails once the server has begun to stop; the request goes on.
  while (can_connect(server.address())) {
  }
  EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
  asio::post(server.io_context(), [&] { gate.open(); });
  const auto response = client.read_response();
  EXPECT_EQ(response.body, "through");
  EXPECT_EQ(response.headers.at("connection"), "close");
  client.shutdown_send();
  EXPECT_EQ(client.read_to_end(), "");
  stopped.get();
  EXPECT_FALSE(gate.was_cancelled());
}

TEST(AppRunner, CancelsRequestsThatTakeTooLong) {
  Gate gate;
  TestServer server(app_with(gate.handler()), {.timeouts = {.shutdown = 10ms}});
  RawClient client(server.address());
  client.send(kGet);
  gate.wait_until_begun();
  server.stop().get();
  EXPECT_TRUE(gate.was_cancelled());
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_THAT(server.log(), IsEmpty());
}

TEST(AppRunner, WaitsForRoom) {
  TestServer server(hello(), {.max_connections = 1});
  std::optional<RawClient> first(server.address());
  first->send(kGet);
  EXPECT_EQ(first->read_response().body, "hello");
  RawClient second(server.address());  // in the kernel's queue
  second.send(kGet);
  first->send(kGet);
  EXPECT_EQ(first->read_response().body, "hello");
  first.reset();
  EXPECT_EQ(second.read_response().body, "hello");
}

// Takes the process' descriptors, all but one, while it lives.
class ScarceDescriptors {
 public:
  ScarceDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = 256;  // more than are in use here
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int fd; (fd = ::dup(STDIN_FILENO)) >= 0;) taken_.push_back(fd);
    ::close(taken_.back());
    taken_.pop_back();
  }
  ~ScarceDescriptors() {
    for (const int fd : taken_) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST(AppRunner, OutlastsALackOfDescriptors) {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "the sanitizer needs descriptors itself, to see whether memory can be read";
#endif
#endif
  TestServer server(hello());
  std::optional<ScarceDescriptors> lack(std::in_place);
  RawClient client(server.address());  // takes the last one; there is none to accept it with
  client.send(kGet);
  while (server.log().empty()) std::this_thread::yield();
  EXPECT_THAT(server.log().front(), HasSubstr("accept on " + server.address().to_string() + ": Too many open files"));
  lack.reset();
  EXPECT_EQ(client.read_response().body, "hello");
}

TEST(AppRunner, ListensTwice) {
  asio::io_context io_context(1);
  AppRunner runner(io_context.get_executor(), hello());
  asio::co_spawn(io_context, runner.tcp_site("127.0.0.1", 0), asio::detached);
  asio::co_spawn(io_context, runner.tcp_site("127.0.0.1", 0), asio::detached);
  io_context.poll();
  ASSERT_EQ(runner.addresses().size(), 2u);
  EXPECT_NE(runner.addresses()[0].port, runner.addresses()[1].port);
  EXPECT_TRUE(can_connect(runner.addresses()[0]));
  EXPECT_TRUE(can_connect(runner.addresses()[1]));
}

TEST(AppRunner, NamesAddressAndReasonOfAFailure) {
  TestServer taken(hello());
  asio::io_context io_context(1);
  AppRunner runner(io_context.get_executor(), hello());
  auto result = asio::co_spawn(io_context, runner.tcp_site("127.0.0.1", taken.address().port), asio::use_future);
  io_context.run();
  try {
    result.get();
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_EQ(error.what(), "listen on " + taken.address().to_string() + ": Address already in use");
  }
  EXPECT_TRUE(runner.addresses().empty());
}

// Objects go in any order: the runner first, with connections under way, then their io_context.
TEST(AppRunner, GoesWithConnectionsUnderWay) {
  Gate gate;
  std::optional<RawClient> busy;
  std::optional<RawClient> idle;
  {
    asio::io_context io_context(1);
    {
      AppRunner runner(io_context.get_executor(), app_with(gate.handler()));
      asio::co_spawn(io_context, runner.tcp_site("127.0.0.1", 0), asio::detached);
      io_context.poll();
      busy.emplace(runner.addresses().front());
      busy->send(kGet);
      idle.emplace(runner.addresses().front());
      io_context.run_for(100ms);
      gate.wait_until_begun();
    }
    EXPECT_FALSE(gate.was_cancelled());  // it does not run here
  }
  EXPECT_EQ(busy->read_to_end(), "");
  EXPECT_EQ(idle->read_to_end(), "");
}

// The other order, which is a mistake of the program's: nothing is touched that is gone.
TEST(AppRunner, GoesWithItsIoContextWhileServing) {
  Gate gate;
  std::optional<RawClient> busy;
  std::optional<RawClient> idle;
  {
    asio::io_context io_context(1);
    auto runner = std::make_shared<AppRunner>(io_context.get_executor(), app_with(gate.handler()));
    asio::co_spawn(io_context, runner->tcp_site("127.0.0.1", 0), asio::detached);
    io_context.poll();
    busy.emplace(runner->addresses().front());
    busy->send(kGet);
    idle.emplace(runner->addresses().front());
    io_context.run_for(100ms);
    gate.wait_until_begun();
    // A coroutine that owns the runner is destroyed among the connections' own.
    asio::co_spawn(
        io_context,
        [](std::shared_ptr<AppRunner> owned) -> asio::awaitable<void> {
          asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
          co_await never.async_wait(asio::use_awaitable);
          owned.reset();
        }(std::move(runner)),
        asio::detached);
    io_context.poll();
  }
  EXPECT_EQ(busy->read_to_end(), "");
  EXPECT_EQ(idle->read_to_end(), "");
}

// A stopped server leaves no work behind: run() returns.
TEST(AppRunner, LetsTheIoContextRunOut) {
  asio::io_context io_context(1);
  AppRunner runner(io_context.get_executor(), hello());
  asio::co_spawn(io_context, runner.tcp_site("127.0.0.1", 0), asio::detached);
  io_context.poll();
  RawClient client(runner.addresses().front());
  client.send(kGet);
  io_context.run_for(100ms);
  EXPECT_EQ(client.read_response().body, "hello");
  asio::co_spawn(io_context, runner.cleanup(), asio::detached);
  EXPECT_GT(io_context.run(), 0u);  // or the test times out
}

}  // namespace
}  // namespace prometheus_async::aio::web
