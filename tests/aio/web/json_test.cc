// SPDX-License-Identifier: Apache-2.0

#include "aio/web/json.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/http_error.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

boost::json::value read(std::string_view body) {
  FakeRequest request("POST", "/", body);
  return get_now(read_json(request.request()));
}

// The reason that the client is given; empty without an error.
std::string error_of(std::string_view body) {
  try {
    read(body);
    return "";
  } catch (const HttpError& error) {
    EXPECT_EQ(error.status(), 400);
    return error.what();
  }
}

TEST(Json, IsReadFromTheBody) {
  const boost::json::value value = read(R"( {"a": [1, 2.5, "\u00e9"], "b": null} )");
  EXPECT_EQ(value.at("a").at(0).as_int64(), 1);
  EXPECT_EQ(value.at("a").at(2).as_string(), "\xc3\xa9");
  EXPECT_TRUE(value.at("b").is_null());
}

TEST(Json, MayBeAnyValue) {
  EXPECT_EQ(read("3").as_int64(), 3);
  EXPECT_EQ(read(R"("x")").as_string(), "x");
}

TEST(Json, NamesThePositionOfAnError) {
  EXPECT_THAT(error_of(R"({"a": 1, b})"), AllOf(StartsWith("400: the body is not JSON: "), HasSubstr("at byte 9")));
}

TEST(Json, IsWholeAndAlone) {
  EXPECT_THAT(error_of(""), HasSubstr("at byte 0"));
  EXPECT_THAT(error_of("  "), HasSubstr("at byte 2"));
  EXPECT_THAT(error_of("[1, 2"), HasSubstr("at byte 5"));
  EXPECT_THAT(error_of("[1] [2]"), HasSubstr("at byte 4"));
  EXPECT_THAT(error_of("1 x"), HasSubstr("at byte 2"));
}

TEST(Json, IsStrict) {
  for (const char* text : {"{'a': 1}", "[1,]", "// c\n1", "NaN", "01", "\"\xff\"", "\"\n\""}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(Json, IsNestedToALimit) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(error_of(nested(kMostJsonDepth - 1)), "");
  EXPECT_EQ(error_of(nested(kMostJsonDepth)), "");
  EXPECT_THAT(error_of(nested(kMostJsonDepth + 1)), HasSubstr("at byte"));
}

TEST(Json, IsAnswered) {
  const Response response = json(boost::json::object{{"sum", 3}}, 201);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.body, R"({"sum":3})");
  EXPECT_EQ(json(boost::json::array{1, 2}).body, "[1,2]");
  EXPECT_EQ(json(boost::json::value("x")).body, "\"x\"");
  EXPECT_EQ(json("{}").body, "{}");  // text that is JSON already
}

asio::awaitable<web::Response> add(web::Request& request) {
  const boost::json::value sum = co_await web::read_json(request);
  const std::int64_t total = sum.at("a").to_number<std::int64_t>() + sum.at("b").to_number<std::int64_t>();
  co_return web::json(boost::json::object{{"sum", total}});
}

TEST(Json, IsAsInTheHeader) {
  FakeRequest request("POST", "/", R"({"a": 1, "b": 2})");
  EXPECT_EQ(get_now(add(request.request())).body, R"({"sum":3})");
}

}  // namespace
}  // namespace prometheus_async::aio::web
