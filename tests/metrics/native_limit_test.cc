// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/native_limit.h"

#include <chrono>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace prometheus_async::metrics::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr NativeLimit::Time kStart{};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Factor 2: the bucket with index i ends at 2^i.
NativeOptions doubling(std::size_t max_buckets) {
  return {.bucket_factor = 2, .max_buckets = max_buckets, .min_reset_interval = 0ns};
}

void admit(NativeLimit& limit, std::initializer_list<double> values, NativeLimit::Time now = kStart) {
  for (const double value : values) limit.admit(value, now);
}

TEST(NativeLimit, ListsTheBucketsOfBothSidesAscending) {
  NativeLimit limit(doubling(160), kStart);
  admit(limit, {4, 1, 3, 0.5, -4, -1, 0, -0.0, 0x1p-128, kInfinity, -kInfinity});
  EXPECT_THAT(limit.positive(), ElementsAre(-1, 0, 2, 1025));
  EXPECT_THAT(limit.negative(), ElementsAre(0, 2, 1025));
  EXPECT_EQ(limit.resolution().generation, 0u);
}

TEST(NativeLimit, AtTheLimitNothingChanges) {
  NativeLimit limit(doubling(3), kStart);
  admit(limit, {1, 2, -4, 1, -3});
  EXPECT_EQ(limit.resolution().schema.schema(), 0);
  EXPECT_EQ(limit.resolution().generation, 0u);
}

TEST(NativeLimit, HalvesTheResolutionAsOftenAsItTakes) {
  NativeLimit limit(doubling(3), kStart);
  admit(limit, {1, 2, 4, 8});  // 0 1 2 3: at -1, 0 1 1 2
  EXPECT_EQ(limit.resolution().schema.schema(), -1);
  EXPECT_THAT(limit.positive(), ElementsAre(0, 1, 2));
  admit(limit, {0x1p20});  // 10: at -2, 0 1 1 5
  EXPECT_EQ(limit.resolution().schema.schema(), -2);
  EXPECT_THAT(limit.positive(), ElementsAre(0, 1, 5));
  admit(limit, {0x1p-20});  // -5: at -3, -2 0 1 3; at -4, -1 0 1 2
  EXPECT_EQ(limit.resolution().schema.schema(), -4);
}

TEST(NativeLimit, IsExceededWhereTheCoarsestIsNotEnough) {
  NativeLimit limit(doubling(2), kStart);
  admit(limit, {1, 0x1p100, 0x1p-100});
  EXPECT_EQ(limit.resolution().schema.schema(), -4);
  EXPECT_THAT(limit.positive(), ElementsAre(-6, 0, 7));
  admit(limit, {0x1p200});
  EXPECT_EQ(limit.positive().size(), 4u);
}

TEST(NativeLimit, AtTheCoarsestTheDefaultHoldsForAllValues) {
  NativeLimit limit({.min_reset_interval = 0ns}, kStart);
  for (int exponent = -1074; exponent <= 1023; ++exponent) {
    admit(limit, {std::ldexp(1.0, exponent), -std::ldexp(1.0, exponent)});
    ASSERT_LE(limit.positive().size() + limit.negative().size(), 160u);
  }
  admit(limit, {kInfinity, -kInfinity});
  EXPECT_EQ(limit.positive().size() + limit.negative().size(), 146u);
}

TEST(NativeLimit, ZeroIsNoLimit) {
  NativeLimit limit({.bucket_factor = 1.0001, .max_buckets = 0}, kStart);
  for (int i = 1; i <= 2000; ++i) limit.admit(i, kStart + 24h);
  EXPECT_EQ(limit.resolution().schema.schema(), 8);
  EXPECT_EQ(limit.resolution().generation, 0u);
  EXPECT_GT(limit.positive().size(), 900u);
}

TEST(NativeLimit, WidensTheZeroBucketBeforeItHalves) {
  NativeOptions options = doubling(3);
  options.max_zero_threshold = 4;
  NativeLimit limit(options, kStart);
  admit(limit, {1, 2, 4, 8});
  EXPECT_EQ(limit.resolution().zero_threshold, 1);
  EXPECT_EQ(limit.resolution().schema.schema(), 0);
  EXPECT_THAT(limit.positive(), ElementsAre(1, 2, 3));
  admit(limit, {1, 0.3, -1});  // in the zero bucket now
  EXPECT_THAT(limit.negative(), IsEmpty());
  EXPECT_EQ(limit.resolution().generation, 1u);
}

TEST(NativeLimit, TakesTheNearestBucketsOfBothSidesAtOnce) {
  NativeOptions options = doubling(4);
  options.max_zero_threshold = 100;
  NativeLimit limit(options, kStart);
  admit(limit, {1, -1, 2, -4, 8});
  EXPECT_EQ(limit.resolution().zero_threshold, 1);
  EXPECT_THAT(limit.positive(), ElementsAre(1, 3));
  EXPECT_THAT(limit.negative(), ElementsAre(2));
}

TEST(NativeLimit, HalvesWhereTheZeroBucketMayNotBeWider) {
  NativeOptions options = doubling(3);
  options.max_zero_threshold = 1.9;
  NativeLimit limit(options, kStart);
  admit(limit, {2, 4, 8, 16});  // 1 2 3 4: at -1, 1 1 2 2
  EXPECT_EQ(limit.resolution().zero_threshold, options.zero_threshold);
  EXPECT_EQ(limit.resolution().schema.schema(), -1);
  EXPECT_THAT(limit.positive(), ElementsAre(1, 2));
}

// The new bucket itself is the nearest to zero.
TEST(NativeLimit, TheNewValueMayGoToTheZeroBucketAtOnce) {
  NativeOptions options = doubling(2);
  options.max_zero_threshold = 1;
  NativeLimit limit(options, kStart);
  admit(limit, {4, 8, 0.5});
  EXPECT_EQ(limit.resolution().zero_threshold, 0.5);
  EXPECT_THAT(limit.positive(), ElementsAre(2, 3));
}

TEST(NativeLimit, StartsAnewFirstIfTheLastStartIsLongAgo) {
  NativeOptions options = doubling(2);
  options.min_reset_interval = 1h;
  options.max_zero_threshold = 100;
  NativeLimit limit(options, kStart);
  admit(limit, {1, 2});
  admit(limit, {4}, kStart + 1h);
  EXPECT_THAT(limit.positive(), ElementsAre(2));
  EXPECT_EQ(limit.resolution().epoch, 1u);
  EXPECT_EQ(limit.resolution().zero_threshold, options.zero_threshold);
  admit(limit, {8, 16}, kStart + 2h - 1ns);  // not yet again
  EXPECT_EQ(limit.resolution().epoch, 1u);
  EXPECT_EQ(limit.resolution().zero_threshold, 4);
}

TEST(NativeLimit, ANewStartIsDueWhereTheResolutionSuffered) {
  NativeOptions options = doubling(2);
  options.min_reset_interval = 1h;
  NativeLimit limit(options, kStart);
  admit(limit, {1, 2});
  EXPECT_FALSE(limit.is_restart_due(kStart + 2h));
  admit(limit, {4}, kStart + 1min);
  EXPECT_EQ(limit.resolution().schema.schema(), -1);
  EXPECT_FALSE(limit.is_restart_due(kStart + 1h - 1ns));
  ASSERT_TRUE(limit.is_restart_due(kStart + 1h));
  limit.restart(kStart + 1h);
  EXPECT_EQ(limit.resolution().schema.schema(), 0);
  EXPECT_THAT(limit.positive(), IsEmpty());
  EXPECT_FALSE(limit.is_restart_due(kStart + 3h));
}

TEST(NativeLimit, WithoutAnIntervalItNeverStartsAnew) {
  NativeLimit limit(doubling(2), kStart);
  admit(limit, {1, 2, 4}, kStart + 10000h);
  EXPECT_EQ(limit.resolution().epoch, 0u);
  EXPECT_FALSE(limit.is_restart_due(kStart + 20000h));
}

}  // namespace
}  // namespace prometheus_async::metrics::internal
