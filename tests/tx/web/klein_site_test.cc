// SPDX-License-Identifier: Apache-2.0
//
// Klein behind a Site, with a client at the other end of a socket.
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/testing/raw_client.h"
#include "metrics/registry.h"
#include "tests/tx/web/site_server.h"
#include "tx/defer_later.h"
#include "tx/deferred.h"
#include "tx/listening_port.h"
#include "tx/promise.h"
#include "tx/reactor.h"
#include "tx/web/klein.h"
#include "tx/web/metrics_resource.h"
#include "tx/web/request.h"
#include "tx/web/site.h"

namespace prometheus_async::tx::web {
namespace {

using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::testing::get;
using prometheus_async::testing::SiteServer;
using ::testing::HasSubstr;

TEST(KleinBehindASite, ShowsMetrics) {
  metrics::Registry registry;
  auto& inbound_requests = registry.counter("inbound_requests_total", "inbound http requests", {"endpoint", "method"});
  Klein app;
  app.route("/metrics", [&](Request&) {
    inbound_requests.labels("/metrics", "GET").Increment();
    return MetricsResource(registry);
  });
  SiteServer server(app.resource());
  RawClient client(server.address());
  client.send(get("/metrics"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("inbound_requests_total{endpoint=\"/metrics\",method=\"GET\"} 1"));
}

// Two requests on one connection, answered in their order; the first waits.
TEST(KleinBehindASite, AnswersLaterWithItsLength) {
  std::promise<void> has_come;
  std::optional<Promise<std::string>> name;  // made on the server's thread
  Klein app;
  app.route("/users/<int:id>", [&](Request&, int) -> Deferred<std::string> {
    Deferred<std::string> found = name.emplace().get_deferred();
    has_come.set_value();
    const std::string text = co_await std::move(found);
    co_return "user " + text;
  });
  SiteServer server(app.resource());
  RawClient client(server.address());
  client.send(get("/users/7") + get("/users/seven"));
  has_come.get_future().get();
  server.run([&] { name->callback("Ann"); });
  const RawResponse user = client.read_response();
  EXPECT_EQ(user.status, 200);
  EXPECT_EQ(user.body, "user Ann");
  EXPECT_EQ(user.headers.at("content-length"), "8");
  EXPECT_EQ(user.headers.at("content-type"), "text/html");
  const RawResponse missing = client.read_response();
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.headers.at("content-type"), "text/html; charset=utf-8");
}

TEST(KleinBehindASite, SendsNoBodyToHead) {
  Klein app;
  app.route("/text", [](Request&) { return "hello"; });
  app.route("/deferred", [](Request&) -> Deferred<std::string> { co_return "hello"; });
  app.route("/written", [](Request& request) { request.write("hello"); });
  SiteServer server(app.resource());
  RawClient client(server.address());
  for (const char* path : {"/text", "/deferred", "/written"}) {
    client.send(get(path, {}, "HEAD"));
    EXPECT_EQ(client.read_response(true).status, 200) << path;
  }
  client.send(get("/text"));
  EXPECT_EQ(client.read_response().body, "hello");  // nothing was left on the way
}

TEST(KleinBehindASite, RedirectsAndRefuses) {
  Klein app;
  app.route("/users/", {.methods = {"GET"}}, [](Request&) { return "all"; });
  SiteServer server(app.resource());
  RawClient client(server.address());
  client.send(get("/users?page=2"));
  const RawResponse redirect = client.read_response();
  EXPECT_EQ(redirect.status, 308);
  EXPECT_EQ(redirect.headers.at("location"), "/users/?page=2");
  EXPECT_EQ(redirect.headers.at("content-length"), std::to_string(redirect.body.size()));
  client.send(get("/users/", {}, "DELETE"));
  const RawResponse refusal = client.read_response();
  EXPECT_EQ(refusal.status, 405);
  EXPECT_EQ(refusal.headers.at("allow"), "GET, HEAD");
}

TEST(KleinBehindASite, TakesEscapesForWhatTheyAre) {
  Klein app;
  app.route("/<name>", [](Request&, std::string_view name) { return name; });
  SiteServer server(app.resource());
  RawClient client(server.address());
  client.send(get("/a%2Fb%C3%A9%3F"));
  EXPECT_EQ(client.read_response().body, "a/bé?");
  client.send(get("/%FF"));
  EXPECT_EQ(client.read_response().status, 400);
}

TEST(KleinBehindASite, CancelsTheFunctionOfAClientThatLeaves) {
  std::promise<void> has_come;
  std::promise<void> is_cancelled;
  Klein app;
  app.route("/", [&](Request&) -> Deferred<std::string> {
    Promise<std::string> promise([&] { is_cancelled.set_value(); });
    Deferred<std::string> waiting = promise.get_deferred();
    has_come.set_value();
    co_return co_await std::move(waiting);
  });
  SiteServer server(app.resource());
  {
    RawClient client(server.address());
    client.send(get("/"));
    has_come.get_future().get();
  }
  is_cancelled.get_future().get();
}

// --- The program, as users write it.

Reactor reactor;
auto& inbound_requests = metrics::counter("inbound_requests_total", "inbound http requests", {"endpoint", "method"});

struct User {
  std::string name;
};

Deferred<User> find_user(int id) {
  co_await defer_later(reactor, std::chrono::milliseconds(1));
  co_return User{"user " + std::to_string(id)};
}

TEST(KleinBehindASite, IsAProgram) {
  Klein app;
  app.route("/metrics", [](Request&) {
    inbound_requests.labels("/metrics", "GET").Increment();
    return MetricsResource();
  });
  app.route("/users/<int:id>",
            [](Request&, int id) -> Deferred<std::string> { co_return (co_await find_user(id)).name; });
  const ListeningPort port = reactor.listen_tcp(0, Site(app.resource()), {.interface = "127.0.0.1"});
  RawResponse user;
  RawResponse page;
  std::jthread client([&] {
    RawClient raw(port.get_host());
    raw.send(get("/users/7") + get("/metrics"));
    user = raw.read_response();
    page = raw.read_response();
    reactor.call_from_thread([] { reactor.stop(); });
  });
  reactor.run({.install_signal_handlers = false});
  client.join();
  EXPECT_EQ(user.body, "user 7");
  EXPECT_THAT(page.body, HasSubstr("inbound_requests_total{endpoint=\"/metrics\",method=\"GET\"} 1"));
}

}  // namespace
}  // namespace prometheus_async::tx::web
