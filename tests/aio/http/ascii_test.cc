// SPDX-License-Identifier: Apache-2.0

#include "aio/http/ascii.h"

#include <string>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

TEST(Ascii, ReadsAsInTheHeader) {
  EXPECT_TRUE(ascii_iequals("Content-Length", "content-length"));
  EXPECT_TRUE(is_token("GET"));
  EXPECT_EQ(trim_ows(" close\t"), "close");
}

TEST(Ascii, ComparesWithoutCaseInAsciiOnly) {
  EXPECT_FALSE(ascii_iequals("a", "ab"));
  EXPECT_FALSE(ascii_iequals("[", "{"));  // which differ as letters do
  EXPECT_FALSE(ascii_iequals("\xc3\x84", "\xc3\xa4"));
  EXPECT_TRUE(ascii_iequals("", ""));
}

TEST(Ascii, KnowsTokens) {
  std::string tokens;
  for (int byte = 0; byte < 256; ++byte) {
    if (is_token_char(static_cast<char>(byte))) tokens += static_cast<char>(byte);
  }
  EXPECT_EQ(tokens, "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
}

TEST(Ascii, KnowsDigitsAndControls) {
  EXPECT_TRUE(is_digits("0123456789"));
  EXPECT_FALSE(is_digits(""));
  EXPECT_FALSE(is_digits("1 "));
  EXPECT_EQ(hex_value('f'), 15);
  EXPECT_EQ(hex_value('F'), 15);
  EXPECT_EQ(hex_value('g'), -1);
  EXPECT_EQ(hex_value('\0'), -1);
  EXPECT_TRUE(is_control('\t'));
  EXPECT_TRUE(is_control('\x7f'));
  EXPECT_FALSE(is_control(' '));
  EXPECT_FALSE(is_control('\x80'));
}

// At any place of a long value, beside any other byte.
TEST(Ascii, KnowsWhatAFieldMayHold) {
  for (int c = 0; c < 256; ++c) {
    const bool is_allowed = c == '\t' || (c >= 0x20 && c != 0x7f);
    for (std::size_t size = 1; size <= 17; ++size) {
      for (std::size_t place = 0; place < size; ++place) {
        for (const char filler : {'x', ' ', '\t', '\x80', '\xff'}) {
          std::string value(size, filler);
          value[place] = static_cast<char>(c);
          ASSERT_EQ(is_field_value(value), is_allowed) << c << " at " << place << " of " << size;
        }
      }
    }
  }
  EXPECT_TRUE(is_field_value(""));
}

TEST(Ascii, TrimsSpacesAndTabs) {
  EXPECT_EQ(trim_ows(" \t "), "");
  EXPECT_EQ(trim_ows(""), "");
  EXPECT_EQ(trim_ows("a b"), "a b");
  EXPECT_EQ(trim_ows("\ta\v"), "a\v");
}

}  // namespace
}  // namespace prometheus_async::aio::http
