// SPDX-License-Identifier: Apache-2.0
#include "aio/sleep.h"

#include <chrono>

#include "gtest/gtest.h"
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include "tests/testing/run.h"

namespace prometheus_async::aio {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

TEST(Sleep, LastsAtLeastItsTime) {
  asio::io_context context;
  const auto start = std::chrono::steady_clock::now();
  testing::run(context, aio::sleep(5ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 5ms);
}

TEST(Sleep, NeedsNoTimeForNothing) {
  asio::io_context context;
  testing::run(context, aio::sleep(0s));
  testing::run(context, aio::sleep(-1h));
}

TEST(Sleep, CanBeCancelled) {
  asio::io_context context;
  const auto pending = testing::start(context, aio::sleep(24h));
  context.poll();
  EXPECT_FALSE(pending->done());
  pending->cancel(asio::cancellation_type::terminal);
  try {
    testing::finish(context, *pending);
    FAIL() << "nothing was thrown";
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  }
}

}  // namespace
}  // namespace prometheus_async::aio
