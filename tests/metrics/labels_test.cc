// SPDX-License-Identifier: Apache-2.0
#include "metrics/labels.h"

#include "gtest/gtest.h"

#include "metrics/utf8.h"

namespace prometheus_async::metrics {
namespace {

using Pairs = std::vector<Labels::Pair>;

std::string repaired(std::string text) {
  make_utf8(text);
  return text;
}

TEST(Labels, TextIsPreparedAndEscaped) {
  EXPECT_EQ(Labels().text(), "");
  EXPECT_EQ(Labels(Pairs{{"method", "GET"}, {"path", "/a\"b"}}).text(), R"(method="GET",path="/a\"b")");
  EXPECT_EQ(Labels(Pairs{{"x", "a\\b\nc\td"}}).text(), "x=\"a\\\\b\\nc\td\"");
  EXPECT_EQ(Labels(Pairs{{"x", ""}}).text(), R"(x="")");
}

TEST(Utf8, GoodTextStays) {
  for (const char* const text : {"", "plain", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(repaired(text), text);
  }
  EXPECT_EQ(repaired(std::string("a\0b", 3)), std::string("a\0b", 3));
}

TEST(Utf8, BadBytesAreReplaced) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(repaired("a\x80z"), "a" + r + "z");            // a lone continuation
  EXPECT_EQ(repaired("\xc3"), r);                          // cut short
  EXPECT_EQ(repaired("\xc0\xaf"), r + r);                  // overlong
  EXPECT_EQ(repaired("\xe0\x80\xaf"), r + r + r);          // overlong
  EXPECT_EQ(repaired("\xed\xa0\x80"), r + r + r);          // a surrogate
  EXPECT_EQ(repaired("\xf4\x90\x80\x80"), r + r + r + r);  // above U+10FFFF
  EXPECT_EQ(repaired("\xc3\xa9\xff\xc3\xa9"), "\xc3\xa9" + r + "\xc3\xa9");
}

}  // namespace
}  // namespace prometheus_async::metrics
