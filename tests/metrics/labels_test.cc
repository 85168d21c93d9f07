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

TEST(Labels, NamesThatAreNotClassicAreQuoted) {
  const Labels labels(Pairs{{"http.method", "GET"}, {"a\"b\\", "x"}, {"", "y"}, {"plain", "z"}});
  EXPECT_EQ(labels.text(), R"("http.method"="GET","a\"b\\"="x",""="y",plain="z")");
  EXPECT_TRUE(labels.has_quoted_names());
  EXPECT_FALSE(Labels(Pairs{{"plain", "\""}}).has_quoted_names());
}

TEST(Labels, GivePairsBack) {
  const Pairs pairs{{"http.method", "G\"E\\T\n"}, {"a\"b\\=,", ""}, {"plain", "a=\"b\",c=\"d\""}, {"z", "\\n"}};
  EXPECT_EQ(Labels(pairs).pairs(), pairs);
  EXPECT_EQ(Labels().pairs(), Pairs());
}

// Every two lists of values from an alphabet that the text itself is made of.
TEST(Labels, KnowTheirValues) {
  std::vector<std::string> values{"",   "x", "=",   ",",      "x=",       "\"",   "\\",
                                  "\n", "n", "\\n", "x\",b=", "x\",b=\"", "=\"x", ",b=\"y"};
  values.insert(values.end(), {"p=qz", "z", ",=qz", "x\",b=\"y"});
  for (const char* const name : {"b", "b.b"}) {
    for (const auto& a : values) {
      for (const auto& b : values) {
        const Labels labels(Pairs{{"a", a}, {name, b}});
        for (const auto& c : values) {
          for (const auto& d : values) {
            const std::string_view asked[] = {c, d};
            ASSERT_EQ(labels.has_values(asked), a == c && b == d) << labels.text() << " and " << c << " and " << d;
          }
        }
      }
    }
  }
}

TEST(Utf8, GoodTextStays) {
  for (const char* const text : {"", "plain", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(repaired(text), text);
  }
}

TEST(Utf8, BadBytesAreReplaced) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(repaired("a\x80z"), "a" + r + "z");                // a lone continuation
  EXPECT_EQ(repaired("\xc3"), r);                              // cut short
  EXPECT_EQ(repaired("\xc0\xaf"), r + r);                      // overlong
  EXPECT_EQ(repaired("\xe0\x80\xaf"), r + r + r);              // overlong
  EXPECT_EQ(repaired("\xed\xa0\x80"), r + r + r);              // a surrogate
  EXPECT_EQ(repaired("\xf4\x90\x80\x80"), r + r + r + r);      // above U+10FFFF
  EXPECT_EQ(repaired(std::string("a\0b", 3)), "a" + r + "b");  // good UTF-8, but no good to Prometheus
  EXPECT_EQ(repaired("\xc3\xa9\xff\xc3\xa9"), "\xc3\xa9" + r + "\xc3\xa9");
}

}  // namespace
}  // namespace prometheus_async::metrics
