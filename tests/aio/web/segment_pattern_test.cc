// SPDX-License-Identifier: Apache-2.0

#include "aio/web/segment_pattern.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prometheus_async::aio::web::internal {
namespace {

using ::testing::HasSubstr;

bool matches(std::string_view pattern, std::string_view text) { return SegmentPattern(pattern).matches(text); }

TEST(SegmentPattern, ReadsAsInTheHeader) {
  EXPECT_TRUE(SegmentPattern("int").matches("-17"));
  EXPECT_TRUE(SegmentPattern("[a-z0-9-]+").matches("a-b"));
  EXPECT_FALSE(SegmentPattern("[a-z]{2}").matches("deu"));
}

TEST(SegmentPattern, OfAPlainNameTakesAnyTextThatIsNotEmpty) {
  EXPECT_TRUE(SegmentPattern().matches("a"));
  EXPECT_TRUE(SegmentPattern().matches("\xff %2F{}"));
  EXPECT_FALSE(SegmentPattern().matches(""));
}

TEST(SegmentPattern, TakesIntegersThatFit) {
  for (const char* text :
       {"0", "-0", "007", "-9223372036854775808", "9223372036854775807", "0000000000000000000000000000000000000001"}) {
    EXPECT_TRUE(matches("int", text)) << text;
  }
  for (const char* text : {"", "-", "+1", "1.0", "1e3", " 1", "1 ", "0x1", "a", "--1", "1-", "%31",
                           "-9223372036854775809", "9223372036854775808"}) {
    EXPECT_FALSE(matches("int", text)) << text;
  }
}

TEST(SegmentPattern, TakesUnsignedIntegersThatFit) {
  EXPECT_TRUE(matches("uint", "0"));
  EXPECT_TRUE(matches("uint", "18446744073709551615"));
  for (const char* text : {"", "-0", "-1", "+1", "18446744073709551616"}) EXPECT_FALSE(matches("uint", text)) << text;
}

TEST(SegmentPattern, TakesUuidsOfEitherCase) {
  EXPECT_TRUE(matches("uuid", "123e4567-e89b-12d3-A456-426614174000"));
  for (const char* text : {"", "123e4567-e89b-12d3-a456-42661417400", "123e4567-e89b-12d3-a456-4266141740000",
                           "123e4567e89b-12d3-a456-4266-14174000", "123e4567-e89b-12d3-a456-42661417400g",
                           "{23e4567-e89b-12d3-a456-42661417400}"}) {
    EXPECT_FALSE(matches("uuid", text)) << text;
  }
}

TEST(SegmentPattern, TakesSlugs) {
  EXPECT_TRUE(matches("slug", "A_b-9"));
  for (const char* text : {"", "a.b", "a b", "\xc3\xa9"}) EXPECT_FALSE(matches("slug", text)) << text;
}

TEST(SegmentPattern, TakesAClassAsManyTimesAsTheQuantifierSays) {
  const std::string_view none = "", one = "a", two = "ab", three = "abc", four = "abcd", five = "abcde";
  const std::vector<std::pair<std::string, std::vector<std::string_view>>> cases = {
      {"[a-z]", {one}},
      {"[a-z]?", {none, one}},
      {"[a-z]+", {one, two, three, four, five}},
      {"[a-z]*", {none, one, two, three, four, five}},
      {"[a-z]{3}", {three}},
      {"[a-z]{0,1}", {none, one}},
      {"[a-z]{2,4}", {two, three, four}},
      {"[a-z]{2,2}", {two}},
      {"[a-z]{4,}", {four, five}},
  };
  for (const auto& [pattern, taken] : cases) {
    for (const std::string_view text : {none, one, two, three, four, five}) {
      EXPECT_EQ(matches(pattern, text), std::find(taken.begin(), taken.end(), text) != taken.end())
          << pattern << " " << text;
    }
  }
}

TEST(SegmentPattern, HasTheCharactersOfItsClass) {
  const auto characters = [](std::string_view pattern) {
    std::string result;
    for (int c = 0x21; c < 0x7f; ++c) {
      const char text = static_cast<char>(c);
      if (c != '%' && matches(pattern, {&text, 1})) result += text;
    }
    return result;
  };
  EXPECT_EQ(characters("[a-cx]"), "abcx");
  EXPECT_EQ(characters("[-a]"), "-a");
  EXPECT_EQ(characters("[a-]"), "-a");
  EXPECT_EQ(characters("[a^]"), "^a");
  EXPECT_EQ(characters("[{},]"), ",{}");
  EXPECT_EQ(characters("\\d"), "0123456789");
  EXPECT_EQ(characters("[\\d.-]"), "-.0123456789");
  EXPECT_EQ(characters("[\\]\\[\\\\\\-]"), "-[\\]");
  EXPECT_EQ(characters("[+-.]"), "+,-.");
  EXPECT_EQ(characters("\\w"), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(characters("[^!-$&-~]"), "");
  EXPECT_EQ(characters("[^!-$&-}]"), "~");
}

TEST(SegmentPattern, NegatedTakesWhatIsNotAscii) {
  EXPECT_TRUE(matches("[^a]+", "\xc3\xa9"));
  EXPECT_FALSE(matches("[^a]+", "ba"));
  EXPECT_FALSE(matches("[a-z]+", "\xc3\xa9"));
}

// In a routing path two characters are escapes; a class looks at what they stand for.
TEST(SegmentPattern, SeesTheCharacterOfAnEscape) {
  EXPECT_TRUE(matches("[^.]{3}", "a%2Fb"));
  EXPECT_FALSE(matches("[^/]+", "a%2Fb"));
  EXPECT_TRUE(matches("[a%]{2}", "a%25"));
  EXPECT_FALSE(matches("[a-z0-9]+", "a%25"));
  for (const char* text : {"%", "%2", "%zz", "a%"}) EXPECT_FALSE(matches("[^.]+", text)) << text;
}

TEST(SegmentPattern, TakesSlashesAsATailAlone) {
  EXPECT_TRUE(SegmentPattern(".*").is_tail());
  EXPECT_TRUE(matches(".*", ""));
  EXPECT_TRUE(matches(".*", "a/b"));
  EXPECT_TRUE(SegmentPattern(".+").is_tail());
  EXPECT_FALSE(matches(".+", ""));
  EXPECT_FALSE(SegmentPattern("[^.]+").is_tail());
}

TEST(SegmentPattern, RefusesALargerRegularExpressionAndNamesTheRule) {
  for (const auto& [pattern, rule] : {std::pair("", "behind the colon"),
                                      {"integer", "int, uint, uuid, slug"},
                                      {"a+", "behind the colon"},
                                      {".", "behind the colon"},
                                      {".*?", "behind the colon"},
                                      {".{3}", "behind the colon"},
                                      {"(a|b)", "behind the colon"},
                                      {"^[ab]$", "behind the colon"},
                                      {"[ab]+?", "nothing more"},
                                      {"[ab]++", "nothing more"},
                                      {"[ab]+[cd]+", "nothing more"},
                                      {"[ab]+$", "nothing more"},
                                      {"[ab]|[cd]", "nothing more"},
                                      {"\\d+\\.\\d+", "nothing more"},
                                      {"[ab]{", "nothing more"},
                                      {"[ab]{}", "nothing more"},
                                      {"[ab]{,3}", "nothing more"},
                                      {"[ab]{a}", "nothing more"},
                                      {"[ab]{-1}", "nothing more"},
                                      {"[ab]{1,2,3}", "nothing more"},
                                      {"[ab]{10000}", "nothing more"},
                                      {"[ab]{3,2}", "m is 1 or more"},
                                      {"[ab]{0}", "m is 1 or more"},
                                      {"[ab]{0,0}", "m is 1 or more"},
                                      {"[ab", "has no end"},
                                      {"[", "has no end"},
                                      {"[a-", "has no end"},
                                      {"[\\", "has no end"},
                                      {"[]", "empty"},
                                      {"[^]", "empty"},
                                      {"[[:alpha:]]", "write \\["},
                                      {"[z-a]", "backwards"},
                                      {"[a-\\d]", "backwards"},
                                      {"[a/]+", "slash"},
                                      {"[+-9]+", "slash"},
                                      {"[a]+", "one character"},
                                      {"[\xc3\xa9]+", "printable ASCII"},
                                      {"[a\x7f]+", "printable ASCII"},
                                      {"[\\s]", "\\d and \\w"},
                                      {"[\\x41]", "\\d and \\w"},
                                      {"\\s+", "\\d and \\w"},
                                      {"\\", "\\d and \\w"}}) {
    try {
      const SegmentPattern refused(pattern);
      FAIL() << pattern;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr(rule)) << pattern;
    }
  }
}

TEST(SegmentPattern, TakesUpTo9999Repetitions) {
  EXPECT_TRUE(matches("[ab]{9998}", std::string(9998, 'a')));
  EXPECT_TRUE(matches("[ab]{1,9999}", std::string(9999, 'a')));
  EXPECT_FALSE(matches("[ab]{1,9999}", std::string(10000, 'a')));
  EXPECT_THROW(SegmentPattern("[ab]{1,10000}"), std::invalid_argument);
}

TEST(SegmentPattern, ComesBeforeThoseThatTakeMore) {
  const std::vector<std::string> order = {"uint",        "[0-9]{2,}", "int",  "uuid",
                                          "[a-z0-9]{3}", "[a-z0-9]+", "slug", "[^.]+"};
  std::vector<SegmentPattern> patterns;
  for (const std::string& text : order) patterns.emplace_back(text);
  patterns.emplace_back();
  patterns.emplace_back(".+");
  patterns.emplace_back(".*");
  // uint and [0-9]{2,}: neither takes all of the other's, and the range is what counts.
  std::swap(patterns[0], patterns[1]);
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    for (std::size_t j = 0; j < patterns.size(); ++j) EXPECT_EQ(patterns[i] <=> patterns[j], i <=> j) << i << " " << j;
  }
}

// Equal sets by different spellings are one; a named type comes before the class that takes all of its texts.
TEST(SegmentPattern, EqualsWhatTakesTheSame) {
  EXPECT_EQ(SegmentPattern("slug"), SegmentPattern("[a-zA-Z0-9_-]+"));
  EXPECT_EQ(SegmentPattern("\\d{1,}"), SegmentPattern("[0123456789]+"));
  EXPECT_EQ(SegmentPattern("[ab]"), SegmentPattern("[ba]{1}"));
  EXPECT_LT(SegmentPattern("int"), SegmentPattern("[0-9-]+"));
  EXPECT_LT(SegmentPattern("uuid"), SegmentPattern("[0-9A-Fa-f-]{36}"));
  EXPECT_NE(SegmentPattern("[ab]+"), SegmentPattern("[ac]+"));
}

}  // namespace
}  // namespace prometheus_async::aio::web::internal
