// SPDX-License-Identifier: Apache-2.0
//
// Where an AppRunner listens, and on how many threads.

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include "aio/net/listening_socket.h"
#include "aio/web/app_runner.h"
#include "aio/web/testing/raw_client.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::can_connect;
using prometheus_async::aio::web::testing::RawClient;
using Addresses = std::vector<net::Address>;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string ask(RawClient& client) {
  client.send(kGet);
  return client.read_response().body;
}

std::string ask(const net::Address& address) {
  RawClient client(address);
  return ask(client);
}

std::string text_of(std::thread::id id) { return std::to_string(std::hash<std::thread::id>()(id)); }

// Who is asked by whom.
Application thread_app() {
  Application app;
  app.router().add_get("/", [](Request&) { return text(text_of(std::this_thread::get_id())); });
  return app;
}

Application peer_app() {
  Application app;
  app.router().add_get("/", [](Request& request) { return text(request.peer().to_string()); });
  return app;
}

// The message of what it throws. Not thrown on: ThreadSanitizer does not see that libstdc++ counts who has an
// exception.
asio::awaitable<std::string> failure_of(asio::awaitable<void> site) {
  try {
    co_await std::move(site);
  } catch (const std::exception& error) {
    co_return error.what();
  }
  co_return "";
}

// A runner on threads of its own.
class Runner {
 public:
  explicit Runner(std::size_t threads, Application app, ServerOptions options = {}) {
    std::vector<asio::any_io_executor> executors;
    for (std::size_t i = 0; i < threads; ++i) executors.push_back(contexts_.emplace_back(1).get_executor());
    runner_.emplace(std::move(executors), std::move(app), std::move(options));
    for (asio::io_context& context : contexts_) {
      threads_.emplace_back([&context, work = asio::make_work_guard(context)] { context.run(); });
    }
  }
  ~Runner() {
    stop().get();
    for (asio::io_context& context : contexts_) context.stop();
  }

  template <class T>
  T get(asio::awaitable<T> awaitable) {
    return asio::co_spawn(contexts_.front(), std::move(awaitable), asio::use_future).get();
  }
  AppRunner& operator*() { return *runner_; }
  AppRunner* operator->() { return &*runner_; }
  std::future<void> stop() { return asio::co_spawn(contexts_.front(), runner_->cleanup(), asio::use_future); }
  std::thread::id first_thread() const { return threads_.front().get_id(); }

 private:
  std::list<asio::io_context> contexts_;
  std::optional<AppRunner> runner_;
  std::vector<std::jthread> threads_;
};

std::string temporary_path(const std::string& name) {
  return std::filesystem::temp_directory_path() / (name + "." + std::to_string(::getpid()));
}

TEST(Sites, ServeAUnixSocket) {
  const std::string path = temporary_path("site");
  {
    Runner runner(1, peer_app());
    runner.get(runner->unix_site(path, {.mode = 0600}));
    EXPECT_EQ(runner->addresses(), Addresses{net::Address::unix_socket(path)});
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
    EXPECT_EQ(ask(runner->addresses()[0]), "unix:");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Sites, ServeAReadyMadeSocket) {
  net::ListeningSocket socket = std::move(net::listen_numeric("127.0.0.1", 0).front());
  const net::Address address = socket.address();
  Runner runner(1, peer_app());
  runner.get(runner->sock_site(socket.release().descriptor));
  EXPECT_EQ(runner->addresses(), Addresses{address});
  EXPECT_EQ(ask(address).substr(0, 10), "127.0.0.1:");
}

TEST(Sites, SayWhatIsWrongWithASocket) {
  Runner runner(1, peer_app());
  EXPECT_EQ(runner.get(failure_of(runner->sock_site(-1))), "listen on descriptor -1: Bad file descriptor");
  EXPECT_EQ(runner.get(failure_of(runner->unix_site(""))), "listen on unix:: a path is needed");
  EXPECT_TRUE(runner->addresses().empty());
}

TEST(Sites, AreAsManyAsAreWanted) {
  const std::string path = temporary_path("one_of_several");
  Runner runner(2, peer_app());
  runner.get(runner->tcp_site("127.0.0.1", 0));
  runner.get(runner->unix_site(path));
  runner.get(runner->tcp_site("127.0.0.1", 0));
  ASSERT_EQ(runner->addresses().size(), 3u);
  EXPECT_EQ(ask(runner->addresses()[0]).substr(0, 10), "127.0.0.1:");
  EXPECT_EQ(ask(runner->addresses()[1]), "unix:");
  EXPECT_EQ(ask(runner->addresses()[2]).substr(0, 10), "127.0.0.1:");
}

TEST(Sites, AreNoneWithoutSystemd) {
  Runner runner(1, peer_app());
  EXPECT_EQ(runner.get(runner->systemd_sites()), 0u);
}

// One that cannot be had costs a connection, and not the server.
TEST(Sites, AskForTheTlsContextOfEachConnection) {
  std::atomic<int> asked = 0;
  std::promise<void> logged;
  ServerOptions options{.log = [&](std::string_view line) {
    EXPECT_EQ(line, "a new connection: no certificate");
    if (asked == 2) logged.set_value();
  }};
  Runner runner(1, peer_app(), std::move(options));
  SiteOptions site{.tls = [&]() -> std::shared_ptr<asio::ssl::context> {
    ++asked;
    throw std::runtime_error("no certificate");
  }};
  runner.get(runner->tcp_site("127.0.0.1", 0, std::move(site)));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(RawClient(runner->addresses()[0]).read_to_end(), "");
  logged.get_future().get();
  EXPECT_EQ(asked, 2);
}

TEST(Sites, ShareAPortIfAllWantTo) {
  Runner one(1, peer_app());
  one.get(one->tcp_site("127.0.0.1", 0, {.reuse_port = true}));
  const std::uint16_t port = one->addresses()[0].port;
  Runner other(1, peer_app());
  other.get(other->tcp_site("127.0.0.1", port, {.reuse_port = true}));
  EXPECT_EQ(other->addresses(), one->addresses());
}

// --- Several threads.

TEST(Threads, NeedAnExecutor) {
  EXPECT_THROW(AppRunner(std::vector<asio::any_io_executor>(), Application()), std::invalid_argument);
}

TEST(Threads, AllServeAnAddress) {
  Runner runner(2, thread_app());
  runner.get(runner->tcp_site("127.0.0.1", 0));
  ASSERT_EQ(runner->addresses().size(), 1u);
  std::set<std::string> threads;
  for (int i = 0; i < 100; ++i) threads.insert(ask(runner->addresses()[0]));  // on one of them all: 1 in 2^99
  EXPECT_EQ(threads.size(), 2u);
}

TEST(Threads, KeepTheirConnections) {
  Runner runner(2, thread_app());
  runner.get(runner->tcp_site("127.0.0.1", 0));
  for (int i = 0; i < 10; ++i) {
    RawClient client(runner->addresses()[0]);
    const std::string thread = ask(client);
    for (int again = 0; again < 3; ++again) EXPECT_EQ(ask(client), thread);
  }
}

TEST(Threads, FindAPortThatIsInUse) {
  Runner taken(2, thread_app());
  taken.get(taken->tcp_site("127.0.0.1", 0));
  const net::Address address = taken->addresses()[0];
  Runner runner(2, thread_app());
  EXPECT_EQ(runner.get(failure_of(runner->tcp_site(address.host, address.port))),
            "listen on " + address.to_string() + ": Address already in use");
}

TEST(Threads, TakeFromTheQueueOfAUnixSocket) {
  const std::string path = temporary_path("threads");
  {
    Runner runner(3, peer_app());
    runner.get(runner->unix_site(path));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(runner->addresses()[0]), "unix:");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Threads, RunCallbacksOnTheFirstOnce) {
  std::vector<std::thread::id> calls;
  Application app = thread_app();
  app.on_startup([&](Application&) { calls.push_back(std::this_thread::get_id()); });
  app.on_shutdown([&](Application&) { calls.push_back(std::this_thread::get_id()); });
  app.on_cleanup([&](Application&) { calls.push_back(std::this_thread::get_id()); });
  Runner runner(3, std::move(app));
  runner.get(runner->tcp_site("127.0.0.1", 0));
  runner.stop().get();
  EXPECT_EQ(calls, std::vector<std::thread::id>(3, runner.first_thread()));
}

TEST(Threads, StopTogether) {
  Runner runner(2, thread_app());
  runner.get(runner->tcp_site("127.0.0.1", 0));
  std::list<RawClient> clients;
  for (int i = 0; i < 20; ++i) ask(clients.emplace_back(runner->addresses()[0]));
  runner.stop().get();
  for (RawClient& client : clients) EXPECT_EQ(client.read_to_end(), "");
  EXPECT_FALSE(can_connect(runner->addresses()[0]));
}

// Counts up, and goes on until it is cancelled.
asio::awaitable<Response> hang(std::atomic<int>& begun, std::atomic<int>& cancelled) {
  asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  if (++begun == 20) begun.notify_all();
  try {
    co_await never.async_wait(asio::use_awaitable);
  } catch (const boost::system::system_error&) {
    ++cancelled;
    throw;
  }
  co_return text("");
}

void wait_for_all(std::atomic<int>& begun) {
  for (int now = begun; now < 20; now = begun) begun.wait(now);
}

TEST(Threads, CancelWhatHangsOnEach) {
  std::atomic<int> begun = 0;
  std::atomic<int> cancelled = 0;
  Application app;
  app.router().add_get("/", [&](Request&) { return hang(begun, cancelled); });
  Runner runner(2, std::move(app), {.timeouts = {.shutdown = 1ms}});
  runner.get(runner->tcp_site("127.0.0.1", 0));
  std::list<RawClient> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(runner->addresses()[0]).send(kGet);
  wait_for_all(begun);
  runner.stop().get();
  EXPECT_EQ(cancelled, 20);
}

// The runner goes with connections under way on each thread, then the threads.
TEST(Threads, AreLeftAsTheyAre) {
  std::atomic<int> begun = 0;
  std::atomic<int> cancelled = 0;
  Application app;
  app.router().add_get("/", [&](Request&) { return hang(begun, cancelled); });
  std::list<RawClient> clients;
  {
    asio::io_context first(1);
    asio::io_context second(1);
    const auto work = asio::make_work_guard(second);
    std::jthread thread([&] { second.run(); });
    auto runner = std::make_unique<AppRunner>(
        std::vector<asio::any_io_executor>{first.get_executor(), second.get_executor()}, std::move(app));
    auto listening = asio::co_spawn(first, runner->tcp_site("127.0.0.1", 0), asio::use_future);
    while (listening.wait_for(0s) != std::future_status::ready) first.run_one();
    for (int i = 0; i < 20; ++i) clients.emplace_back(runner->addresses()[0]).send(kGet);
    while (begun < 20) first.run_one_for(1ms);
    runner.reset();
    second.stop();
  }
  for (RawClient& client : clients) EXPECT_EQ(client.read_to_end(), "");
}

// Those of an executor have their share of the connections, at least one.
TEST(Threads, ShareTheRoom) {
  Runner runner(2, thread_app(), {.max_connections = 1});
  runner.get(runner->tcp_site("127.0.0.1", 0));
  for (int i = 0; i < 10; ++i) EXPECT_NE(ask(runner->addresses()[0]), "");
}

}  // namespace
}  // namespace prometheus_async::aio::web
