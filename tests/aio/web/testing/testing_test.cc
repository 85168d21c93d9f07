// SPDX-License-Identifier: Apache-2.0
//
// The clients for tests of applications, each asking the same application.

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/http_error.h"
#include "aio/web/testing/in_memory_client.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_client.h"
#include "aio/web/testing/test_server.h"

namespace prometheus_async::aio::web::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

asio::awaitable<Response> echo(Request& request) {
  const std::string body = co_await request.text();
  Response response = text(body, 201);
  response.headers.add("X-Sent", request.headers().get("X-Sent").value_or("nothing"));
  co_return response;
}

asio::awaitable<Response> late(Request&) {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
  co_await timer.async_wait(asio::use_awaitable);
  co_return text("late");
}

Application make_app() {
  Application app;
  app.router().add_get("/users/{id:int}",
                       [](Request& request) { return text("user " + std::string(request.match_info()["id"])); });
  app.router().add_post("/echo", echo);
  app.router().add_put("/echo", echo);
  app.router().add_get("/late", late);
  app.router().add_get("/gone", [](Request&) -> Response { throw HttpError(410); });
  app.router().add_get("/broken", [](Request&) -> Response { throw std::runtime_error("broken"); });
  return app;
}

template <class Client>
void check_answers(Client& client) {
  EXPECT_EQ(client.get("/users/3").body, "user 3");
  EXPECT_EQ(client.get("/users/three").status, 404);
  EXPECT_EQ(client.get("/late").body, "late");
  EXPECT_EQ(client.get("/gone").status, 410);
  const ClientResponse head = client.head("/users/3");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(head.headers.get("content-type"), "text/plain; charset=utf-8");
  const ClientResponse echoed = client.post("/echo", "hello", {{"X-Sent", "this"}});
  EXPECT_EQ(echoed.status, 201);
  EXPECT_EQ(echoed.body, "hello");
  EXPECT_EQ(echoed.headers.get("X-Sent"), "this");
  EXPECT_EQ(client.request("PUT", "/echo", "put").body, "put");
  EXPECT_EQ(client.post("/echo", "").body, "");
  EXPECT_EQ(client.request("DELETE", "/echo").status, 405);
}

TEST(TestClient, AsksAServer) {
  TestServer server(make_app());
  TestClient client(server.url("/"));
  check_answers(client);
  EXPECT_EQ(client.get("/broken").status, 500);
  EXPECT_THAT(server.log(), ElementsAre("GET /broken: broken"));
}

TEST(TestClient, SaysWhatFails) {
  std::string url;
  {
    TestServer server{Application()};
    url = server.url("/");
  }
  TestClient client(url);
  try {
    client.get("/x");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("GET " + url + "x: "));
  }
  EXPECT_THROW(TestClient("127.0.0.1:80"), std::invalid_argument);
}

TEST(InMemoryClient, AsksAnApplication) {
  InMemoryClient client(make_app());
  check_answers(client);
}

TEST(InMemoryClient, ThrowsWhatTheHandlerThrows) {
  InMemoryClient client(make_app());
  EXPECT_THROW(client.get("/broken"), std::runtime_error);
  EXPECT_EQ(client.get("/users/3").body, "user 3");
}

TEST(InMemoryClient, RefusesWhatAServerRefuses) {
  InMemoryClient client(make_app());
  EXPECT_THROW(client.get("/%zz"), std::invalid_argument);
  EXPECT_THROW(client.get("no path"), std::invalid_argument);
}

TEST(InMemoryClient, StartsAndEndsTheApplication) {
  std::vector<std::string> calls;
  Application app;
  app.on_startup([&](Application&) { calls.emplace_back("start"); });
  app.on_shutdown([&](Application&) { calls.emplace_back("shut down"); });
  app.on_cleanup([&](Application&) { calls.emplace_back("clean up"); });
  {
    InMemoryClient client(std::move(app));
    EXPECT_THAT(calls, ElementsAre("start"));
  }
  EXPECT_THAT(calls, ElementsAre("start", "shut down", "clean up"));
}

TEST(RawClient, SendsAnyBytes) {
  TestServer server(make_app());
  RawClient client(server.address());
  client.send("BAD\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), HasSubstr("HTTP/1.1 400 Bad Request\r\n"));
}

}  // namespace
}  // namespace prometheus_async::aio::web::testing
