// SPDX-License-Identifier: Apache-2.0

#include "exposition/scrape_request.h"

#include <chrono>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prometheus_async::exposition {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The example of the header.
TEST(ScrapeRequest, ReadsAsInTheHeader) {
  const exposition::ScrapeRequest request{.accept = "text/plain", .query = "name[]=up&name[]=hits_total"};
  EXPECT_THAT(exposition::requested_names(request.query), ElementsAre("hits_total", "up"));
  EXPECT_EQ(exposition::requested_timeout("10"), milliseconds(9500));
}

TEST(RequestedNames, AreEveryNameOnce) {
  EXPECT_THAT(requested_names("name[]=b&name[]=a&name[]=b"), ElementsAre("a", "b"));
}

TEST(RequestedNames, AreNoneWhereNoneIsAskedFor) {
  for (const std::string_view query : {"", "&", "=", "name=a", "names[]=a", "a=name[]", "NAME[]=a"}) {
    EXPECT_THAT(requested_names(query), IsEmpty()) << query;
  }
}

TEST(RequestedNames, AreDecoded) {
  EXPECT_THAT(requested_names("name%5B%5d=http%2erequests&%6eame[]=a%C3%A9+b"),
              ElementsAre("a\xC3\xA9 b", "http.requests"));
}

// Not dropped: without any name all metrics would be shown.
TEST(RequestedNames, KeepWhatIsMalformed) {
  EXPECT_THAT(requested_names("name[]=%zz"), ElementsAre("%zz"));
  EXPECT_THAT(requested_names("name[]=%4"), ElementsAre("%4"));
  EXPECT_THAT(requested_names("name[]=%"), ElementsAre("%"));
  EXPECT_THAT(requested_names("name[]=a%"), ElementsAre("a%"));
  EXPECT_THAT(requested_names("name[]"), ElementsAre(""));
  EXPECT_THAT(requested_names("name[]="), ElementsAre(""));
  EXPECT_THAT(requested_names("name[]=a=b"), ElementsAre("a=b"));
}

TEST(RequestedNames, StandAmongOtherParameters) {
  EXPECT_THAT(requested_names("&x=1&&name[]=a&debug&name[]=b&"), ElementsAre("a", "b"));
}

TEST(RequestedTimeout, IsATenthLessAndHalfASecondAtMost) {
  EXPECT_EQ(requested_timeout("1"), milliseconds(900));
  EXPECT_EQ(requested_timeout("0.1"), milliseconds(90));
  EXPECT_EQ(requested_timeout("60.000000"), milliseconds(59500));
  EXPECT_EQ(requested_timeout("1e1"), milliseconds(9500));
}

TEST(RequestedTimeout, IsADayAtMost) {
  EXPECT_EQ(requested_timeout("1e300"), std::chrono::hours(24) - milliseconds(500));
}

TEST(RequestedTimeout, IsNoneWhereItIsNoTime) {
  for (const std::string_view text : {"", " ", "x", "0", "-1", "nan", "inf", "-inf", "10s", "1,5", "1e999", " 5"}) {
    EXPECT_EQ(requested_timeout(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace prometheus_async::exposition
