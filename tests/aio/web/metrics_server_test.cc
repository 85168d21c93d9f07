// SPDX-License-Identifier: Apache-2.0

#include "aio/web/metrics_server.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "aio/web/application.h"
#include "aio/web/server_stats.h"
#include "aio/web/threaded_metrics_server.h"
#include "exposition/render.h"
#include "metrics/registry.h"
#include "tests/aio/web/fake_request.h"
#include "tests/aio/web/raw_client.h"
#include "tests/aio/web/test_server.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::can_connect;
using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;
using prometheus_async::testing::LogLines;
using prometheus_async::testing::RawClient;
using prometheus_async::testing::RawResponse;

RawResponse get(const net::Address& server, std::string_view path, std::string_view method = "GET") {
  RawClient client(server);
  client.send(std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
  return client.read_response(method == "HEAD");
}

// A loop in a thread, and what a coroutine does there.
class Loop {
 public:
  ~Loop() { work_.reset(); }

  template <class T>
  T run(asio::awaitable<T> awaitable) {
    return asio::co_spawn(io_context_, std::move(awaitable), asio::use_future).get();
  }

 private:
  asio::io_context io_context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_context_.get_executor()};
  std::jthread thread_{[this] { io_context_.run(); }};
};

// The example of the header.
asio::awaitable<std::string> example() {
  StartOptions options{.addr = "127.0.0.1", .port = 0};
  MetricsHTTPServer server = co_await start_http_server(std::move(options));
  std::string url = server.metrics_url();
  co_await server.close();
  co_return url;
}

TEST(MetricsHTTPServer, ReadsAsInTheHeader) {
  Loop loop;
  EXPECT_EQ(loop.run(example()).substr(0, 17), "http://127.0.0.1:");
}

TEST(MetricsHTTPServer, ShowsTheRegistryAndALinkToIt) {
  Loop loop;
  metrics::Registry registry;
  registry.counter("answers_total", "answers given").Increment();
  MetricsHTTPServer server = loop.run(start_http_server({.addr = "127.0.0.1", .registry = &registry}));

  const RawResponse page = get(server.socket(), "/metrics");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, exposition::render(registry).body);
  EXPECT_NE(page.body.find("answers_total 1\n"), std::string::npos);
  EXPECT_EQ(page.headers.at("content-type"), exposition::render(registry).content_type);

  const RawResponse landing = get(server.socket(), "/");
  EXPECT_EQ(landing.body, "<html><body><a href=\"/metrics\">Metrics</a></body></html>");
  EXPECT_EQ(landing.headers.at("content-type"), "text/html; charset=utf-8");

  EXPECT_EQ(get(server.socket(), "/metrics", "HEAD").headers.at("content-length"), std::to_string(page.body.size()));
  EXPECT_EQ(get(server.socket(), "/metrics", "POST").headers.at("allow"), "GET,HEAD");
  EXPECT_EQ(get(server.socket(), "/metrics/").status, 404);
  EXPECT_EQ(get(server.socket(), "/favicon.ico").status, 404);
  loop.run(server.close());
  EXPECT_FALSE(can_connect(server.socket()));
}

TEST(MetricsHTTPServer, ShowsTheDefaultRegistryByDefault) {
  metrics::default_registry().counter("default_answers_total", "answers given").Increment();
  Loop loop;
  MetricsHTTPServer server = loop.run(start_http_server({.addr = "127.0.0.1"}));
  EXPECT_NE(get(server.socket(), "/metrics").body.find("default_answers_total 1\n"), std::string::npos);
  loop.run(server.close());
}

// One port serves both families: there is only one socket.
TEST(MetricsHTTPServer, ListensOnAllInterfacesByDefault) {
  Loop loop;
  MetricsHTTPServer server = loop.run(start_http_server());
  const net::Address& socket = server.socket();
  EXPECT_TRUE(can_connect({"127.0.0.1", socket.port}));
  if (socket.host == "::") {
    EXPECT_TRUE(can_connect({"::1", socket.port}));
    EXPECT_EQ(server.url(), "http://[::]:" + std::to_string(socket.port) + "/");
    EXPECT_EQ(server.metrics_url(), "http://[::1]:" + std::to_string(socket.port) + "/metrics");
  } else {
    EXPECT_EQ(socket.host, "0.0.0.0");  // a machine without IPv6
  }
  EXPECT_FALSE(server.https());
  loop.run(server.close());
}

TEST(ServerStats, IsAHandlerOfAnyApplication) {
  metrics::default_registry().counter("mounted_total", "mounted");
  metrics::Registry registry;
  registry.gauge("mine", "mine").Set(5);
  Application app;
  app.router().add_get("/metrics", server_stats);
  app.router().add_get("/mine", make_server_stats(registry));
  FakeRequest standard("GET", "/metrics");
  EXPECT_NE(get_now(app.handle(standard.request())).body.find("mounted_total 0\n"), std::string::npos);
  FakeRequest mine("GET", "/mine");
  EXPECT_NE(get_now(app.handle(mine.request())).body.find("mine 5\n"), std::string::npos);
}

// --- In a thread.

std::vector<std::string> thread_names() {
  std::vector<std::string> names;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::getline(file, names.emplace_back());
  }
  return names;
}

bool has_server_thread() {
  const std::vector<std::string> names = thread_names();
  return std::find(names.begin(), names.end(), "PrometheusAsync") != names.end();
}

TEST(ThreadedMetricsHTTPServer, ReadsAsInTheHeader) {
  net::Address address;
  {
    auto server = start_http_server_in_thread({.addr = "127.0.0.1", .port = 0});
    EXPECT_EQ(server.metrics_url(), "http://" + server.socket().to_string() + "/metrics");
    EXPECT_EQ(server.url(), "http://" + server.socket().to_string() + "/");
    EXPECT_FALSE(server.https());
    EXPECT_FALSE(server.is_registered());
    EXPECT_EQ(get(server.socket(), "/metrics").status, 200);
    EXPECT_TRUE(has_server_thread());
    address = server.socket();
  }
  EXPECT_FALSE(can_connect(address));
  EXPECT_FALSE(has_server_thread());
}

TEST(ThreadedMetricsHTTPServer, ClosesTwice) {
  auto server = start_http_server_in_thread({.addr = "127.0.0.1"});
  server.close();
  EXPECT_FALSE(can_connect(server.socket()));
  server.close();
  EXPECT_NE(server.socket().port, 0);
  EXPECT_EQ(server.url(), "http://" + server.socket().to_string() + "/");
}

TEST(ThreadedMetricsHTTPServer, ClosesFromSeveralThreads) {
  auto server = start_http_server_in_thread({.addr = "127.0.0.1"});
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      server.close();
      EXPECT_FALSE(can_connect(server.socket()));
    });
  }
}

TEST(ThreadedMetricsHTTPServer, Moves) {
  auto server = start_http_server_in_thread({.addr = "127.0.0.1"});
  const net::Address address = server.socket();
  {
    ThreadedMetricsHTTPServer moved = std::move(server);
    EXPECT_EQ(moved.socket(), address);
    EXPECT_TRUE(can_connect(address));
  }
  EXPECT_FALSE(can_connect(address));
}

TEST(ThreadedMetricsHTTPServer, TellsTheCallerThatThePortIsTaken) {
  auto taken = start_http_server_in_thread({.addr = "127.0.0.1"});
  try {
    auto server = start_http_server_in_thread({.addr = "127.0.0.1", .port = taken.socket().port});
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.what(), "listen on " + taken.socket().to_string() + ": Address already in use");
  }
  EXPECT_TRUE(can_connect(taken.socket()));
}

TEST(ThreadedMetricsHTTPServer, TellsTheCallerThatThereIsNoSuchAddress) {
  try {
    auto server = start_http_server_in_thread({.addr = "no-such-host.invalid", .port = 1});
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(std::string(error.what()).substr(0, 36), "listen on no-such-host.invalid:1: Ho") << error.what();
  }
  try {
    auto server = start_http_server_in_thread({.addr = "192.0.2.1"});  // TEST-NET-1: no machine has it
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_STREQ(error.what(), "listen on 192.0.2.1:0: Cannot assign requested address");
  }
  EXPECT_FALSE(has_server_thread());
}

// A discovery of the shortest form.
sd::ServiceDiscovery discovery(std::function<void()> on_enroll, std::function<void()> on_deregister) {
  return [=](const sd::Endpoint&) -> asio::awaitable<sd::Deregister> {
    if (on_enroll) on_enroll();
    co_return [=]() -> asio::awaitable<void> {
      if (on_deregister) on_deregister();
      co_return;
    };
  };
}

void fail() { throw std::runtime_error("the discovery says no"); }

TEST(ThreadedMetricsHTTPServer, RegistersAndTakesItBack) {
  int enrolled = 0;
  int deregistered = 0;
  auto server = start_http_server_in_thread(
      {.addr = "127.0.0.1", .service_discovery = discovery([&] { ++enrolled; }, [&] { ++deregistered; })});
  EXPECT_TRUE(server.is_registered());
  EXPECT_EQ(enrolled, 1);
  server.close();
  EXPECT_FALSE(server.is_registered());
  EXPECT_EQ(deregistered, 1);
}

TEST(ThreadedMetricsHTTPServer, TellsTheCallerThatEnrollingFailed) {
  try {
    auto server = start_http_server_in_thread({.addr = "127.0.0.1", .service_discovery = discovery(fail, nullptr)});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "the discovery says no");
  }
  EXPECT_FALSE(has_server_thread());
}

TEST(ThreadedMetricsHTTPServer, StopsAndTellsThatDeregisteringFailed) {
  auto server = start_http_server_in_thread({.addr = "127.0.0.1", .service_discovery = discovery(nullptr, fail)});
  EXPECT_THROW(server.close(), std::runtime_error);
  EXPECT_FALSE(can_connect(server.socket()));
  EXPECT_FALSE(server.is_registered());
  server.close();
}

TEST(ThreadedMetricsHTTPServer, LogsThatDeregisteringFailedIfNobodyIsThereToBeTold) {
  LogLines log;
  {
    auto server = start_http_server_in_thread(
        {.addr = "127.0.0.1", .service_discovery = discovery(nullptr, fail), .server = {.log = log.log()}});
  }
  EXPECT_EQ(log.lines(), std::vector<std::string>{"closing the metrics server: the discovery says no"});
}

}  // namespace
}  // namespace prometheus_async::aio::web
