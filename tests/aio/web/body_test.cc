// SPDX-License-Identifier: Apache-2.0

#include "aio/web/body.h"

#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

namespace prometheus_async::aio::web {
namespace {

// The example of the header.
TEST(Body, IsTextOfItsOwnOrShared) {
  web::Body own = "hello";
  web::Body shared = std::make_shared<const std::string>(10'000'000, 'x');  // sent without a copy
  EXPECT_EQ(own, "hello");
  EXPECT_EQ(shared.size(), 10'000'000u);
}

TEST(Body, IsMadeOfAnyText) {
  EXPECT_EQ(Body(std::string("a")), "a");
  EXPECT_EQ(Body(std::string_view("a\0b", 3)).size(), 3u);
  EXPECT_EQ(Body(std::make_shared<std::string>("a")), "a");
  EXPECT_EQ(Body(), "");
  EXPECT_EQ(Body(std::shared_ptr<const std::string>()), "");
}

TEST(Body, SharesItsTextWithItsCopies) {
  const auto text = std::make_shared<const std::string>("hello");
  const Body body = text;
  const Body copy = body;
  EXPECT_EQ(copy.view().data(), text->data());
  EXPECT_EQ(text.use_count(), 3);
}

// Shared text does, wherever the body goes.
TEST(Body, KeepsAViewOfSharedTextGood) {
  Body body = std::make_shared<const std::string>("hi");  // short: text of its own would move with the body
  const std::string_view view = body.view();
  const Body moved = std::move(body);
  EXPECT_EQ(moved.view().data(), view.data());
}

TEST(Body, KnowsWhatWasSentByItsSizeAlone) {
  const Body body = Body::sent(7);
  EXPECT_TRUE(body.is_sent());
  EXPECT_EQ(body.size(), 7u);
  EXPECT_EQ(body.view(), "");
  EXPECT_FALSE(Body("hello").is_sent());
  EXPECT_FALSE(Body().is_sent());
}

TEST(Body, IsPrintedAsItsText) {
  std::ostringstream out;
  out << Body("hello");
  EXPECT_EQ(out.str(), "hello");
}

}  // namespace
}  // namespace prometheus_async::aio::web
