// SPDX-License-Identifier: Apache-2.0

#include "tx/web/http_exception.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prometheus_async::tx::web {
namespace {

using ::testing::HasSubstr;

TEST(HttpException, IsAPageWithItsReason) {
  const NotFound error;
  EXPECT_STREQ(error.what(), "404 Not Found");
  EXPECT_EQ(error.code(), 404);
  EXPECT_EQ(error.response().headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(error.response().body,
            "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
            "<p>The requested URL was not found on the server. If you entered the URL manually please check your "
            "spelling and try again.</p>\n");
}

TEST(HttpException, EscapesTheDescription) {
  EXPECT_THAT(Forbidden("<b>\"&'").response().body, HasSubstr("<p>&lt;b&gt;&quot;&amp;&#x27;</p>"));
}

TEST(HttpException, MayBeAnyResponse) {
  const HttpException error(Response{.code = 418, .headers = {{"X-Pot", "tea"}}, .body = "short"});
  EXPECT_EQ(error.code(), 418);
  EXPECT_EQ(error.response().headers.get("X-Pot"), "tea");
  EXPECT_EQ(error.response().body, "short");
}

TEST(HttpException, MethodNotAllowedSaysWhichAre) {
  const MethodNotAllowed error({"GET", "HEAD"});
  EXPECT_EQ(error.code(), 405);
  EXPECT_EQ(error.response().headers.get("Allow"), "GET, HEAD");
}

TEST(HttpException, RequestRedirectLinksToItsTarget) {
  const RequestRedirect error("/a/?b=1&c='2'");
  EXPECT_EQ(error.code(), 308);
  EXPECT_EQ(error.response().headers.get("Location"), "/a/?b=1&c='2'");
  EXPECT_THAT(error.response().body, HasSubstr("<a href=\"/a/?b=1&amp;c=&#x27;2&#x27;\">"));
}

}  // namespace
}  // namespace prometheus_async::tx::web
