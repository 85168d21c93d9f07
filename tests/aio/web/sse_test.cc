// SPDX-License-Identifier: Apache-2.0

#include "aio/web/sse.h"

#include <chrono>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::aio::web::testing::TestServer;
using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string formatted(const Event& event) {
  std::string out;
  append_event(out, event);
  return out;
}

TEST(AppendEvent, HasALineForEachField) {
  EXPECT_EQ(formatted({.event = "tick", .data = "now", .id = "7", .retry = 1500ms}),
            "event: tick\nid: 7\nretry: 1500\ndata: now\n\n");
}

TEST(AppendEvent, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(formatted({.data = "now"}), "data: now\n\n");
  EXPECT_EQ(formatted({.retry = 0ms}), "retry: 0\n\n");
}

// Without a line of data no listener would be called.
TEST(AppendEvent, GivesANamedEventItsData) { EXPECT_EQ(formatted({.event = "ping"}), "event: ping\ndata: \n\n"); }

TEST(AppendEvent, SplitsDataAtAnyEndOfALine) {
  EXPECT_EQ(formatted({.data = "a\nb\r\nc\rd"}), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(formatted({.data = "a\n\nb\n"}), "data: a\ndata: \ndata: b\ndata: \n\n");
  EXPECT_EQ(formatted({.data = "\n"}), "data: \ndata: \n\n");
  EXPECT_EQ(formatted({.data = "\r\n"}), "data: \ndata: \n\n");
  EXPECT_EQ(formatted({.data = " a: b"}), "data:  a: b\n\n");
}

TEST(AppendEvent, RefusesWhatWouldBeAnotherField) {
  std::string out = "before";
  for (const std::string_view text : {"a\nb"sv, "a\rb"sv, "\n"sv}) {
    EXPECT_THROW(append_event(out, {.event = text}), std::invalid_argument);
    EXPECT_THROW(append_event(out, {.data = "x", .id = text}), std::invalid_argument);
  }
  EXPECT_THROW(append_event(out, {.id = "a\0b"sv}), std::invalid_argument);
  EXPECT_THROW(append_event(out, {.retry = -1ms}), std::invalid_argument);
  EXPECT_EQ(out, "before");
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kLastGet = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// Serves one stream: what `talk` does until it returns; then its end.
Application make_app(std::function<asio::awaitable<void>(EventStream&)> talk, EventStreamOptions options = {}) {
  Application app;
  app.router().add_get("/", [talk = std::move(talk), options](Request& request) -> asio::awaitable<Response> {
    EventStream events(request, options);
    co_await talk(events);
    co_return co_await events.end();
  });
  return app;
}

// g++ 12 lays out the frame of a coroutine twice, and differently, if it awaits within a condition and has no variable
// of its own; each of those here has one.
asio::awaitable<void> listen(EventStream& events) {
  for (bool is_open = true; is_open;) is_open = co_await events.wait_for(24h);
}

TEST(EventStream, SendsEventsAsTheyCome) {
  TestServer server(make_app([](EventStream& events) -> asio::awaitable<void> {
    for (int i = 0; i < 2 && co_await events.wait_for(1ms); ++i) {
      const std::string number = std::to_string(i);
      const bool is_sent = co_await events.send({.event = "tick", .data = number});
      EXPECT_TRUE(is_sent);
    }
  }));
  RawClient client(server.address());
  client.send(kLastGet);
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(response.headers.at("cache-control"), "no-store");
  EXPECT_EQ(response.headers.at("x-accel-buffering"), "no");
  EXPECT_EQ(response.headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(client.read_to_end(), "15\r\nevent: tick\ndata: 0\n\n\r\n15\r\nevent: tick\ndata: 1\n\n\r\n0\r\n\r\n");
}

TEST(EventStream, TakesFurtherHeaders) {
  EventStreamOptions options{.headers = {{"Access-Control-Allow-Origin", "*"}, {"Cache-Control", "no-cache"}}};
  TestServer server(make_app(listen, std::move(options)));
  RawClient client(server.address());
  client.send(kGet);
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.headers.at("access-control-allow-origin"), "*");
  EXPECT_EQ(response.headers.at("cache-control"), "no-cache");
  EXPECT_EQ(response.headers.at("content-type"), "text/event-stream");
}

// The client knows that it is connected before anything happens.
TEST(EventStream, BeginsWithTheFirstWait) {
  TestServer server(make_app(listen));
  RawClient client(server.address());
  client.send(kGet);
  EXPECT_EQ(client.read_response().status, 200);
}

TEST(EventStream, EndsWhenTheServerStops) {
  // Any wait for the deadline would be longer than a test.
  TestServer server(make_app(listen), {.timeouts = {.shutdown = std::chrono::hours(1)}});
  std::future<void> stopped;
  {
    RawClient client(server.address());
    client.send(kGet);
    client.read_response();
    stopped = server.stop();
    EXPECT_EQ(client.read_to_end(), "0\r\n\r\n");
    EXPECT_FALSE(client.was_reset());
  }
  stopped.get();
  EXPECT_THAT(server.log(), IsEmpty());
}

TEST(EventStream, EndsWhenTheClientLeaves) {
  std::promise<bool> is_open;
  TestServer server(make_app([&](EventStream& events) -> asio::awaitable<void> {
    co_await listen(events);
    is_open.set_value(events.is_open());
    const bool is_sent = co_await events.send({.data = "nobody listens"});
    EXPECT_FALSE(is_sent);
  }));
  {
    RawClient client(server.address());
    client.send(kGet);
    client.read_response();
  }
  EXPECT_FALSE(is_open.get_future().get());
  server.stop().get();
  EXPECT_THAT(server.log(), IsEmpty());
}

TEST(EventStream, EndsAtOnceForHead) {
  TestServer server(make_app(listen));
  RawClient client(server.address());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read_response(true).headers.at("content-type"), "text/event-stream");
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");  // the connection goes on
  EXPECT_EQ(client.read_response(true).status, 200);
}

TEST(EventStream, SendsCommentsWhenNothingHappens) {
  TestServer server(make_app(listen, {.keep_alive = 1ms}));
  RawClient client(server.address());
  client.send(kGet);
  client.read_response();
  const std::string two_comments = "3\r\n:\n\n\r\n3\r\n:\n\n\r\n";
  EXPECT_EQ(client.read_until(two_comments), two_comments);
}

TEST(EventStream, WaitsNoLongerThanItSaysForComments) {
  TestServer server(make_app(
      [](EventStream& events) -> asio::awaitable<void> {
        const bool is_open = co_await events.wait_for(1ms);
        if (is_open) co_await events.send({.data = "first"});
      },
      {.keep_alive = 24h}));
  RawClient client(server.address());
  client.send(kLastGet);
  client.read_response();
  EXPECT_THAT(client.read_to_end(), HasSubstr("data: first\n\n"));
}

// A program's events come from elsewhere.
TEST(EventStream, IsWokenByNotify) {
  EventStream* listener = nullptr;
  std::promise<void> is_waiting;
  TestServer server(make_app([&](EventStream& events) -> asio::awaitable<void> {
    listener = &events;
    is_waiting.set_value();
    const bool is_open = co_await events.wait_for(24h);
    if (is_open) co_await events.send({.data = "news"});
    listener = nullptr;
  }));
  RawClient client(server.address());
  client.send(kLastGet);
  client.read_response();
  is_waiting.get_future().get();
  asio::post(server.io_context(), [&] { listener->notify(); });
  EXPECT_EQ(client.read_to_end(), "c\r\ndata: news\n\n\r\n0\r\n\r\n");
}

TEST(EventStream, RemembersNotifyUntilItWaits) {
  FakeRequest request("GET", "/");
  EventStream events(request.request());
  events.notify();
  EXPECT_TRUE(get_now(events.wait_for(24h)));
}

TEST(EventStream, KnowsWhatTheClientHasSeen) {
  FakeRequest request("GET", "/");
  EXPECT_EQ(EventStream(request.request()).last_event_id(), "");
  request.head().headers.set("Last-Event-ID", "7");
  EXPECT_EQ(EventStream(request.request()).last_event_id(), "7");
}

TEST(EventStream, IsOverIfTheServerStopsBeforeItBegins) {
  FakeRequest request("GET", "/");
  request.stop();
  EventStream events(request.request());
  EXPECT_FALSE(events.is_open());
  EXPECT_FALSE(get_now(events.wait_for(24h)));
  EXPECT_EQ(get_now(events.end()).status, 200);
}

// What the connection tells it later finds nothing, and does no harm.
TEST(EventStream, MayGoBeforeItsRequest) {
  FakeRequest request("GET", "/");
  {
    EventStream events(request.request());
    events.notify();
    EXPECT_TRUE(get_now(events.wait_for(24h)));
  }
  request.stop();
  request.leave();
}

TEST(EventStream, IsAnAnswerLikeOthers) {
  FakeRequest request("GET", "/");
  EventStream events(request.request());
  get_now(events.send({.data = "a"}));
  const Response response = get_now(events.end());
  EXPECT_EQ(response.headers.get("Content-Type"), "text/event-stream");
  EXPECT_EQ(response.body.size(), 9u);
  EXPECT_EQ(request.written, "data: a\n\n");
}

TEST(EventStream, ThrowsForAMalformedEventWithoutSendingIt) {
  FakeRequest request("GET", "/");
  EventStream events(request.request());
  EXPECT_THROW(get_now(events.send({.data = "x", .id = "a\nb"})), std::invalid_argument);
  EXPECT_EQ(request.written, "");
}

std::string time_of_day() { return "12:00"; }

asio::awaitable<web::Response> clock(web::Request& request) {
  web::EventStream events(request);
  while (co_await events.wait_for(1s)) {
    const std::string now = time_of_day();
    co_await events.send({.event = "tick", .data = now});
  }
  co_return co_await events.end();
}

TEST(EventStream, IsAsInTheHeader) {
  FakeRequest request("HEAD", "/");
  EXPECT_EQ(get_now(clock(request.request())).status, 200);
}

}  // namespace
}  // namespace prometheus_async::aio::web
