// SPDX-License-Identifier: Apache-2.0

#include "aio/http/inline_text.h"

#include <cstddef>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

constexpr std::size_t kInline = 96;

InlineText text_of(std::size_t size) {
  InlineText text;
  text.append(std::string(size, 'x'), {});
  return text;
}

TEST(InlineText, ReadsAsInTheHeader) {
  InlineText text;
  text.append("Host", "example.com");
  EXPECT_EQ(text.view(), "Hostexample.com");
}

TEST(InlineText, GrowsBeyondTheObject) {
  InlineText text;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string number = std::to_string(i);
    text.append(number, ",");
    expected += number + ",";
    ASSERT_EQ(text.view(), expected);
  }
}

TEST(InlineText, LiesInTheObjectAsLongAsItFits) {
  EXPECT_EQ(text_of(kInline - 1).capacity(), kInline);
  EXPECT_EQ(text_of(kInline).capacity(), kInline);
  EXPECT_GT(text_of(kInline + 1).capacity(), kInline);
}

TEST(InlineText, TakesViewsOfItself) {
  InlineText text;
  text.append("ab", "c");
  std::string expected = "abc";
  for (int i = 0; i < 6; ++i) {
    text.append(text.view(), text.view().substr(1));
    expected += expected + expected.substr(1);
    ASSERT_EQ(text.view(), expected);
  }
}

TEST(InlineText, IsCopiedAndMoved) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kInline, kInline + 1, std::size_t{1000}}) {
    const std::string expected(size, 'x');
    InlineText text = text_of(size);
    const InlineText copy = text;
    EXPECT_EQ(copy.view(), expected);
    InlineText moved = std::move(text);
    EXPECT_EQ(moved.view(), expected);
    EXPECT_EQ(text.view(), "");  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(text.capacity(), kInline);
    text.append("again", {});
    EXPECT_EQ(text.view(), "again");
    moved = std::move(text);
    EXPECT_EQ(moved.view(), "again");
    moved = copy;
    EXPECT_EQ(moved.view(), expected);
    InlineText& itself = moved;
    moved = itself;
    EXPECT_EQ(moved.view(), expected);
  }
}

TEST(InlineText, KeepsMemoryUntilItShrinks) {
  InlineText text = text_of(1000);
  const std::size_t capacity = text.capacity();
  text.clear();
  EXPECT_EQ(text.view(), "");
  EXPECT_EQ(text.capacity(), capacity);
  text.shrink();
  EXPECT_EQ(text.capacity(), kInline);
  text.append("a", "b");
  EXPECT_EQ(text.view(), "ab");
}

}  // namespace
}  // namespace prometheus_async::aio::http
