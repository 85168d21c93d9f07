// SPDX-License-Identifier: Apache-2.0

#include "aio/net/tls_provider.h"

#include <memory>
#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

TEST(FixedTls, GivesTheSameContextToAll) {
  const auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  const TlsProvider provider = fixed_tls(context);
  EXPECT_EQ(provider(), context);
  EXPECT_EQ(provider(), context);
}

TEST(FixedTls, KeepsTheContext) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  const std::weak_ptr<asio::ssl::context> watched = context;
  TlsProvider provider = fixed_tls(std::move(context));
  EXPECT_FALSE(watched.expired());
  provider = nullptr;
  EXPECT_TRUE(watched.expired());
}

TEST(FixedTls, IsNoTlsWithoutAContext) { EXPECT_EQ(fixed_tls(nullptr), nullptr); }

}  // namespace
}  // namespace prometheus_async::aio::net
