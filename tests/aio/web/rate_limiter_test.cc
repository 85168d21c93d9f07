// SPDX-License-Identifier: Apache-2.0

#include "aio/web/rate_limiter.h"

#include <chrono>
#include <stdexcept>

#include <gtest/gtest.h>

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;

constexpr RateLimiter::TimePoint kStart{1h};

int allowed(RateLimiter& limiter, RateLimiter::TimePoint now) {
  int count = 0;
  while (count < 100 && limiter.allow(now)) ++count;
  return count;
}

TEST(RateLimiter, StartsFull) {
  RateLimiter limiter({.interval = 1s, .burst = 3});
  EXPECT_EQ(allowed(limiter, kStart), 3);
}

TEST(RateLimiter, EarnsOneAnInterval) {
  RateLimiter limiter({.interval = 1s, .burst = 3});
  allowed(limiter, kStart);
  EXPECT_EQ(allowed(limiter, kStart + 1s - 1ns), 0);
  EXPECT_EQ(allowed(limiter, kStart + 1s), 1);
  EXPECT_EQ(allowed(limiter, kStart + 2s - 1ns), 0);
  EXPECT_EQ(allowed(limiter, kStart + 2s), 1);
}

// Half an interval counts towards the next.
TEST(RateLimiter, LosesNoTime) {
  RateLimiter limiter({.interval = 1s, .burst = 3});
  allowed(limiter, kStart);
  EXPECT_EQ(allowed(limiter, kStart + 1500ms), 1);
  EXPECT_EQ(allowed(limiter, kStart + 2s), 1);
}

TEST(RateLimiter, SavesUpNoMoreThanABurst) {
  RateLimiter limiter({.interval = 1s, .burst = 3});
  allowed(limiter, kStart);
  EXPECT_EQ(allowed(limiter, kStart + 2s), 2);
  EXPECT_EQ(allowed(limiter, kStart + 5s), 3);
  EXPECT_EQ(allowed(limiter, kStart + 1000h), 3);
}

TEST(RateLimiter, ABurstOfOneIsASteadyPace) {
  RateLimiter limiter({.interval = 100ms, .burst = 1});
  EXPECT_TRUE(limiter.allow(kStart));
  EXPECT_FALSE(limiter.allow(kStart));
  EXPECT_FALSE(limiter.allow(kStart + 99ms));
  EXPECT_TRUE(limiter.allow(kStart + 100ms));
}

TEST(RateLimiter, RefusesALimitThatLetsNothingThrough) {
  EXPECT_THROW(RateLimiter({.interval = 0s, .burst = 1}), std::invalid_argument);
  EXPECT_THROW(RateLimiter({.interval = -1s, .burst = 1}), std::invalid_argument);
  EXPECT_THROW(RateLimiter({.interval = 1s, .burst = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace prometheus_async::aio::web
