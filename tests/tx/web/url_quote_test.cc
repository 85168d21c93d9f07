// SPDX-License-Identifier: Apache-2.0

#include "tx/web/url_quote.h"

#include <string>

#include <gtest/gtest.h>

namespace prometheus_async::tx::web {
namespace {

TEST(UrlQuote, ReadsAsInTheHeader) {
  EXPECT_EQ(quote_segment("a/b c"), "a%2Fb%20c");
  EXPECT_EQ(quote_path("a/b c"), "a/b%20c");
  EXPECT_EQ(quote_query("a/b c"), "a%2Fb+c");
}

TEST(UrlQuote, KeepsWhatASegmentMayHold) {
  EXPECT_EQ(quote_segment("azAZ09-._~!$&'()*+,;=:@"), "azAZ09-._~!$&'()*+,;=:@");
}

TEST(UrlQuote, EscapesWhatCouldEndASegmentOrItsLine) {
  EXPECT_EQ(quote_segment(std::string("?#%\\\r\n\0\x7f\"<>", 11)), "%3F%23%25%5C%0D%0A%00%7F%22%3C%3E");
  EXPECT_EQ(quote_segment("é"), "%C3%A9");
}

TEST(UrlQuote, EscapesWhatSeparatesItemsOfAQuery) { EXPECT_EQ(quote_query("a&b=c+d;é"), "a%26b%3Dc%2Bd%3B%C3%A9"); }

}  // namespace
}  // namespace prometheus_async::tx::web
