// SPDX-License-Identifier: Apache-2.0

#include "aio/web/app_runner.h"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/cancellation_state.hpp>
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

#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::can_connect;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::TestServer;
using ::testing::EndsWith;
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

asio::awaitable<Response> ignore_cancellation(Handler handler, Request& request) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  asio::awaitable<Response> response = handler(request);
  co_return co_await std::move(response);
}

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

// One that takes no notice of being cancelled keeps nobody from stopping.
TEST(AppRunner, LeavesBehindWhatIgnoresCancellation) {
  Gate gate;
  auto server = std::make_unique<TestServer>(
      app_with([&gate](Request& request) { return ignore_cancellation(gate.handler(), request); }),
      ServerOptions{.timeouts = {.shutdown = 1ms, .hard_shutdown = 1ms}});
  RawClient client(server->address());
  client.send(kGet);
  gate.wait_until_begun();
  server->stop().get();
  EXPECT_FALSE(gate.was_cancelled());
  asio::post(server->io_context(), [&] { gate.open(); });  // it ends after all
  EXPECT_EQ(client.read_response().body, "through");
}

// --- The application's callbacks.

using Calls = std::vector<std::string>;

asio::awaitable<Cleanup> note_context(Calls& calls) {
  calls.push_back("set up");
  co_return [&calls]() -> asio::awaitable<void> {
    calls.push_back("undone");
    co_return;
  };
}

Application noting_app(Calls& calls) {
  Application app = hello();
  app.cleanup_ctx([&calls](Application&) { return note_context(calls); });
  app.on_startup([&calls](Application&) { calls.push_back("startup"); });
  app.on_shutdown([&calls](Application&) { calls.push_back("shutdown"); });
  app.on_cleanup([&calls](Application&) { calls.push_back("cleanup"); });
  return app;
}

template <class Awaitable>
auto run(asio::io_context& io_context, Awaitable awaitable) {
  auto result = asio::co_spawn(io_context, std::move(awaitable), asio::use_future);
  io_context.restart();
  io_context.run();
  return result.get();
}

TEST(AppRunner, CallsTheApplicationOnceEach) {
  Calls calls;
  asio::io_context io_context(1);
  AppRunner runner(io_context.get_executor(), noting_app(calls));
  run(io_context, runner.setup());
  EXPECT_EQ(calls, (Calls{"set up", "startup"}));
  run(io_context, runner.setup());
  run(io_context, runner.cleanup());
  EXPECT_EQ(calls, (Calls{"set up", "startup", "shutdown", "undone", "cleanup"}));
  run(io_context, runner.cleanup());
  EXPECT_EQ(calls.size(), 5u);
}

TEST(AppRunner, SetsUpWithItsFirstSite) {
  Calls calls;
  asio::io_context io_context(1);
  AppRunner runner(io_context.get_executor(), noting_app(calls));
  auto first = asio::co_spawn(io_context, runner.tcp_site("127.0.0.1", 0), asio::use_future);
  auto second = asio::co_spawn(io_context, runner.tcp_site("127.0.0.1", 0), asio::use_future);
  io_context.poll();
  EXPECT_EQ(calls, (Calls{"set up", "startup"}));
  EXPECT_EQ(runner.addresses().size(), 2u);
  run(io_context, runner.cleanup());
}

TEST(AppRunner, CallsNothingIfItWasNotSetUp) {
  Calls calls;
  asio::io_context io_context(1);
  AppRunner runner(io_context.get_executor(), noting_app(calls));
  run(io_context, runner.cleanup());
  EXPECT_EQ(calls, Calls());
  EXPECT_THROW(run(io_context, runner.tcp_site("127.0.0.1", 0)), std::logic_error);
}

TEST(AppRunner, ListensNowhereIfStartupFails) {
  Calls calls;
  asio::io_context io_context(1);
  Application app = noting_app(calls);
  app.on_startup([](Application&) { throw std::runtime_error("no database"); });
  AppRunner runner(io_context.get_executor(), std::move(app));
  EXPECT_THROW(run(io_context, runner.tcp_site("127.0.0.1", 0)), std::runtime_error);
  EXPECT_EQ(calls, (Calls{"set up", "startup", "undone"}));
  EXPECT_TRUE(runner.addresses().empty());
  EXPECT_THROW(run(io_context, runner.tcp_site("127.0.0.1", 0)), std::logic_error);
  run(io_context, runner.cleanup());
  EXPECT_EQ(calls.size(), 3u);
}

// on_shutdown is there to end what would go on for ever: no new request comes then, and the old ones still run.
TEST(AppRunner, ShutsDownBetweenListeningAndTheLastAnswer) {
  Gate gate;
  Application app = app_with(gate.handler());
  net::Address address;
  bool could_connect = true;
  app.on_shutdown([&](Application&) {
    could_connect = can_connect(address);
    gate.open();
  });
  std::atomic<bool> is_answered = false;
  bool was_answered = false;
  app.on_cleanup([&](Application&) { was_answered = is_answered; });
  TestServer server(std::move(app));
  address = server.address();
  RawClient client(address);
  client.send(kGet);
  gate.wait_until_begun();
  std::future<void> stopped = server.stop();
  EXPECT_EQ(client.read_response().body, "through");
  is_answered = true;
  client.shutdown_send();
  stopped.get();
  EXPECT_FALSE(could_connect);
  EXPECT_TRUE(was_answered);
  EXPECT_FALSE(gate.was_cancelled());
}

TEST(AppRunner, StopsWhicheverCallbackFails) {
  Calls calls;
  asio::io_context io_context(1);
  Application app = noting_app(calls);
  app.on_shutdown([](Application&) { throw std::runtime_error("first"); });
  app.on_cleanup([](Application&) { throw std::logic_error("second"); });
  AppRunner runner(io_context.get_executor(), std::move(app));
  run(io_context, runner.setup());
  try {
    run(io_context, runner.cleanup());
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "first");
  }
  EXPECT_EQ(calls, (Calls{"set up", "startup", "shutdown", "undone", "cleanup"}));
}

TEST(AppRunner, WaitsForACleanupThatIsUnderWay) {
  Gate gate;
  TestServer server(app_with(gate.handler()));
  RawClient client(server.address());
  client.send(kGet);
  gate.wait_until_begun();
  std::future<void> first = server.stop();
  std::future<void> second = server.stop();
  while (can_connect(server.address())) {
  }
  EXPECT_EQ(second.wait_for(0s), std::future_status::timeout);
  asio::post(server.io_context(), [&] { gate.open(); });
  second.get();
  EXPECT_EQ(first.wait_for(0s), std::future_status::ready);
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
  RawClient turned_away(server.address());  // takes the last one; there is none to accept it with
  EXPECT_EQ(turned_away.read_to_end(), "");
  EXPECT_THAT(server.log().front(), HasSubstr("accept on " + server.address().to_string() + ": Too many open files"));
  lack.reset();
  std::string answer;
  while (answer.empty()) {  // it may be turning away those that come for a moment still
    RawClient client(server.address());
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    answer = client.read_to_end();
  }
  EXPECT_THAT(answer, EndsWith("hello"));
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
