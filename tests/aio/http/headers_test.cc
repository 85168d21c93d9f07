// SPDX-License-Identifier: Apache-2.0

#include "aio/http/headers.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

using Values = std::vector<std::string_view>;

TEST(Headers, ReadsAsInTheHeader) {
  Headers headers{{"Content-Type", "text/plain"}};
  headers.add("Vary", "Accept");
  EXPECT_EQ(headers.get("content-type"), "text/plain");
  EXPECT_TRUE(headers.has_token("vary", "accept"));
}

TEST(Headers, KeepsOrderAndDuplicates) {
  Headers headers{{"B", "1"}, {"A", "2"}, {"b", "3"}};
  ASSERT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers[0].name, "B");
  EXPECT_EQ(headers[1].name, "A");
  EXPECT_EQ(headers[2].name, "b");
  EXPECT_EQ(headers.get("b"), "1");
  EXPECT_EQ(headers.get_all("B"), (Values{"1", "3"}));
  EXPECT_EQ(headers.count("b"), 2u);
  EXPECT_EQ(headers.count("c"), 0u);
  EXPECT_EQ(headers.get("c"), std::nullopt);
}

TEST(Headers, SetReplacesEveryFieldOfTheNameAtThePlaceOfTheFirst) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}, {"C", "4"}, {"A", "5"}};
  headers.set("a", "6");
  ASSERT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers[0].value, "6");
  EXPECT_EQ(headers[1].name, "B");
  EXPECT_EQ(headers[2].name, "C");
  headers.set("D", "7");
  EXPECT_EQ(headers[3].value, "7");
}

TEST(Headers, TakesViewsOfItself) {
  Headers headers{{"A", "a value that is long enough to need memory of its own"}};
  for (int i = 0; i < 20; ++i) headers.add(headers[0].name, headers[0].value);
  headers.set(headers[0].name, headers[0].value);
  ASSERT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers[0].name, "A");
  EXPECT_EQ(headers[0].value, "a value that is long enough to need memory of its own");
}

TEST(Headers, GivesSeveralFieldsAsOneList) {
  const Headers headers{{"Accept", "a, b"}, {"X", "1"}, {"accept", "c"}};
  EXPECT_EQ(headers.get_list("Accept"), "a, b, c");
  EXPECT_EQ(headers.get_list("X"), "1");
  EXPECT_EQ(headers.get_list("Y"), "");
}

TEST(Headers, RemoveSaysHowMany) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  EXPECT_EQ(headers.remove("A"), 2u);
  EXPECT_EQ(headers.remove("A"), 0u);
  EXPECT_FALSE(headers.contains("a"));
  EXPECT_TRUE(headers.contains("b"));
}

TEST(Headers, ClearForgetsAll) {
  Headers headers{{"A", "1"}};
  headers.clear();
  EXPECT_TRUE(headers.empty());
  headers.add("B", "2");
  EXPECT_EQ(headers[0].name, "B");
}

TEST(Headers, GivesMemoryBackWhenItIsEmpty) {
  Headers headers;
  const std::string value(2000, 'x');
  for (int i = 0; i < 10; ++i) headers.add("Name", value);
  headers.shrink(0);
  EXPECT_EQ(headers[9].value, value);
  headers.clear();
  headers.shrink(100'000);
  headers.shrink(0);
  headers.add("A", "1");
  EXPECT_EQ(headers.get("a"), "1");
}

TEST(Headers, AreEmptyAfterAMove) {
  for (const std::size_t size : {1u, 4u, 100u}) {
    Headers few;
    few.add("A", std::string(size, 'x'));
    Headers moved = std::move(few);
    EXPECT_EQ(moved.get("a")->size(), size);
    EXPECT_TRUE(few.empty());  // NOLINT(bugprone-use-after-move)
    few.add("B", "2");
    moved = std::move(few);
    ASSERT_EQ(moved.size(), 1u);
    EXPECT_EQ(moved.get("b"), "2");
    const Headers copy = moved;
    EXPECT_EQ(copy[0].name, "B");
  }
}

TEST(Headers, FindsTokensInListsSpreadOverFields) {
  Headers headers{{"Connection", "keep-alive ,\tUpgrade"}, {"connection", ",close,"}};
  EXPECT_TRUE(headers.has_token("Connection", "upgrade"));
  EXPECT_TRUE(headers.has_token("Connection", "Close"));
  EXPECT_TRUE(headers.has_token("Connection", "keep-alive"));
  EXPECT_FALSE(headers.has_token("Connection", "keep"));
  EXPECT_FALSE(headers.has_token("Upgrade", "close"));
}

}  // namespace
}  // namespace prometheus_async::aio::http
