// SPDX-License-Identifier: Apache-2.0

#include "aio/http/query.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

using Values = std::vector<std::string_view>;

TEST(Query, ReadsAsInTheHeader) {
  const Query query = parse_query("name[]=up&name[]=go_info&q=a+b");
  EXPECT_EQ(query.get("q"), "a b");
  EXPECT_EQ(query.get_all("name[]"), (Values{"up", "go_info"}));
}

TEST(Query, KeepsOrder) {
  const Query query = parse_query("b=1&a=2&b=3");
  std::vector<Query::Item> items(query.begin(), query.end());
  EXPECT_EQ(items, (std::vector<Query::Item>{{"b", "1"}, {"a", "2"}, {"b", "3"}}));
}

TEST(Query, DecodesNamesAndValues) {
  const Query query = parse_query("caf%C3%A9=%26%3D%2B&x=a=b");
  EXPECT_EQ(query.get("café"), "&=+");
  EXPECT_EQ(query.get("x"), "a=b");
}

TEST(Query, NeverFails) {
  EXPECT_TRUE(parse_query("").empty());
  EXPECT_TRUE(parse_query("&&").empty());
  EXPECT_EQ(parse_query("a").get("a"), "");
  EXPECT_EQ(parse_query("=1").get(""), "1");
  EXPECT_EQ(parse_query("a=%zz%4&b=%").get("a"), "%zz%4");
  EXPECT_EQ(parse_query("a=%zz%4&b=%").get("b"), "%");
  EXPECT_EQ(parse_query("A=1").get("a"), std::nullopt);
}

}  // namespace
}  // namespace prometheus_async::aio::http
