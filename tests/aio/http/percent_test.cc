// SPDX-License-Identifier: Apache-2.0

#include "aio/http/percent.h"

#include <string>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

TEST(Percent, ReadsAsInTheHeader) {
  std::string path;
  EXPECT_TRUE(percent_decode("/caf%C3%A9%2Fbar", path));
  EXPECT_EQ(path, "/café/bar");
  EXPECT_TRUE(percent_decode_except("/caf%C3%A9%2fbar", "/%", path));
  EXPECT_EQ(path, "/café%2Fbar");
}

TEST(Percent, DecodesOnce) {
  std::string out;
  EXPECT_TRUE(percent_decode("%2541%252e", out));
  EXPECT_EQ(out, "%41%2e");
}

TEST(Percent, RefusesWhatIsNoEscape) {
  std::string out;
  for (const char* text : {"%", "%4", "a%", "%zz", "%4g", "%g4", "% 1", "%+1"}) {
    EXPECT_FALSE(percent_decode(text, out)) << text;
  }
}

TEST(Utf8, KnowsTheWellFormed) {
  for (const char* text : {"", "a", "é", "€", "😀", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  }
  for (const char* text : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
                           "\xf4\x90\x80\x80", "\xff", "a\xc3(", "\xe2\x82"}) {
    EXPECT_FALSE(is_valid_utf8(text)) << text;
  }
}

}  // namespace
}  // namespace prometheus_async::aio::http
