// SPDX-License-Identifier: Apache-2.0

#include "aio/web/conditional.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/compress.h"
#include "aio/web/http_error.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::aio::web::testing::TestServer;
using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;
using ::testing::MatchesRegex;

constexpr std::string_view kModified = "Sun, 06 Nov 1994 08:49:37 GMT";

// The answer to a request by way of the middleware, when the handler has given `inner`.
Response through(Response inner, std::string_view method = "GET", const Headers& lines = {},
                 ConditionalOptions options = {}) {
  Application app;
  app.use(conditional(options));
  app.router().add_route("*", "/", [inner](Request&) { return inner; });
  app.freeze();
  FakeRequest request(method, "/");
  request.head().headers = lines;
  return get_now(app.handle(request.request()));
}

std::string etag_of(const Response& response) { return std::string(response.headers.get("ETag").value_or("none")); }

TEST(MakeEtag, IsStrongAndOfTheBytes) {
  EXPECT_EQ(make_etag("").to_string(), R"("e3b0c44298fc1c149afbf4c8996fb924")");  // the first half of SHA-256
  EXPECT_EQ(make_etag("a"), make_etag("a"));
  EXPECT_NE(make_etag("a"), make_etag("b"));
}

TEST(Conditional, GivesAnAnswerATag) {
  const Response response = through(text("hello"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(etag_of(response), make_etag("hello").to_string());
}

TEST(Conditional, SaysNotModifiedToWhoHasIt) {
  Response inner = text("hello");
  inner.headers.set("Cache-Control", "max-age=60");
  inner.headers.set("Vary", "Accept");
  inner.headers.set("Content-Language", "en");
  const std::string tag = etag_of(through(inner));
  const Response response = through(inner, "GET", {{"If-None-Match", "\"other\", W/" + tag}});
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(etag_of(response), tag);
  EXPECT_EQ(response.headers.get("Cache-Control"), "max-age=60");
  EXPECT_EQ(response.headers.get("Vary"), "Accept");
  EXPECT_FALSE(response.headers.contains("Content-Type"));
  EXPECT_FALSE(response.headers.contains("Content-Language"));
}

TEST(Conditional, SendsWhatHasChanged) {
  const std::string tag = etag_of(through(text("hello")));
  const Response response = through(text("hello again"), "GET", {{"If-None-Match", tag}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello again");
}

TEST(Conditional, FailsWhatIsToMatchAnotherVersion) {
  const Response response = through(text("hello"), "GET", {{"If-Match", R"("v0")"}});
  EXPECT_EQ(response.status, 412);
  EXPECT_EQ(response.body, "412: Precondition Failed");
}

TEST(Conditional, KeepsTheTagOfTheHandler) {
  Response inner = text("hello");
  inner.headers.set("ETag", R"(W/"v1")");
  EXPECT_EQ(etag_of(through(inner)), R"(W/"v1")");
  EXPECT_EQ(through(inner, "GET", {{"If-None-Match", R"("v1")"}}).status, 304);
}

TEST(Conditional, GoesByTheDateOfTheHandler) {
  Response inner = text("hello");
  inner.headers.set("Last-Modified", kModified);
  EXPECT_EQ(through(inner, "GET", {{"If-Modified-Since", kModified}}).status, 304);
  EXPECT_EQ(through(inner, "GET", {{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}).status, 200);
}

TEST(Conditional, LeavesOthersThanReadersAlone) {
  const Response response = through(text("hello"), "POST", {{"If-None-Match", "*"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(etag_of(response), "none");
}

TEST(Conditional, LeavesOtherStatusesAlone) {
  for (const int status : {201, 204, 206, 302, 404, 500}) {
    const Response response = through(text("hello", status), "GET", {{"If-None-Match", "*"}});
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(etag_of(response), "none");
  }
}

TEST(Conditional, GivesNoTagToWhatIsNotStored) {
  Response inner = text("hello");
  inner.headers.set("Cache-Control", "no-store");
  EXPECT_EQ(etag_of(through(inner)), "none");
}

TEST(Conditional, GivesNoTagToHeadWithoutTheBytes) {
  EXPECT_EQ(etag_of(through(text(""), "HEAD")), "none");
  EXPECT_EQ(etag_of(through(text("hello"), "HEAD")), etag_of(through(text("hello"))));
}

TEST(Conditional, LeavesStreamedAnswersAlone) {
  Response inner{200, {{"ETag", R"("v1")"}}, Body::sent(5)};
  const Response response = through(inner, "GET", {{"If-None-Match", R"("v1")"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body.is_sent());
}

TEST(Conditional, HashesUpToALimit) {
  for (const std::size_t size : {9u, 10u}) {
    EXPECT_NE(etag_of(through(text(std::string(size, 'x')), "GET", {}, {.max_size = 10})), "none") << size;
  }
  EXPECT_EQ(etag_of(through(text(std::string(11, 'x')), "GET", {}, {.max_size = 10})), "none");
}

TEST(Conditional, LeavesASharedBodyShared) {
  const auto shared = std::make_shared<const std::string>("hello");
  const Response response = through(text(shared));
  EXPECT_EQ(response.body.view().data(), shared->data());
}

// The tag is of what is sent: each coding has its own.
TEST(Conditional, StandsAroundCompression) {
  Application app;
  app.use(conditional());
  app.use(compress());
  app.router().add_get("/", [](Request&) { return text(std::string(5000, 'x')); });
  app.freeze();
  const auto get = [&](const Headers& lines) {
    FakeRequest request("GET", "/");
    request.head().headers = lines;
    return get_now(app.handle(request.request()));
  };
  const Response plain = get({});
  const Response gzip = get({{"Accept-Encoding", "gzip"}});
  EXPECT_NE(etag_of(plain), etag_of(gzip));
  const Response again = get({{"Accept-Encoding", "gzip"}, {"If-None-Match", etag_of(gzip)}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.headers.get("Vary"), "Accept-Encoding");
  EXPECT_FALSE(again.headers.contains("Content-Encoding"));
  EXPECT_EQ(get({{"Accept-Encoding", "gzip"}, {"If-None-Match", etag_of(plain)}}).status, 200);
}

TEST(Conditional, AnswersOverAConnection) {
  Application app;
  app.use(conditional());
  app.router().add_get("/", [](Request&) { return text("hello"); });
  TestServer server(std::move(app));
  RawClient client(server.address());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string tag = client.read_response().headers.at("etag");
  client.send("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: " + tag + "\r\n\r\n");
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.headers.at("etag"), tag);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "hello");
}

int checked(std::string_view method, const Headers& lines, const http::Validators& current) {
  FakeRequest request(method, "/");
  request.head().headers = lines;
  try {
    check_preconditions(request.request(), current);
    return 200;
  } catch (const HttpError& error) {
    return error.status().code();
  }
}

TEST(CheckPreconditions, ThrowsBeforeAChangeIsMade) {
  const http::Validators current{.etag = http::EntityTag{"v2"}};
  EXPECT_EQ(checked("PUT", {}, current), 200);
  EXPECT_EQ(checked("PUT", {{"If-Match", R"("v2")"}}, current), 200);
  EXPECT_EQ(checked("PUT", {{"If-Match", R"("v1")"}}, current), 412);
  EXPECT_EQ(checked("GET", {{"If-None-Match", R"("v2")"}}, current), 304);
}

TEST(CheckPreconditions, NamesWhatThereIs) {
  FakeRequest request("GET", "/");
  request.head().headers.set("If-None-Match", "*");
  const http::Validators current{.etag = http::EntityTag{"v2"},
                                 .last_modified = std::chrono::sys_seconds(std::chrono::seconds(784111777))};
  try {
    check_preconditions(request.request(), current);
    FAIL();
  } catch (const HttpError& error) {
    EXPECT_EQ(error.response().headers.get("ETag"), R"("v2")");
    EXPECT_EQ(error.response().headers.get("Last-Modified"), kModified);
  }
}

struct Note {
  std::string version() const { return "v1"; }
  void set_text(std::string text) { content = std::move(text); }
  std::string content;
};
Note note;

asio::awaitable<web::Response> put_note(web::Request& request) {
  web::check_preconditions(request, {.etag = http::EntityTag{note.version()}});
  note.set_text(co_await request.text());
  co_return web::Response{204};
}

TEST(CheckPreconditions, IsAsInTheHeader) {
  FakeRequest request("PUT", "/", "new");
  EXPECT_EQ(get_now(put_note(request.request())).status, 204);
  EXPECT_EQ(note.content, "new");
  FakeRequest late("PUT", "/", "newer");
  late.head().headers.set("If-Match", R"("v0")");
  EXPECT_THROW(get_now(put_note(late.request())), HttpError);
  EXPECT_EQ(note.content, "new");
}

}  // namespace
}  // namespace prometheus_async::aio::web
