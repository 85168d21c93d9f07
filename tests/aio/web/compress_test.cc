// SPDX-License-Identifier: Apache-2.0

#include "aio/web/compress.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
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

const std::string kText(5000, 'x');

Response through(Response inner, const Headers& lines, CompressOptions options = {}) {
  Application app;
  app.use(compress(std::move(options)));
  app.router().add_get("/", [inner](Request&) { return inner; });
  app.freeze();
  FakeRequest request("GET", "/");
  request.head().headers = lines;
  return get_now(app.handle(request.request()));
}

Response accepting(std::string_view accept_encoding, Response inner = text(kText)) {
  return through(std::move(inner), {{"Accept-Encoding", accept_encoding}});
}

std::string field(const Response& response, std::string_view name) {
  return std::string(response.headers.get(name).value_or("none"));
}

std::string coding_of(const Response& response) { return field(response, "Content-Encoding"); }

TEST(Compress, SendsWhatTheClientTakes) {
  for (const char* coding : {"gzip", "zstd"}) {
    const Response response = accepting(coding);
    EXPECT_EQ(coding_of(response), coding);
    EXPECT_EQ(field(response, "Vary"), "Accept-Encoding");
    EXPECT_EQ(field(response, "Content-Type"), "text/plain; charset=utf-8");
    EXPECT_LT(response.body.size(), 200u);
    EXPECT_EQ(decoded(response.body.view(), coding).text, kText);
    EXPECT_TRUE(decoded(response.body.view(), coding).is_whole);
  }
}

TEST(Compress, GoesByQualities) {
  EXPECT_EQ(coding_of(accepting("gzip, zstd")), "zstd");
  EXPECT_EQ(coding_of(accepting("gzip;q=0.9, zstd;q=0.8")), "gzip");
  EXPECT_EQ(coding_of(accepting("gzip;q=0")), "none");
  EXPECT_EQ(coding_of(accepting("*;q=0")), "none");
  EXPECT_EQ(coding_of(accepting("identity, gzip;q=0.5")), "none");
  EXPECT_EQ(coding_of(accepting("identity;q=0, gzip;q=0.1")), "gzip");
  EXPECT_EQ(coding_of(accepting("br, deflate")), "none");
  EXPECT_EQ(coding_of(accepting("zgzip")), "none");
}

// A cache keeps both answers apart.
TEST(Compress, SaysThatItDependsEvenWhenItDoesNothing) {
  EXPECT_EQ(field(accepting(""), "Vary"), "Accept-Encoding");
  EXPECT_EQ(field(through(text(kText), {}), "Vary"), "Accept-Encoding");
  EXPECT_EQ(through(text(kText), {}).body, kText);
}

TEST(Compress, NamesEachFieldOnceInVary) {
  const auto vary = [](std::string_view before) {
    Response inner = text(kText);
    inner.headers.set("Vary", before);
    return field(accepting("gzip", inner), "Vary");
  };
  EXPECT_EQ(vary("Cookie"), "Cookie, Accept-Encoding");
  EXPECT_EQ(vary("accept-encoding, Cookie"), "accept-encoding, Cookie");
  EXPECT_EQ(vary("*"), "*");
}

TEST(Compress, LeavesShortBodiesAlone) {
  const auto coding = [](std::size_t size) {
    return coding_of(through(text(std::string(size, 'x')), {{"Accept-Encoding", "gzip"}}, {.min_size = 100}));
  };
  EXPECT_EQ(coding(99), "none");
  EXPECT_EQ(coding(100), "gzip");
  EXPECT_EQ(coding(101), "gzip");
}

TEST(Compress, NeverCompressesNothing) {
  const Response response = through(text(""), {{"Accept-Encoding", "gzip"}}, {.min_size = 0});
  EXPECT_EQ(coding_of(response), "none");
  EXPECT_EQ(response.body, "");
}

// On both sides of what is compressed in turns with others, and of one such turn.
TEST(Compress, TakesBodiesOfAnySize) {
  for (const std::size_t size : {64u << 10, (128u << 10) - 1, 128u << 10, (128u << 10) + 1, 192u << 10, 1u << 20}) {
    std::string body;
    while (body.size() < size) body += std::to_string(body.size() * 7919);
    body.resize(size);
    for (const char* coding : {"gzip", "zstd"}) {
      const Response response = accepting(coding, text(body));
      EXPECT_TRUE(decoded(response.body.view(), coding).text == body) << size << coding;
      EXPECT_TRUE(decoded(response.body.view(), coding).is_whole) << size << coding;
    }
  }
}

TEST(Compress, KnowsWhatIsCompressed) {
  for (const char* type : {"text/plain", "text/html; charset=utf-8", "TEXT/CSS", "application/json ; a=b",
                           "application/problem+json", "image/svg+xml", "application/atom+xml",
                           "application/javascript", "application/wasm", "application/openmetrics-text"}) {
    EXPECT_TRUE(is_compressible(type)) << type;
  }
  for (const char* type : {"", "image/png", "video/mp4", "application/octet-stream", "application/zip", "font/woff2",
                           "application/json-seq-not", "text/event-stream", "text"}) {
    EXPECT_FALSE(is_compressible(type)) << type;
  }
}

TEST(Compress, LeavesOtherTypesAlone) {
  const Response response = accepting("gzip", content(kText, "image/png"));
  EXPECT_EQ(coding_of(response), "none");
  EXPECT_EQ(field(response, "Vary"), "none");
  EXPECT_EQ(coding_of(accepting("gzip", Response{200, {}, kText})), "none");
}

TEST(Compress, AsksTheProgramForTypes) {
  const CompressOptions options{.is_compressible = [](std::string_view type) { return type == "image/png"; }};
  EXPECT_EQ(coding_of(through(content(kText, "image/png"), {{"Accept-Encoding", "gzip"}}, options)), "gzip");
  EXPECT_EQ(coding_of(through(text(kText), {{"Accept-Encoding", "gzip"}}, options)), "none");
  EXPECT_THROW(compress({.is_compressible = nullptr}), std::invalid_argument);
}

TEST(Compress, LeavesWhatIsNotToBeChangedAlone) {
  const auto coding = [](std::string_view name, std::string_view value, int status = 200) {
    Response inner = text(kText, status);
    inner.headers.set(name, value);
    return coding_of(accepting("gzip", inner));
  };
  EXPECT_EQ(coding("Content-Encoding", "br"), "br");
  EXPECT_EQ(coding("Cache-Control", "public, no-transform"), "none");
  EXPECT_EQ(coding("Content-Range", "bytes 0-4999/10000", 206), "none");
  EXPECT_EQ(coding("X-Other", "x", 206), "none");
  EXPECT_EQ(coding("X-Other", "x", 204), "none");
}

TEST(Compress, CompressesErrorsToo) { EXPECT_EQ(coding_of(accepting("gzip", text(kText, 404))), "gzip"); }

TEST(Compress, WeakensTheTag) {
  Response inner = text(kText);
  inner.headers.set("ETag", R"("v1")");
  EXPECT_EQ(field(accepting("gzip", inner), "ETag"), R"(W/"v1")");
  EXPECT_EQ(field(accepting("", inner), "ETag"), R"("v1")");
  inner.headers.set("ETag", R"(W/"v1")");
  EXPECT_EQ(field(accepting("gzip", inner), "ETag"), R"(W/"v1")");
}

// A handler that answers 304 itself knows nothing of the tag that its client was given.
TEST(Compress, NamesTheTagThatTheClientHasWhenNothingIsModified) {
  const auto tag = [](std::string_view if_none_match) {
    const Response response = through(Response{304, {{"ETag", R"("v1")"}}, {}},
                                      {{"Accept-Encoding", "gzip"}, {"If-None-Match", if_none_match}});
    return field(response, "ETag") + " " + field(response, "Vary");
  };
  EXPECT_EQ(tag(R"("v0", W/"v1")"), R"(W/"v1" Accept-Encoding)");
  EXPECT_EQ(tag(R"("v1")"), R"("v1" none)");
}

TEST(Compress, LeavesASharedBodyAsItIs) {
  const auto shared = std::make_shared<const std::string>(kText);
  EXPECT_EQ(coding_of(accepting("gzip", text(shared))), "gzip");
  EXPECT_EQ(*shared, kText);
  EXPECT_EQ(through(text(shared), {}).body.view().data(), shared->data());
}

TEST(Compress, LeavesStreamedAnswersAlone) {
  const Response response = accepting("gzip", Response{200, {{"Content-Type", "text/plain"}}, Body::sent(5000)});
  EXPECT_EQ(coding_of(response), "none");
  EXPECT_TRUE(response.body.is_sent());
}

TEST(Compress, GivesHeadTheSameHeadAsGet) {
  Application app;
  app.use(compress());
  app.router().add_get("/", [](Request&) { return text(kText); });
  TestServer server(std::move(app));
  RawClient client(server.address());
  client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  RawResponse get = client.read_response();
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  RawResponse head = client.read_response(true);
  EXPECT_EQ(get.headers.at("content-length"), std::to_string(get.body.size()));
  EXPECT_EQ(decoded(get.body, "gzip").text, kText);
  get.headers.erase("date");
  head.headers.erase("date");
  EXPECT_EQ(get.headers, head.headers);
}

}  // namespace
}  // namespace prometheus_async::aio::web
