// SPDX-License-Identifier: Apache-2.0

#include "aio/web/connection.h"

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/http_error.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::aio::web::testing::TestServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string get(std::string_view path, std::string_view lines = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

std::string post(std::string_view path, std::string_view lines, std::string_view body = {}) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

asio::awaitable<Response> echo(Request& request) {
  std::string body = co_await request.text();
  co_return text(std::move(body));
}

// Suspends in the middle, as most handlers do.
asio::awaitable<Response> slow(Request&) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return text("slow");
}

Application make_app() {
  Application app;
  app.router().add_get("/", [](Request&) { return text("hello"); });
  app.router().add_get("/slow", slow);
  app.router().add_get("/users/{name}",
                       [](Request& request) { return text(std::string(request.match_info()["name"])); });
  app.router().add_get("/big", [](Request&) { return text(std::string(8 << 20, 'x')); });
  app.router().add_get("/close", [](Request&) { return Response{200, {{"Connection", "close"}}, "bye"}; });
  app.router().add_get("/nothing", [](Request&) { return text("not sent", 204); });
  app.router().add_get("/evil", [](Request&) { return Response{200, {{"X-Evil", "a\r\nb: c"}}, "body"}; });
  app.router().add_get("/throws", [](Request&) -> Response { throw std::runtime_error("the secret\nof the handler"); });
  app.router().add_get("/throws-int", [](Request&) -> Response { throw 5; });
  app.router().add_get("/teapot", [](Request&) -> Response { throw HttpError(text("short and stout", 418)); });
  app.router().add_post("/echo", echo);
  app.router().add_post("/ignore", [](Request&) { return text("ignored"); });
  return app;
}

class Connection : public ::testing::Test {
 protected:
  TestServer server_{make_app(), {.limits = {.body = 100}}};
};

TEST_F(Connection, AnswersRequestAfterRequest) {
  RawClient client(server_.address());
  for (int i = 0; i < 3; ++i) {
    client.send(kGet);
    const RawResponse response = client.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.headers.at("content-type"), "text/plain; charset=utf-8");
    EXPECT_EQ(response.headers.at("content-length"), "5");
    EXPECT_THAT(response.headers.at("date"), HasSubstr(" GMT"));
    EXPECT_EQ(response.headers.count("connection"), 0u);
    EXPECT_EQ(response.headers.count("server"), 0u);
  }
}

TEST_F(Connection, AnswersPipelinedRequestsInOrder) {
  RawClient client(server_.address());
  client.send(get("/slow") + get("/users/1") + post("/echo", "Content-Length: 2\r\n", "hi") + get("/slow") +
              get("/users/2"));
  EXPECT_EQ(client.read_response().body, "slow");
  EXPECT_EQ(client.read_response().body, "1");
  EXPECT_EQ(client.read_response().body, "hi");
  EXPECT_EQ(client.read_response().body, "slow");
  EXPECT_EQ(client.read_response().body, "2");
}

TEST_F(Connection, TakesARequestByteByByte) {
  RawClient client(server_.address());
  for (const char c : post("/echo", "Transfer-Encoding: chunked\r\n", "2\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n")) {
    client.send(std::string_view(&c, 1));
  }
  EXPECT_EQ(client.read_response().body, "hello");
}

TEST_F(Connection, ClosesWhenAskedTo) {
  RawClient client(server_.address());
  client.send(get("/", "Connection: close\r\n") + get("/users/ignored"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.headers.at("connection"), "close");
  client.shutdown_send();
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_FALSE(client.was_reset());
}

TEST_F(Connection, ClosesWhenTheHandlerSaysSo) {
  RawClient client(server_.address());
  client.send(get("/close"));
  EXPECT_EQ(client.read_response().headers.at("connection"), "close");
  client.shutdown_send();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(Connection, KeepsHttp10OpenOnlyWhenAskedTo) {
  RawClient client(server_.address());
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.read_response().headers.at("connection"), "keep-alive");
  client.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read_response().headers.at("connection"), "close");
  client.shutdown_send();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(Connection, AnswersAClientThatHasShutDownItsSide) {
  RawClient client(server_.address());
  client.send(get("/slow") + get("/slow"));
  client.shutdown_send();
  EXPECT_EQ(client.read_response().body, "slow");
  EXPECT_EQ(client.read_response().body, "slow");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(Connection, SendsNoBodyInAnswerToHead) {
  RawClient client(server_.address());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /none HTTP/1.1\r\nHost: a\r\n\r\n" + get("/users/next"));
  const RawResponse response = client.read_response(true);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-length"), "5");
  EXPECT_EQ(client.read_response(true).status, 404);
  EXPECT_EQ(client.read_response().body, "next");
}

TEST_F(Connection, SendsNoBodyWhereNoneMayBe) {
  RawClient client(server_.address());
  client.send(get("/nothing") + get("/users/next"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.headers.count("content-length"), 0u);
  EXPECT_EQ(client.read_response().body, "next");
}

TEST_F(Connection, SaysWhatIsNotThereAndWhatIsNotAllowed) {
  RawClient client(server_.address());
  client.send(get("/none") + post("/", "") + "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" +
              "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n" + "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n");
  const RawResponse none = client.read_response();
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.body, "404: Not Found");
  const RawResponse post_response = client.read_response();
  EXPECT_EQ(post_response.status, 405);
  EXPECT_EQ(post_response.headers.at("allow"), "GET,HEAD,OPTIONS");
  EXPECT_EQ(client.read_response().status, 204);
  EXPECT_EQ(client.read_response().status, 405);
  EXPECT_EQ(client.read_response().status, 405);
}

TEST_F(Connection, AnswersWhatIsNoRequestAndCloses) {
  for (const auto& [bytes, status] : {std::pair("GET / HTTP/1.1\r\n\r\n", "400"),
                                      {"GET /\r\n", "400"},
                                      {"GET / HTTP/2.0\r\n\r\n", "505"},
                                      {"\x16\x03\x01", "400"},
                                      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", "413"},
                                      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
                                      {"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", "417"}}) {
    RawClient client(server_.address());
    client.send(bytes);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.shutdown_send();
    const std::string answer = client.read_to_end();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::string(status))) << bytes;
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n")) << bytes;
    EXPECT_EQ(answer.find("200 OK"), std::string::npos) << bytes;
    EXPECT_FALSE(client.was_reset()) << bytes;
  }
  EXPECT_THAT(server_.log(), IsEmpty());
}

// The refusal arrives though the client was still sending: it would not if the server closed with bytes unread.
TEST_F(Connection, LetsARefusalArrive) {
  RawClient client(server_.address());
  client.send(post("/echo", "Content-Length: 100000\r\n", std::string(100000, 'x')));
  client.shutdown_send();
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 413 "));
  EXPECT_FALSE(client.was_reset());
}

TEST_F(Connection, RefusesAChunkedBodyThatGrowsTooLarge) {
  RawClient client(server_.address());
  client.send(post("/echo", "Transfer-Encoding: chunked\r\n", "64\r\n" + std::string(100, 'x') + "\r\n1\r\nx\r\n"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.headers.at("connection"), "close");
}

TEST_F(Connection, RefusesABodyThatBreaksTheProtocol) {
  RawClient client(server_.address());
  client.send(post("/echo", "Transfer-Encoding: chunked\r\n", "1\r\nx\r\nzz\r\n"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.at("connection"), "close");
}

TEST_F(Connection, RefusesTextThatIsNoUtf8) {
  RawClient client(server_.address());
  client.send(post("/echo", "Content-Length: 1\r\n", "\xff") + get("/users/next"));
  EXPECT_EQ(client.read_response().status, 400);
  EXPECT_EQ(client.read_response().body, "next");
}

TEST_F(Connection, DropsABodyThatNobodyReads) {
  RawClient client(server_.address());
  client.send(post("/ignore", "Content-Length: 5\r\n", "hello") + get("/users/next"));
  EXPECT_EQ(client.read_response().body, "ignored");
  EXPECT_EQ(client.read_response().body, "next");
}

TEST_F(Connection, ClosesAfterAnAnswerThatCameBeforeTheBody) {
  RawClient client(server_.address());
  client.send(post("/ignore", "Content-Length: 5\r\n", "he"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.body, "ignored");
  EXPECT_EQ(response.headers.at("connection"), "close");
  client.send("llo" + get("/users/next"));
  client.shutdown_send();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(Connection, SaysContinueWhenTheBodyIsReadAndNotBefore) {
  RawClient client(server_.address());
  const std::string lines = "Content-Length: 5\r\nExpect: 100-continue\r\n";
  client.send(post("/echo", lines));
  EXPECT_EQ(client.read_response().status, 100);
  client.send("hello");
  EXPECT_EQ(client.read_response().body, "hello");
  // Once a request.
  client.send(post("/echo", lines));
  EXPECT_EQ(client.read_response().status, 100);
  client.send("again");
  EXPECT_EQ(client.read_response().body, "again");
  // Not if the body is there already.
  client.send(post("/echo", lines, "quick"));
  EXPECT_EQ(client.read_response().body, "quick");
  // Not if nobody wants the body; what follows the head is then unclear.
  client.send(post("/ignore", lines));
  const RawResponse ignored = client.read_response();
  EXPECT_EQ(ignored.status, 200);
  EXPECT_EQ(ignored.headers.at("connection"), "close");
}

TEST_F(Connection, MakesA500OfAnExceptionAndLogsOneLine) {
  RawClient client(server_.address());
  client.send(get("/throws") + get("/throws-int") + get("/users/next"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body, "500: Internal Server Error");
  EXPECT_EQ(client.read_response().status, 500);
  EXPECT_EQ(client.read_response().body, "next");
  EXPECT_THAT(server_.log(), ElementsAre("GET /throws: the secret\\x0aof the handler",
                                         "GET /throws-int: an exception that is no std::exception"));
}

TEST_F(Connection, MakesA500OfAHeaderThatBreaksOutOfItsLine) {
  RawClient client(server_.address());
  client.send(get("/evil") + get("/users/next"));
  EXPECT_EQ(client.read_response().status, 500);
  EXPECT_EQ(client.read_response().body, "next");
  EXPECT_THAT(server_.log(), ElementsAre(HasSubstr("X-Evil")));
}

// As any answer is, with what middlewares have put into the request.
TEST(OnResponsePrepare, SeesTheAnswerToAnException) {
  static const RequestKey<std::string> kId("id");
  Application api;
  api.on_response_prepare([](const Request& request, Response& response) {
    response.headers.set("X-Route", request.route());
    response.headers.set("X-Id", request.get(kId));
  });
  api.use([](Request& request, Next next) -> asio::awaitable<Response> {
    request.set(kId, std::string("7"));
    return next(request);
  });
  api.router().add_get("/throws", [](Request&) -> Response { throw std::runtime_error("broken"); });
  Application app;
  app.on_response_prepare([](const Request&, Response& response) { response.headers.set("X-Frame-Options", "deny"); });
  app.router().add_get("/throws", [](Request&) -> Response { throw std::runtime_error("broken at once"); });
  app.add_subapp("/api", std::move(api));
  TestServer server(std::move(app));
  RawClient client(server.address());
  client.send(get("/api/throws") + get("/throws"));
  const RawResponse inner = client.read_response();
  EXPECT_EQ(inner.status, 500);
  EXPECT_EQ(inner.headers.at("x-route"), "/api/throws");
  EXPECT_EQ(inner.headers.at("x-id"), "7");
  EXPECT_EQ(inner.headers.at("x-frame-options"), "deny");
  const RawResponse outer = client.read_response();
  EXPECT_EQ(outer.status, 500);
  EXPECT_EQ(outer.headers.at("x-frame-options"), "deny");
  EXPECT_THAT(server.log(), ElementsAre("GET /api/throws: broken", "GET /throws: broken at once"));
}

// Then there is nothing left but a plain one.
TEST(OnResponsePrepare, MayItselfThrow) {
  Application app;
  app.on_response_prepare([](const Request&, Response&) { throw std::runtime_error("unprepared"); });
  app.router().add_get("/", [](Request&) { return text("hello"); });
  TestServer server(std::move(app));
  RawClient client(server.address());
  client.send(get("/"));
  EXPECT_EQ(client.read_response().body, "500: Internal Server Error");
  EXPECT_THAT(server.log(), ElementsAre("GET /: unprepared"));
}

TEST_F(Connection, AnswersWithTheResponseThatIsThrown) {
  RawClient client(server_.address());
  client.send(get("/teapot"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 418);
  EXPECT_EQ(response.body, "short and stout");
  EXPECT_THAT(server_.log(), IsEmpty());
}

TEST_F(Connection, OutlivesClientsThatGo) {
  {
    RawClient client(server_.address());
  }
  {
    RawClient client(server_.address());
    client.send("GET / HT");
  }
  {
    RawClient client(server_.address());
    client.send(post("/echo", "Content-Length: 5\r\n", "he"));
  }
  {
    RawClient client(server_.address());
    client.send(get("/big") + get("/big"));
  }
  RawClient client(server_.address());
  client.send(kGet);
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_THAT(server_.log(), IsEmpty());
}

TEST_F(Connection, SendsALargeBodyToASlowReader) {
  RawClient client(server_.address(), 4096);
  client.send(get("/big"));
  EXPECT_EQ(client.read_response().body.size(), std::size_t{8} << 20);
}

// --- Deadlines. Each is short, the others are long: which one ends the connection is seen from its answer.

constexpr std::chrono::milliseconds kSoon = 50ms;

TEST(ConnectionDeadlines, NewConnectionThatSaysNothing) {
  TestServer server(make_app(), {.timeouts = {.first_byte = kSoon}});
  RawClient client(server.address());
  EXPECT_EQ(client.read_to_end(), "");
}

// However steadily it drips.
TEST(ConnectionDeadlines, Head) {
  TestServer server(make_app(), {.timeouts = {.head = kSoon}});
  RawClient client(server.address());
  client.send("GET / HTTP/1.1\r\nX: ");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 408 "));
}

TEST(ConnectionDeadlines, HeadOfTheSecondRequest) {
  TestServer server(make_app(), {.timeouts = {.head = kSoon}});
  RawClient client(server.address());
  client.send(std::string(kGet) + "GET / HT");
  EXPECT_EQ(client.read_response().status, 200);
  EXPECT_EQ(client.read_response().status, 408);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(ConnectionDeadlines, KeepAlive) {
  TestServer server(make_app(), {.timeouts = {.keep_alive = kSoon}});
  RawClient client(server.address());
  client.send(kGet);
  EXPECT_EQ(client.read_response().status, 200);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(ConnectionDeadlines, Body) {
  TestServer server(make_app(), {.timeouts = {.body = kSoon}});
  RawClient client(server.address());
  client.send(post("/echo", "Content-Length: 5\r\n", "he"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 408);
  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_THAT(server.log(), IsEmpty());
}

TEST(ConnectionDeadlines, ReaderThatDoesNotRead) {
  TestServer server(make_app(), {.timeouts = {.write = kSoon}});
  RawClient client(server.address(), 4096);
  client.send(get("/big"));
  server.stop().get();  // which waits for the connection
  EXPECT_LT(client.read_to_end().size(), std::size_t{8} << 20);
  EXPECT_TRUE(client.was_reset());
}

TEST(ConnectionDeadlines, ClientThatDoesNotCloseAfterTheLastAnswer) {
  TestServer server(make_app(), {.timeouts = {.linger = kSoon}});
  RawClient client(server.address());
  client.send(get("/close"));
  EXPECT_EQ(client.read_response().body, "bye");
  server.stop().get();
  EXPECT_EQ(client.read_to_end(), "");
}

// A handler takes as long as it likes.
TEST(ConnectionDeadlines, SpareHandlers) {
  TestServer server(make_app(), {.timeouts = {.first_byte = 1ms, .head = 1ms, .body = 1ms, .write = 500ms}});
  // `head` may pass before the request is read on a machine under load: then the connection is tried anew.
  for (int i = 0; i < 100; ++i) {
    RawClient client(server.address());
    client.send(get("/slow"));
    const std::string answer = [&] {
      client.shutdown_send();
      return client.read_to_end();
    }();
    if (answer.find("slow") != std::string::npos) return;
  }
  FAIL() << "no answer";
}

// --- What becomes of a handler whose client leaves.

// A handler that waits for an hour, and how it ended.
class Waiting {
 public:
  Application app(bool handler_cancellation) {
    Application app({.handler_cancellation = handler_cancellation});
    app.router().add_route("*", "/", [this](Request& request) { return wait(request); });
    return app;
  }
  asio::awaitable<Response> wait(Request& request) {
    co_await request.read();
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    has_begun.set_value();
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    ended_with.set_value(error);
    co_return text("late");
  }

  std::promise<void> has_begun;
  std::promise<boost::system::error_code> ended_with;
};

TEST(HandlerCancellation, EndsAHandlerWhoseClientLeaves) {
  for (const std::string& request : {get("/"), post("/", "Content-Length: 4\r\n", "body")}) {
    Waiting waiting;
    TestServer server(waiting.app(true));
    {
      RawClient client(server.address());
      client.send(request);
      waiting.has_begun.get_future().get();
    }
    EXPECT_EQ(waiting.ended_with.get_future().get(), asio::error::operation_aborted);
    EXPECT_THAT(server.log(), IsEmpty());
  }
}

TEST(HandlerCancellation, IsTheServersToo) {
  Waiting waiting;
  auto server = std::make_unique<TestServer>(waiting.app(true), ServerOptions{.timeouts = {.shutdown = 1ms}});
  RawClient client(server->address());
  client.send(get("/"));
  waiting.has_begun.get_future().get();
  server.reset();
  EXPECT_EQ(waiting.ended_with.get_future().get(), asio::error::operation_aborted);
}

// A handler sees that its client has left, and goes on.
TEST(Disconnected, TellsAHandlerThatWants) {
  std::promise<bool> was_told;
  std::promise<void> has_begun;
  Application app;
  app.router().add_get("/", [&](Request& request) -> asio::awaitable<Response> {
    has_begun.set_value();
    co_await request.disconnected();
    was_told.set_value(request.is_disconnected());
    co_return text("nobody reads this");
  });
  TestServer server(std::move(app));
  {
    RawClient client(server.address());
    client.send(get("/"));
    has_begun.get_future().get();
  }
  EXPECT_TRUE(was_told.get_future().get());
  EXPECT_THAT(server.log(), IsEmpty());
}

TEST(ClientMaxSize, IsTheApplications) {
  Application app({.client_max_size = 5});
  app.router().add_post("/echo", echo);
  TestServer server(std::move(app));
  for (const auto& [size, status] : {std::pair(4, 200), {5, 200}, {6, 413}}) {
    RawClient client(server.address());
    client.send(post("/echo", "Content-Length: " + std::to_string(size) + "\r\n", std::string(size, 'x')));
    EXPECT_EQ(client.read_response().status, status) << size;
  }
}

}  // namespace
}  // namespace prometheus_async::aio::web
