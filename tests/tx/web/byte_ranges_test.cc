// SPDX-License-Identifier: Apache-2.0

#include "tx/web/byte_ranges.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace prometheus_async::tx::web {
namespace {

using Ranges = std::optional<std::vector<ByteRange>>;

TEST(ByteRanges, ReadsAsInTheHeader) {
  EXPECT_EQ(parse_byte_ranges("bytes=0-99,-100", 1000), (Ranges{{{0, 100}, {900, 100}}}));
}

TEST(ByteRanges, AreCutToTheFile) {
  EXPECT_EQ(parse_byte_ranges("bytes=0-0", 10), (Ranges{{{0, 1}}}));
  EXPECT_EQ(parse_byte_ranges("bytes=9-", 10), (Ranges{{{9, 1}}}));
  EXPECT_EQ(parse_byte_ranges("bytes=5-18446744073709551615", 10), (Ranges{{{5, 5}}}));
  EXPECT_EQ(parse_byte_ranges("bytes=-18446744073709551615", 10), (Ranges{{{0, 10}}}));
  EXPECT_EQ(parse_byte_ranges("Bytes=0-9", 10), (Ranges{{{0, 10}}}));
  EXPECT_EQ(parse_byte_ranges("bytes= 1-2 , 4-5", 10), (Ranges{{{1, 2}, {4, 2}}}));
}

TEST(ByteRanges, AreLeftOutWhereTheFileHasNone) {
  EXPECT_EQ(parse_byte_ranges("bytes=10-", 10), Ranges(std::in_place));
  EXPECT_EQ(parse_byte_ranges("bytes=10-20,-0", 10), Ranges(std::in_place));
  EXPECT_EQ(parse_byte_ranges("bytes=0-", 0), Ranges(std::in_place));
  EXPECT_EQ(parse_byte_ranges("bytes=-1", 0), Ranges(std::in_place));
  EXPECT_EQ(parse_byte_ranges("bytes=20-30,0-1", 10), (Ranges{{{0, 2}}}));
}

TEST(ByteRanges, IgnoresWhatIsNone) {
  for (const char* text : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=2-1", "bytes=20-19",
                           "bytes=+1-2", "bytes=1-2,", "bytes=,1-2", "bytes=1--2", "bytes=0x1-2", "lines=1-2",
                           "bytes=18446744073709551616-", "bytes=1-18446744073709551616"}) {
    EXPECT_EQ(parse_byte_ranges(text, 10), std::nullopt) << text;
  }
}

TEST(ByteRanges, IgnoresMoreThanTheWholeIsWorth) {
  std::string sixteen = "bytes=0-0";
  for (int i = 1; i < 16; ++i) sixteen += "," + std::to_string(i) + "-" + std::to_string(i);
  EXPECT_EQ(parse_byte_ranges(sixteen, 100)->size(), 16u);
  EXPECT_EQ(parse_byte_ranges(sixteen + ",16-16", 100), std::nullopt);
  EXPECT_EQ(parse_byte_ranges("bytes=0-4,5-9", 10)->size(), 2u);
  EXPECT_EQ(parse_byte_ranges("bytes=0-5,5-9", 10), std::nullopt);
}

}  // namespace
}  // namespace prometheus_async::tx::web
