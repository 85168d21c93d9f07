// SPDX-License-Identifier: Apache-2.0

#include "aio/web/threaded_metrics_server.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::aio::web::testing::can_connect;
using prometheus_async::aio::web::testing::LogLines;
using prometheus_async::aio::web::testing::RawClient;

int status_of(const net::Address& server, std::string_view path) {
  RawClient client(server);
  client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
  return client.read_response().status;
}

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
    EXPECT_EQ(status_of(server.socket(), "/metrics"), 200);
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
