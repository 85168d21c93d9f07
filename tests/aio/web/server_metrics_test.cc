// SPDX-License-Identifier: Apache-2.0

#include "aio/web/server_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"
#include "exposition/render.h"
#include "metrics/registry.h"
#include "tests/testing/child_process.h"
#include "tests/testing/tls_context.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::TestServer;
using prometheus_async::testing::ChildProcess;
using prometheus_async::testing::make_tls_context;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kLast = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

Application make_app() {
  Application app;
  app.router().add_get("/", [](Request&) { return text("hello"); });
  app.router().add_post("/size", [](Request& request) -> asio::awaitable<Response> {
    const std::string_view body = co_await request.read();
    co_return text(std::to_string(body.size()));
  });
  return app;
}

class ServerMetricsTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}, std::shared_ptr<asio::ssl::context> tls = nullptr) {
    options.observers.push_back(metrics_);
    server_.emplace(make_app(), std::move(options), std::move(tls));
  }
  // Until then not all has been counted.
  void stop() { server_.reset(); }
  // What comes in answer to these bytes, up to the end of the connection.
  std::string ask(std::string_view bytes) {
    RawClient client(server_->address());
    client.send(bytes);
    return client.read_to_end();
  }

  std::optional<double> value(std::string_view name) const { return registry_.get_sample_value(name); }
  std::optional<double> rejected(std::string_view reason) const {
    return registry_.get_sample_value("http_server_connections_rejected_total", {{"reason", reason}});
  }
  std::optional<double> refused(std::string_view status) const {
    return registry_.get_sample_value("http_server_requests_refused_total", {{"status", status}});
  }

  metrics::Registry registry_;
  std::shared_ptr<ServerMetrics> metrics_ = std::make_shared<ServerMetrics>(registry_);
  std::optional<TestServer> server_;
};

TEST_F(ServerMetricsTest, ShowAllSeriesFromTheStart) {
  EXPECT_EQ(value("http_server_connections"), 0);
  EXPECT_EQ(value("http_server_connections_accepted_total"), 0);
  EXPECT_EQ(value("http_server_sent_bytes_total"), 0);
  for (const char* reason : {"handshake", "timeout", "descriptors"}) EXPECT_EQ(rejected(reason), 0) << reason;
  for (const char* status : {"400", "408", "414", "417", "431", "501", "505"}) EXPECT_EQ(refused(status), 0) << status;
}

TEST_F(ServerMetricsTest, CountConnectionsAndNotRequests) {
  start();
  RawClient client(server_->address());
  client.send(kGet);
  client.read_response();
  client.send(kGet);
  client.read_response();
  EXPECT_EQ(value("http_server_connections"), 1);
  EXPECT_EQ(value("http_server_connections_accepted_total"), 1);
  ask(kLast);
  stop();
  EXPECT_EQ(value("http_server_connections"), 0);
  EXPECT_EQ(value("http_server_connections_accepted_total"), 2);
  EXPECT_EQ(rejected("timeout"), 0);
}

TEST_F(ServerMetricsTest, CountWhatWasSent) {
  start();
  const std::size_t size = ask(kLast).size();
  stop();
  EXPECT_EQ(value("http_server_sent_bytes_total"), size);
}

TEST_F(ServerMetricsTest, CountRefusalsByStatus) {
  start({.limits = {.request_line = 100, .fields = 2, .body = 10}, .timeouts = {.head = 20ms}});
  ask("GET /\r\n");
  ask("GET / HTTP/1.1\r\n");  // and no more
  ask("GET /" + std::string(100, 'x') + " HTTP/1.1\r\n\r\n");
  ask("GET / HTTP/1.1\r\nHost: a\r\nExpect: a miracle\r\n\r\n");
  ask("GET / HTTP/1.1\r\nHost: a\r\na: b\r\nc: d\r\n\r\n");
  ask("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n");
  ask("GET / HTTP/2.0\r\n\r\n");
  stop();
  for (const char* status : {"400", "408", "414", "417", "431", "501", "505"}) EXPECT_EQ(refused(status), 1) << status;
}

// instrument() has it, with its route.
TEST_F(ServerMetricsTest, LeaveToTheApplicationWhatItAnswers) {
  start({.limits = {.body = 10}});
  EXPECT_THAT(ask("POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n"), HasSubstr(" 413 "));
  EXPECT_THAT(ask("POST /size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"), HasSubstr(" 400 "));
  stop();
  EXPECT_EQ(refused("400"), 0);
}

TEST_F(ServerMetricsTest, CountSilenceAsRejected) {
  start({.timeouts = {.first_byte = 20ms, .keep_alive = 20ms}});
  EXPECT_EQ(ask(""), "");
  EXPECT_THAT(ask(kGet), HasSubstr("hello"));  // what is idle afterwards is no more than that
  stop();
  EXPECT_EQ(rejected("timeout"), 1);
  EXPECT_EQ(rejected("handshake"), 0);
}

// A load balancer's check of the port.
TEST_F(ServerMetricsTest, CountWhoLeavesAtOnceAsAcceptedOnly) {
  start();
  {
    RawClient client(server_->address());
    client.shutdown_send();
    client.read_to_end();
  }
  stop();
  EXPECT_EQ(value("http_server_connections_accepted_total"), 1);
  EXPECT_EQ(rejected("timeout"), 0);
}

TEST_F(ServerMetricsTest, CountHandshakesThatFail) {
  start({.timeouts = {.tls_handshake = 20ms}}, make_tls_context());
  ask("SSH-2.0-OpenSSH_9.2\r\n");
  ask("");  // until it was too slow
  ask(kGet);
  stop();
  EXPECT_EQ(rejected("handshake"), 1);
  EXPECT_EQ(rejected("timeout"), 1);
  EXPECT_EQ(refused("400"), 1);
  EXPECT_EQ(value("http_server_connections"), 0);
}

// A handshake that the server itself cuts short, since it stops, is nobody's fault.
TEST_F(ServerMetricsTest, CountNoHandshakeThatAStopCutShort) {
  start({}, make_tls_context());
  RawClient client(server_->address());
  client.send("\x16");
  while (value("http_server_connections") == 0) std::this_thread::yield();
  stop();
  EXPECT_EQ(rejected("handshake"), 0);
}

TEST_F(ServerMetricsTest, CountThoseTurnedAway) {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "the sanitizer needs descriptors itself, to see whether memory can be read";
#endif
#endif
  start();
  const int next = ::dup(STDIN_FILENO);  // the client's, and there are no more
  ::close(next);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(next) + 1;
  ::setrlimit(RLIMIT_NOFILE, &low);
  EXPECT_EQ(ask(""), "");
  ::setrlimit(RLIMIT_NOFILE, &before);
  stop();
  EXPECT_EQ(rejected("descriptors"), 1);
  EXPECT_EQ(value("http_server_connections_accepted_total"), 0);
}

TEST_F(ServerMetricsTest, AreOfAllServersThatTheyAreGivenTo) {
  TestServer other(make_app(), {.observers = {metrics_}});
  start();
  RawClient here(server_->address());
  RawClient there(other.address());
  for (RawClient* client : {&here, &there}) {
    client->send(kGet);
    client->read_response();
  }
  EXPECT_EQ(value("http_server_connections"), 2);
}

TEST(ServerMetrics, HaveThePrefixThatTheyAreGiven) {
  metrics::Registry registry;
  const ServerMetrics admin(registry, "admin_server");
  EXPECT_EQ(registry.get_sample_value("admin_server_connections"), 0);
}

TEST(ServerMetrics, AreMadeOnceForARegistry) {
  metrics::Registry registry;
  const ServerMetrics first(registry);
  EXPECT_THAT([&] { const ServerMetrics second(registry); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("http_server_connections")));
}

TEST(ServerMetrics, HaveNamesThatPromtoolLikes) {
  metrics::Registry registry;
  const ServerMetrics metrics(registry);
  const std::string path = ::testing::TempDir() + "/page";
  std::ofstream(path) << exposition::render(registry).body;
  ChildProcess promtool({"/bin/sh", "-c", std::string(std::getenv("PROMTOOL")) + " check metrics < " + path});
  EXPECT_EQ(promtool.wait_for_exit(), 0) << promtool.output();
  EXPECT_EQ(promtool.output(), "");
}

}  // namespace
}  // namespace prometheus_async::aio::web
