// SPDX-License-Identifier: Apache-2.0
//
// What a forked child has of the servers, scrapes and threads of its parent. In the child nothing of GoogleTest is
// used: it tells by its exit code which of its checks failed first.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "aio/net/inherited_sockets.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/threaded_metrics_server.h"
#include "metrics/registry.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::aio::web::testing::can_connect;
using prometheus_async::aio::web::testing::RawClient;

std::string get(const net::Address& server, std::string_view path) {
  RawClient client(server);
  client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  return client.read_to_end();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Runs the checks in a child, in order; returns the number of the first that fails, counted from 1; 0 if none does.
int first_failure_in_child(std::initializer_list<std::function<bool()>> checks) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // a lock that the parent held would be waited for for ever
    int number = 0;
    for (const auto& check : checks) {
      ++number;
      try {
        if (!check()) ::_exit(number);
      } catch (...) {
        ::_exit(number);
      }
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Fork : public ::testing::Test {
 protected:
  StartOptions options() { return {.addr = "127.0.0.1", .registry = &registry_}; }

  metrics::Registry registry_;
};

TEST_F(Fork, LeavesTheServerToTheParent) {
  std::optional<ThreadedMetricsHTTPServer> server(start_http_server_in_thread(options()));
  RawClient connection(server->socket());  // one that the child would inherit
  connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.read_response().status, 200);
  EXPECT_EQ(first_failure_in_child({
                [&] { return server->is_inherited(); },
                [&] { return net::close_inherited_sockets(server->socket()) == 0; },  // closed already
                [&] {
                  server->close();
                  return true;
                },
                [&] {
                  server.reset();
                  return true;
                },
            }),
            0);
  EXPECT_FALSE(server->is_inherited());
  connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.read_response().status, 200);
  EXPECT_TRUE(has(get(server->socket(), "/metrics"), "200 OK"));
  server->close();
  EXPECT_FALSE(can_connect(server->socket()));
}

TEST_F(Fork, LetsTheChildStartAServerOfItsOwn) {
  registry_.counter("requests_total", "requests").Increment(3);
  const auto server = start_http_server_in_thread(options());
  EXPECT_TRUE(has(get(server.socket(), "/metrics"), "requests_total 3\n"));
  EXPECT_EQ(first_failure_in_child({
                [&] {
                  auto own = start_http_server_in_thread(options());
                  if (own.is_inherited() || own.socket() == server.socket()) return false;
                  if (!has(get(own.socket(), "/metrics"), "requests_total 3\n")) return false;
                  own.close();
                  return !can_connect(own.socket());
                },
                [&] { return can_connect(server.socket()); },  // the parent's
            }),
            0);
}

TEST_F(Fork, WaitsForAScrapeThatIsBeingCollected) {
  std::atomic<bool> is_collecting = false;
  std::atomic<bool> may_go_on = false;
  const auto held = registry_.gauge_function("slow", "a slow one", [&] {
    is_collecting = true;
    is_collecting.notify_all();
    may_go_on.wait(false);
    return 1.0;
  });
  const auto server = start_http_server_in_thread(options());
  std::string page;
  std::jthread scraper([&] { page = get(server.socket(), "/metrics"); });
  is_collecting.wait(false);
  std::jthread helper([&] {
    may_go_on = true;
    may_go_on.notify_all();
  });
  EXPECT_EQ(first_failure_in_child({
                [&] {
                  const auto own = start_http_server_in_thread(options());
                  return has(get(own.socket(), "/metrics"), "slow 1\n");
                },
            }),
            0);
  scraper.join();
  EXPECT_TRUE(has(page, "slow 1\n"));
}

TEST_F(Fork, LetsACollectorFork) {
  int status = -1;
  const auto held = registry_.gauge_function("forks", "forks", [&] {
    const ::pid_t child = ::fork();
    if (child == 0) ::_exit(7);
    ::waitpid(child, &status, 0);
    return 1.0;
  });
  const auto server = start_http_server_in_thread(options());
  EXPECT_TRUE(has(get(server.socket(), "/metrics"), "forks 1\n"));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(CloseInheritedSockets, LeavesOtherSocketsAlone) {
  metrics::Registry registry;
  const auto first = start_http_server_in_thread({.addr = "127.0.0.1", .registry = &registry});
  RawClient client(first.socket());
  EXPECT_EQ(net::close_inherited_sockets({"127.0.0.2", first.socket().port}), 0u);
  EXPECT_EQ(net::close_inherited_sockets({"127.0.0.1", 1}), 0u);
  EXPECT_TRUE(has(get(first.socket(), "/"), "200 OK"));
}

}  // namespace
}  // namespace prometheus_async::aio::web
