// SPDX-License-Identifier: Apache-2.0

#include "aio/web/landing_page.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::FakeRequest;
using ::testing::HasSubstr;
using ::testing::Not;

Response show(const Handler& handler) {
  FakeRequest request("GET", "/");
  return handler.call_now(request.request());
}

TEST(LandingPage, LeadsToTheMetrics) {
  const Response page = show(make_landing_page());
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(std::string(page.body.view()), HasSubstr("<a href=\"/metrics\">Metrics</a>"));
  EXPECT_THAT(std::string(page.body.view()), HasSubstr("<title>Metrics</title>"));
}

TEST(LandingPage, SaysWhatItIsTold) {
  const std::string page(show(make_landing_page("/m", {.name = "checkout",
                                                       .description = "Takes orders.",
                                                       .version = "1.4.2",
                                                       .links = {{"/health", "Health", "Whether it lives."}}}))
                             .body.view());
  for (const char* part : {"<h1>checkout</h1>", "<p>Takes orders.</p>", "<p>Version 1.4.2</p>", "href=\"/m\"",
                           "<a href=\"/health\">Health</a>", "<p>Whether it lives.</p>"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(LandingPage, EscapesAllText) {
  const std::string evil = "<script>\"&'";
  const std::string page(
      show(make_landing_page("/\"><b>",
                             {.name = evil, .description = evil, .version = evil, .links = {{evil, evil, evil}}}))
          .body.view());
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, HasSubstr("<h1>&lt;script&gt;&quot;&amp;&#39;</h1>"));
}

TEST(LandingPage, LoadsNothingAndRunsNothing) {
  const Response page = show(make_landing_page());
  EXPECT_EQ(page.headers.get("Content-Security-Policy"), "default-src 'none'; style-src 'unsafe-inline'");
}

TEST(LandingPage, IsTheSameBytesEachTime) {
  const Handler handler = make_landing_page();
  EXPECT_EQ(show(handler).body.view().data(), show(handler).body.view().data());
}

}  // namespace
}  // namespace prometheus_async::aio::web
