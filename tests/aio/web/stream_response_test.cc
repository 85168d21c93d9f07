// SPDX-License-Identifier: Apache-2.0

#include "aio/web/stream_response.h"

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/http_error.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"
#include "tests/aio/http/decoded.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::aio::web::testing::TestServer;
using prometheus_async::testing::decoded;
using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

asio::awaitable<Response> report(Request& request) {
  StreamResponse stream(request, {.headers = {{"Content-Type", "text/csv"}}});
  co_await stream.write("name,age\n");
  co_await stream.write("ada,36\n");
  co_return co_await stream.write_eof();
}

asio::awaitable<Response> measured(Request& request) {
  StreamResponse stream(request, {.content_length = 5});
  co_await stream.write("he");
  co_return co_await stream.write_eof("llo");
}

asio::awaitable<Response> too_long(Request& request) {
  StreamResponse stream(request, {.content_length = 5});
  co_await stream.write("hello");
  co_await stream.write("!");
  co_return co_await stream.write_eof();
}

asio::awaitable<Response> too_short(Request& request) {
  StreamResponse stream(request, {.content_length = 5});
  co_await stream.write("hell");
  co_return co_await stream.write_eof();
}

asio::awaitable<Response> throws_before(Request& request) {
  StreamResponse stream(request);
  throw std::runtime_error("before");
  co_return co_await stream.write_eof();
}

asio::awaitable<Response> throws_within(Request& request) {
  StreamResponse stream(request);
  co_await stream.write("some");
  throw std::runtime_error("within");
}

asio::awaitable<Response> throws_http_error_within(Request& request) {
  StreamResponse stream(request);
  co_await stream.write("some");
  throw not_found();
}

asio::awaitable<Response> forgets_the_end(Request& request) {
  StreamResponse stream(request);
  co_await stream.write("some");
  co_return text("another answer");
}

asio::awaitable<Response> evil(Request& request) {
  StreamResponse stream(request, {.headers = {{"X-Evil", "a\r\nb: c"}}});
  co_return co_await stream.write_eof("body");
}

Application make_app() {
  Application app;
  app.router().add_get("/report", report);
  app.router().add_get("/measured", measured);
  app.router().add_get("/too-long", too_long);
  app.router().add_get("/too-short", too_short);
  app.router().add_get("/throws-before", throws_before);
  app.router().add_get("/throws-within", throws_within);
  app.router().add_get("/throws-http-error-within", throws_http_error_within);
  app.router().add_get("/forgets-the-end", forgets_the_end);
  app.router().add_get("/evil", evil);
  app.router().add_get("/hello", [](Request&) { return text("hello"); });
  return app;
}

std::string request_line(std::string_view method, std::string_view path, std::string_view lines = {}) {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

class Stream : public ::testing::Test {
 protected:
  TestServer server_{make_app()};
};

TEST_F(Stream, IsChunked) {
  RawClient client(server_.address());
  client.send(request_line("GET", "/report", "Connection: close\r\n"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-type"), "text/csv");
  EXPECT_EQ(response.headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(response.headers.count("content-length"), 0u);
  client.shutdown_send();
  EXPECT_EQ(client.read_to_end(), "9\r\nname,age\n\r\n7\r\nada,36\n\r\n0\r\n\r\n");
}

TEST_F(Stream, KeepsTheConnection) {
  RawClient client(server_.address());
  client.send(request_line("GET", "/report") + request_line("GET", "/hello", "Connection: close\r\n"));
  client.read_response();
  client.shutdown_send();
  const std::string rest = client.read_to_end();
  EXPECT_THAT(rest, HasSubstr("0\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(rest, EndsWith("\r\n\r\nhello"));
}

TEST_F(Stream, EndsWithTheConnectionInHttp10) {
  RawClient client(server_.address());
  client.send("GET /report HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.headers.count("transfer-encoding"), 0u);
  EXPECT_EQ(response.headers.at("connection"), "close");
  client.shutdown_send();
  EXPECT_EQ(client.read_to_end(), "name,age\nada,36\n");
  EXPECT_FALSE(client.was_reset());
}

TEST_F(Stream, IsAsLongAsItSays) {
  RawClient client(server_.address());
  client.send(request_line("GET", "/measured"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.headers.at("content-length"), "5");
  EXPECT_EQ(response.headers.count("transfer-encoding"), 0u);
  EXPECT_EQ(response.body, "hello");
  client.send(request_line("GET", "/hello"));
  EXPECT_EQ(client.read_response().body, "hello");
}

TEST_F(Stream, IsCutOffIfItIsLonger) {
  RawClient client(server_.address());
  client.send(request_line("GET", "/too-long"));
  client.read_to_end();
  EXPECT_TRUE(client.was_reset());
  EXPECT_THAT(server_.log(), ElementsAre("GET /too-long: the answer is longer than its Content-Length"));
}

TEST_F(Stream, IsCutOffIfItIsShorter) {
  RawClient client(server_.address());
  client.send(request_line("GET", "/too-short"));
  client.read_to_end();
  EXPECT_TRUE(client.was_reset());
  EXPECT_THAT(server_.log(), ElementsAre("GET /too-short: the answer is 1 bytes shorter than its Content-Length"));
}

TEST_F(Stream, HasOnlyItsHeadForHead) {
  for (const char* path : {"/report", "/measured"}) {
    RawClient client(server_.address());
    client.send(request_line("GET", path) + request_line("HEAD", path, "Connection: close\r\n"));
    RawResponse get = client.read_response();
    client.shutdown_send();
    const std::string rest = client.read_to_end();
    const std::string head = rest.substr(rest.find("HTTP/1.1"));
    EXPECT_THAT(head, EndsWith("\r\n\r\n"));
    EXPECT_EQ(head.find("\r\n\r\n"), head.size() - 4);  // and nothing more
    for (const auto& [name, value] : get.headers) {
      // A chunked body's Transfer-Encoding is left out with it.
      if (name != "date" && name != "connection" && name != "transfer-encoding") {
        EXPECT_THAT(head, HasSubstr(": " + value + "\r\n")) << name;
      }
    }
  }
}

TEST_F(Stream, IsA500AsEverBeforeTheHead) {
  RawClient client(server_.address());
  client.send(request_line("GET", "/throws-before"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, Not(HasSubstr("before")));
  EXPECT_THAT(server_.log(), ElementsAre("GET /throws-before: before"));
}

TEST_F(Stream, IsCutOffByAnException) {
  RawClient client(server_.address());
  client.send(request_line("GET", "/throws-within"));
  EXPECT_THAT(client.read_to_end(), Not(HasSubstr("within")));
  EXPECT_TRUE(client.was_reset());
  EXPECT_THAT(server_.log(), ElementsAre("GET /throws-within: within"));
}

TEST_F(Stream, IsCutOffByAnHttpError) {
  RawClient client(server_.address());
  client.send(request_line("GET", "/throws-http-error-within"));
  EXPECT_THAT(client.read_to_end(), Not(HasSubstr("404")));
  EXPECT_TRUE(client.was_reset());
  EXPECT_THAT(server_.log(), ElementsAre(HasSubstr("the request has its answer already")));
}

TEST_F(Stream, IsCutOffWithoutItsEnd) {
  RawClient client(server_.address());
  client.send(request_line("GET", "/forgets-the-end"));
  EXPECT_THAT(client.read_to_end(), Not(HasSubstr("another answer")));
  EXPECT_TRUE(client.was_reset());
  EXPECT_THAT(server_.log(), ElementsAre(HasSubstr("the request has its answer already")));
}

TEST_F(Stream, RefusesHeadersThatBreakOutOfTheirLine) {
  RawClient client(server_.address());
  client.send(request_line("GET", "/evil"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.headers.count("b"), 0u);
}

// What a client that takes nothing is sent stays far below what its handler would send.
TEST(SlowClient, SlowsItsHandler) {
  constexpr int kPieces = 500;
  std::atomic<int> written = 0;
  Application app;
  app.router().add_get("/endless", [&](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    const std::string piece(64 * 1024, 'x');
    for (int i = 0; i < kPieces; ++i) {
      co_await stream.write(piece);
      ++written;
    }
    co_return co_await stream.write_eof();
  });
  app.router().add_get("/hello", [](Request&) { return text("hello"); });
  TestServer server(std::move(app));
  RawClient slow(server.address(), 4096);
  slow.send(request_line("GET", "/endless", "Connection: close\r\n"));
  slow.read_response();
  RawClient other(server.address());
  for (int i = 0; i < 200; ++i) {
    other.send(request_line("GET", "/hello"));
    EXPECT_EQ(other.read_response().body, "hello");
  }
  EXPECT_LT(written, kPieces / 2);
  slow.shutdown_send();
  EXPECT_GT(slow.read_to_end().size(), std::size_t{kPieces} * 64 * 1024);
  EXPECT_EQ(written, kPieces);
}

TEST(GoneClient, EndsItsHandler) {
  std::promise<std::error_code> ended;
  Application app;
  app.router().add_get("/endless", [&](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    const std::string piece(64 * 1024, 'x');
    try {
      for (;;) co_await stream.write(piece);
    } catch (const std::system_error& error) {
      ended.set_value(error.code());
      EXPECT_FALSE(stream.is_open());
      throw;
    }
  });
  TestServer server(std::move(app));
  {
    RawClient client(server.address());
    client.send(request_line("GET", "/endless"));
    client.read_response();
  }
  EXPECT_EQ(ended.get_future().get(), std::errc::connection_reset);
  server.stop().get();
  EXPECT_THAT(server.log(), IsEmpty());
}

TEST(GoneClient, LetsItsHandlerEndInPeace) {
  FakeRequest request("GET", "/");
  StreamResponse stream(request.request());
  get_now(stream.write("a"));
  request.leave();
  EXPECT_FALSE(stream.is_open());
  EXPECT_THROW(get_now(stream.write("b")), std::system_error);
  EXPECT_THROW(get_now(stream.flush()), std::system_error);
  const Response response = get_now(stream.write_eof("c"));
  EXPECT_EQ(response.body.size(), 1u);
}

TEST(StreamResponse, IsPreparedOnceWithTheOtherAnswers) {
  int prepared = 0;
  Application app;
  app.on_response_prepare([&](const Request&, Response& response) {
    ++prepared;
    response.headers.set("X-Frame-Options", "deny");
  });
  app.router().add_get("/report", report);
  TestServer server(std::move(app));
  RawClient client(server.address());
  client.send(request_line("GET", "/report", "Connection: close\r\n"));
  EXPECT_EQ(client.read_response().headers.at("x-frame-options"), "deny");
  client.shutdown_send();
  client.read_to_end();
  server.stop().get();
  EXPECT_EQ(prepared, 1);
}

TEST(StreamResponse, IsWhatMiddlewaresSee) {
  FakeRequest request("GET", "/");
  const Response response = get_now(report(request.request()));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Type"), "text/csv");
  EXPECT_TRUE(response.body.is_sent());
  EXPECT_EQ(response.body.size(), 16u);
  EXPECT_EQ(request.written, "name,age\nada,36\n");
  EXPECT_TRUE(request.is_finished);
}

TEST(StreamResponse, CountsNothingForHead) {
  FakeRequest request("HEAD", "/");
  StreamResponse stream(request.request());
  EXPECT_FALSE(stream.is_open());
  get_now(stream.write("a"));
  EXPECT_EQ(get_now(stream.write_eof()).body.size(), 0u);
}

TEST(StreamResponse, MayBeChangedUntilItBegins) {
  FakeRequest request("GET", "/");
  StreamResponse stream(request.request());
  EXPECT_TRUE(stream.is_open());
  EXPECT_FALSE(stream.is_prepared());
  stream.set_status(201);
  stream.headers().set("X-A", "b");
  get_now(stream.prepare());
  EXPECT_TRUE(stream.is_prepared());
  EXPECT_EQ(request.status, 201);
  EXPECT_EQ(request.answer_headers.get("X-A"), "b");
  EXPECT_THROW(stream.headers(), std::logic_error);
  EXPECT_THROW(stream.set_status(200), std::logic_error);
  EXPECT_THROW(stream.enable_compression(), std::logic_error);
  get_now(stream.prepare());  // does nothing more
  EXPECT_EQ(get_now(stream.write_eof()).status, 201);
}

TEST(StreamResponse, EndsOnce) {
  FakeRequest request("GET", "/");
  StreamResponse stream(request.request());
  get_now(stream.write_eof());
  EXPECT_FALSE(stream.is_open());
  EXPECT_THROW(get_now(stream.write("a")), std::logic_error);
  EXPECT_THROW(get_now(stream.flush()), std::logic_error);
  EXPECT_THROW(get_now(stream.write_eof()), std::logic_error);
}

TEST(StreamResponse, WritesWhatAGeneratorGives) {
  FakeRequest request("GET", "/");
  StreamResponse stream(request.request());
  int given = 0;
  auto next = [&]() -> asio::awaitable<std::optional<std::string>> {
    if (given == 3) co_return std::nullopt;
    co_return std::to_string(given++);
  };
  EXPECT_EQ(get_now(stream.write_from(next)).body.size(), 3u);
  EXPECT_EQ(request.written, "012");
  EXPECT_TRUE(request.is_finished);
}

TEST(StreamResponse, AsksAGeneratorForNoMoreThanItNeedsForHead) {
  FakeRequest request("HEAD", "/");
  StreamResponse stream(request.request());
  int given = 0;
  auto next = [&]() -> asio::awaitable<std::optional<std::string>> { co_return std::to_string(given++); };
  get_now(stream.write_from(next));
  EXPECT_EQ(given, 1);
}

// The answer of a stream that compresses, to a client that accepts this.
struct Compressed {
  explicit Compressed(std::string_view accept_encoding, StreamOptions options = {}, std::string_view method = "GET")
      : request(method, "/") {
    request.head().headers.set("Accept-Encoding", accept_encoding);
    StreamResponse stream(request.request(), std::move(options));
    stream.enable_compression();
    get_now(stream.write(text));
    get_now(stream.write(text));
    response = get_now(stream.write_eof(text));
  }

  std::string field(std::string_view name) const {
    return std::string(request.answer_headers.get(name).value_or("none"));
  }

  const std::string text = std::string(100'000, 'x');
  FakeRequest request;
  Response response;
};

TEST(CompressedStream, IsWhatTheClientTakes) {
  for (const char* coding : {"gzip", "zstd"}) {
    const Compressed answer(coding);
    EXPECT_EQ(answer.field("Content-Encoding"), coding);
    EXPECT_EQ(answer.field("Vary"), "Accept-Encoding");
    EXPECT_TRUE(decoded(answer.request.written, coding).text == answer.text + answer.text + answer.text);
    EXPECT_TRUE(decoded(answer.request.written, coding).is_whole);
    EXPECT_EQ(answer.response.body.size(), answer.request.written.size());
    EXPECT_EQ(answer.response.headers.get("Content-Encoding"), coding);
  }
}

TEST(CompressedStream, GoesByQualities) {
  EXPECT_EQ(Compressed("gzip;q=0.9, zstd;q=0.8").field("Content-Encoding"), "gzip");
  EXPECT_EQ(Compressed("identity, gzip;q=0.5").field("Content-Encoding"), "none");
}

TEST(CompressedStream, IsPlainForOthers) {
  const Compressed answer("br");
  EXPECT_EQ(answer.field("Content-Encoding"), "none");
  EXPECT_EQ(answer.field("Vary"), "Accept-Encoding");
  EXPECT_EQ(answer.request.written.size(), 300'000u);
}

TEST(CompressedStream, HasNoLengthInAdvance) {
  EXPECT_EQ(Compressed("gzip", {.content_length = 300'000}).request.content_length, std::nullopt);
  EXPECT_EQ(Compressed("", {.content_length = 300'000}).request.content_length, 300'000u);
}

TEST(CompressedStream, IsPlainIfTheHeadersSaySo) {
  const Compressed coded("gzip", {.headers = {{"Content-Encoding", "br"}}});
  EXPECT_EQ(coded.field("Content-Encoding"), "br");
  EXPECT_EQ(coded.request.written.size(), 300'000u);
  EXPECT_EQ(Compressed("gzip", {.headers = {{"Cache-Control", "no-transform"}}}).field("Content-Encoding"), "none");
}

TEST(CompressedStream, WeakensTheTag) {
  EXPECT_EQ(Compressed("gzip", {.headers = {{"ETag", "\"a\""}}}).field("ETag"), "W/\"a\"");
}

TEST(CompressedStream, HasTheSameHeadForHead) {
  const Compressed head("gzip", {}, "HEAD");
  EXPECT_EQ(head.field("Content-Encoding"), "gzip");
  EXPECT_EQ(head.field("Vary"), "Accept-Encoding");
}

TEST(CompressedStream, GivesAllThatWasWrittenWhenFlushed) {
  FakeRequest request("GET", "/");
  request.head().headers.set("Accept-Encoding", "gzip");
  StreamResponse stream(request.request());
  stream.enable_compression();
  get_now(stream.write("hello"));
  EXPECT_EQ(decoded(request.written, "gzip").text, "");
  get_now(stream.flush());
  EXPECT_EQ(decoded(request.written, "gzip").text, "hello");
  EXPECT_FALSE(decoded(request.written, "gzip").is_whole);
  get_now(stream.write_eof());
  EXPECT_TRUE(decoded(request.written, "gzip").is_whole);
}

TEST(CompressedStream, IsChunkedOverAConnection) {
  Application app;
  app.router().add_get("/", [](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    stream.enable_compression();
    co_await stream.write("hello ");
    co_await stream.flush();
    co_return co_await stream.write_eof("world");
  });
  TestServer server(std::move(app));
  RawClient client(server.address());
  client.send(request_line("GET", "/", "Accept-Encoding: gzip\r\nConnection: close\r\n"));
  EXPECT_EQ(client.read_response().headers.at("transfer-encoding"), "chunked");
  client.shutdown_send();
  std::string body;
  std::string rest = client.read_to_end();
  for (;;) {
    const std::size_t size = std::stoul(rest, nullptr, 16);
    if (size == 0) break;
    const std::size_t begin = rest.find("\r\n") + 2;
    body += rest.substr(begin, size);
    rest.erase(0, begin + size + 2);
  }
  EXPECT_EQ(rest, "0\r\n\r\n");
  EXPECT_EQ(decoded(body, "gzip").text, "hello world");
  EXPECT_TRUE(decoded(body, "gzip").is_whole);
}

}  // namespace
}  // namespace prometheus_async::aio::web
