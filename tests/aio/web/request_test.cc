// SPDX-License-Identifier: Apache-2.0

#include "aio/web/request.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/http_error.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;

// The example of the header.
asio::awaitable<Response> greet(Request& request) {
  const std::string body = co_await request.text();
  co_return text("hello " + std::string(request.match_info()["name"]) + ", you said " + body);
}

TEST(Request, ReadsAsInTheHeader) {
  Application app;
  app.router().add_post("/greet/{name}", greet);
  FakeRequest request("POST", "/greet/Ada", "hi");
  EXPECT_EQ(get_now(app.handle(request.request())).body, "hello Ada, you said hi");
}

TEST(Request, ShowsWhatWasAsked) {
  FakeRequest fake("GET", "/caf%C3%A9?q=1&q=2");
  fake.head().headers.add("Host", "a.example");
  const Request& request = fake.request();
  EXPECT_EQ(request.method(), "GET");
  EXPECT_EQ(request.target(), "/caf%C3%A9?q=1&q=2");
  EXPECT_EQ(request.raw_path(), "/caf%C3%A9");
  EXPECT_EQ(request.path(), "/caf\xc3\xa9");
  EXPECT_EQ(request.query_string(), "q=1&q=2");
  EXPECT_EQ(request.query().get_all("q").size(), 2u);
  EXPECT_EQ(request.headers().get("host"), "a.example");
  EXPECT_EQ(request.host(), "a.example");
  EXPECT_EQ(request.peer().to_string(), "192.0.2.1:12345");
  EXPECT_FALSE(request.is_secure());
  EXPECT_EQ(request.minor_version(), 1);
}

TEST(Request, GivesTheBodyAgain) {
  FakeRequest fake("POST", "/", "hello");
  EXPECT_EQ(get_now(fake.request().read()), "hello");
  EXPECT_EQ(get_now(fake.request().read()), "hello");
  EXPECT_EQ(get_now(fake.request().text()), "hello");
}

TEST(Request, HasTextInUtf8Only) {
  FakeRequest fake("POST", "/", "\xff");
  EXPECT_EQ(get_now(fake.request().read()), "\xff");
  try {
    get_now(fake.request().text());
    FAIL();
  } catch (const HttpError& error) {
    EXPECT_EQ(error.status(), 400);
    EXPECT_STREQ(error.what(), "400: the body is not UTF-8");
  }
}

int status_of_post(std::string_view content_type, std::string_view body) {
  FakeRequest fake("POST", "/", body);
  if (!content_type.empty()) fake.head().headers.add("Content-Type", content_type);
  try {
    get_now(fake.request().post());
    return 200;
  } catch (const HttpError& error) {
    return error.status().code();
  }
}

TEST(Request, ReadsAForm) {
  FakeRequest fake("POST", "/", "name=Ada+L.&tag=a&tag=%C3%A9&empty");
  fake.head().headers.add("Content-Type", "application/x-www-form-urlencoded");
  const http::Query form = get_now(fake.request().post());
  EXPECT_EQ(form.get("name"), "Ada L.");
  EXPECT_EQ(form.get_all("tag"), (std::vector<std::string_view>{"a", "\xc3\xa9"}));
  EXPECT_EQ(form.get("empty"), "");
  EXPECT_EQ(get_now(fake.request().post()).size(), 4u);  // again
}

TEST(Request, ReadsAFormOfItsContentTypeOnly) {
  EXPECT_EQ(status_of_post("application/x-www-form-urlencoded", "a=b"), 200);
  EXPECT_EQ(status_of_post("Application/X-WWW-Form-Urlencoded ; charset=utf-8", "a=b"), 200);
  EXPECT_EQ(status_of_post("application/x-www-form-urlencoded", ""), 200);
  EXPECT_EQ(status_of_post("", "a=b"), 415);
  EXPECT_EQ(status_of_post("multipart/form-data; boundary=x", "a=b"), 415);
  EXPECT_EQ(status_of_post("application/x-www-form-urlencoded2", "a=b"), 415);
}

TEST(Request, ReadsAFormOfSoManyFields) {
  const auto status = [](std::size_t fields) {
    std::string body = "a";
    for (std::size_t i = 1; i < fields; ++i) body += "&a";
    return status_of_post("application/x-www-form-urlencoded", body);
  };
  EXPECT_EQ(status(Request::kMostFormFields - 1), 200);
  EXPECT_EQ(status(Request::kMostFormFields), 200);
  EXPECT_EQ(status(Request::kMostFormFields + 1), 413);
}

// Bytes that are gzip are not text, whatever they look like.
TEST(Request, ReadsNoBodyThatIsEncoded) {
  for (const char* coding : {"gzip", "GZIP", "br", "snappy", "gzip, identity"}) {
    FakeRequest fake("POST", "/", "hello");
    fake.head().headers.add("Content-Encoding", coding);
    fake.head().headers.add("Content-Type", "application/x-www-form-urlencoded");
    try {
      get_now(fake.request().post());
      FAIL() << coding;
    } catch (const HttpError& error) {
      EXPECT_EQ(error.status(), 415) << coding;
      EXPECT_EQ(error.response().headers.get("Accept-Encoding"), "identity") << coding;
    }
    EXPECT_THROW(get_now(fake.request().text()), HttpError);
    EXPECT_EQ(get_now(fake.request().read_some()), "h") << coding;  // as it came
  }
}

TEST(Request, ReadsWhatIsSaidToBeNotEncoded) {
  FakeRequest identity("POST", "/", "hello");
  identity.head().headers.add("Content-Encoding", "Identity");
  EXPECT_EQ(get_now(identity.request().text()), "hello");
  FakeRequest empty("POST", "/");
  empty.head().headers.add("Content-Encoding", "gzip");
  EXPECT_EQ(get_now(empty.request().text()), "");
}

TEST(Request, KnowsItsContentType) {
  FakeRequest fake("POST", "/", "hello");
  EXPECT_EQ(fake.request().content_type(), "");
  fake.head().headers.set("Content-Type", " text/plain ; charset=utf-8");
  EXPECT_EQ(fake.request().content_type(), "text/plain");
  fake.head().headers.set("Content-Type", "text/html");
  EXPECT_EQ(fake.request().content_type(), "text/html");
}

TEST(Request, TellsEachWhoAsksThatTheClientIsGone) {
  FakeRequest fake("GET", "/");
  int told = 0;
  fake.request().on_disconnect([&] { ++told; });
  fake.request().on_disconnect([&] { ++told; });
  EXPECT_EQ(told, 0);
  fake.leave();
  EXPECT_EQ(told, 2);
  fake.request().on_disconnect([&] { ++told; });
  EXPECT_EQ(told, 3);
}

// Before that the connection cannot tell a leaving client from one that is yet sending.
TEST(Request, TellsThatTheClientIsGoneOnceTheBodyWasRead) {
  FakeRequest fake("POST", "/", "hello");
  int told = 0;
  fake.request().on_disconnect([&] { ++told; });
  fake.leave();
  EXPECT_EQ(told, 0);
  get_now(fake.request().read());
  EXPECT_EQ(told, 1);
}

TEST(HttpError, HasTheReasonAsItsBody) {
  const HttpError error(404);
  EXPECT_EQ(error.response().body, "404: Not Found");
  EXPECT_EQ(error.response().headers.get("Content-Type"), "text/plain; charset=utf-8");
}

TEST(Response, HasItsContentType) {
  EXPECT_EQ(text("a").headers.get("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(html("a").headers.get("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(json("{}").headers.get("content-type"), "application/json");
  EXPECT_EQ(content("a", "image/png", 201).status, 201);
}

}  // namespace
}  // namespace prometheus_async::aio::web
