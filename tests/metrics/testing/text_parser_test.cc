// SPDX-License-Identifier: Apache-2.0
#include "metrics/testing/text_parser.h"

#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace prometheus_async::metrics::testing::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

std::string complaint(std::string_view text) {
  try {
    parse_text(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

// The example of metrics/testing/text_parser.h.
TEST(TextParser, ExampleOfTheHeader) {
  const std::vector<TextFamily> families = parse_text("hits_total{path=\"/\"} 2\n");
  EXPECT_EQ(families[0].samples[0].value, 2);
}

TEST(TextParser, ReadsAFamilyWithItsComments) {
  const auto families = parse_text("# HELP a_total Some \\\\ help.\n# TYPE a_total counter\na_total 1\n");
  ASSERT_THAT(families, SizeIs(1));
  EXPECT_EQ(families[0].name, "a_total");
  EXPECT_EQ(families[0].help, "Some \\\\ help.");
  EXPECT_EQ(families[0].type, "counter");
  ASSERT_THAT(families[0].samples, SizeIs(1));
  EXPECT_EQ(families[0].samples[0].line, "a_total 1");
}

TEST(TextParser, KeepsTheSamplesOfAHistogramTogether) {
  const auto families = parse_text("# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 2\nh_count 1\nh_max 3\n");
  ASSERT_THAT(families, SizeIs(2));
  EXPECT_THAT(families[0].samples, SizeIs(3));
  EXPECT_EQ(families[1].name, "h_max");
}

TEST(TextParser, ReadsLabelsInTheOrderOfTheirNames) {
  const auto families = parse_text("  a { y = \"1\" , x=\"\\\\ \\\" \\n }\", }\t2 \n");
  EXPECT_THAT(families.at(0).samples.at(0).labels, ElementsAre(Pair("x", "\\ \" \n }"), Pair("y", "1")));
}

TEST(TextParser, ReadsNamesInQuotes) {
  const auto families = parse_text("# TYPE \"a b\" gauge\n{\"a b\",\"c d\"=\"1\"} 2\n");
  ASSERT_THAT(families, SizeIs(1));
  EXPECT_EQ(families[0].samples.at(0).name, "a b");
  EXPECT_THAT(families[0].samples.at(0).labels, ElementsAre(Pair("c d", "1")));
}

TEST(TextParser, ReadsEveryNumber) {
  const auto families = parse_text("a 1\nb -1.5e-300\nc +Inf\nd -Inf\ne NaN\n");
  ASSERT_THAT(families, SizeIs(5));
  EXPECT_EQ(families[1].samples.at(0).value, -1.5e-300);
  EXPECT_EQ(families[2].samples.at(0).value, HUGE_VAL);
  EXPECT_EQ(families[3].samples.at(0).value, -HUGE_VAL);
  EXPECT_TRUE(std::isnan(families[4].samples.at(0).value));
}

TEST(TextParser, ReadsABoundAsANumber) {
  const auto one = parse_text("a_bucket{le=\"1\"} 2");
  const auto same = parse_text("a_bucket{le=\"1.0\"} 2");
  EXPECT_EQ(one.at(0).samples.at(0).labels, same.at(0).samples.at(0).labels);
}

TEST(TextParser, NamesTheLineThatItDoesNotRead) {
  EXPECT_THAT(complaint("a 1\nb\n"), HasSubstr("line 2: a value is missing: b"));
  EXPECT_THAT(complaint("a one"), HasSubstr("a value is missing"));
  EXPECT_THAT(complaint("a{b=1} 1"), HasSubstr("a quote is missing"));
  EXPECT_THAT(complaint("a{b=\"1} 1"), HasSubstr("a closing quote is missing"));
  EXPECT_THAT(complaint("a{b=\"\\t\"} 1"), HasSubstr("are escapes"));
  EXPECT_THAT(complaint("a{b} 1"), HasSubstr("a label is written as"));
  EXPECT_THAT(complaint("a{b=\"1\" c=\"2\"} 1"), HasSubstr("a comma or a closing brace is missing"));
  EXPECT_THAT(complaint("a{"), HasSubstr("a name is missing"));
  EXPECT_THAT(complaint("{b=\"1\"} 1"), HasSubstr("a name is missing"));
  EXPECT_THAT(complaint("a 1 1700000000"), HasSubstr("timestamps and exemplars are not compared"));
  EXPECT_THAT(complaint("# TYPE a gauge\n# TYPE a gauge\n"), HasSubstr("it comes twice"));
}

TEST(TextParser, PassesOverOtherComments) {
  EXPECT_THAT(parse_text("# UNIT a seconds\n# EOF\n#\n# just words\n\n"), SizeIs(0));
}

}  // namespace
}  // namespace prometheus_async::metrics::testing::internal
