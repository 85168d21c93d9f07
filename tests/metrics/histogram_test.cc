// SPDX-License-Identifier: Apache-2.0
#include "metrics/histogram.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/concepts.h"
#include "metrics/refused.h"

namespace prometheus_async::metrics {
namespace {

using ::testing::ElementsAre;

static_assert(Observer<Histogram>);

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Histogram, PutsAValueOnABoundIntoThatBucket) {
  Histogram histogram({1, 2, 5});
  for (const double value : {0.5, 1.0, 1.5, 5.0, 5.1}) histogram.Observe(value);
  const HistogramSnapshot snapshot = histogram.snapshot();
  EXPECT_THAT(snapshot.bounds, ElementsAre(1, 2, 5));
  EXPECT_THAT(snapshot.counts, ElementsAre(2, 1, 1, 1));
  EXPECT_DOUBLE_EQ(snapshot.sum, 13.1);
  EXPECT_EQ(snapshot.count(), 5u);
}

TEST(Histogram, CountsInfinitiesInTheOuterBuckets) {
  Histogram histogram({1});
  histogram.Observe(kInfinity);
  EXPECT_THAT(histogram.snapshot().counts, ElementsAre(0, 1));
  EXPECT_EQ(histogram.snapshot().sum, kInfinity);
  histogram.Observe(-kInfinity);
  EXPECT_THAT(histogram.snapshot().counts, ElementsAre(1, 1));
}

// prometheus-cpp puts NaN into the lowest bucket and makes the sum NaN for ever.
TEST(Histogram, RefusesAndCountsNaN) {
  Histogram histogram({1});
  const auto before = refused_values();
  histogram.Observe(kNaN);
  EXPECT_EQ(histogram.snapshot().count(), 0u);
  EXPECT_EQ(histogram.snapshot().sum, 0);
  EXPECT_EQ(refused_values() - before, 1u);
}

// While others record, each snapshot's sum is of the values that it counts: two kinds of value, one bucket for both and
// one for each.
TEST(Histogram, SnapshotsAreConsistent) {
  for (const Buckets& bounds : {Buckets{8}, Buckets{2, 8}}) {
    Histogram histogram(bounds);
    constexpr int kEach = 20'000;
    std::atomic<int> running = 3;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kEach; ++i) {
          histogram.Observe(4);
          if (bounds.size() > 1) histogram.Observe(1);
        }
        --running;
      });
    }
    HistogramSnapshot snapshot;
    std::uint64_t last = 0;
    while (running > 0) {
      histogram.read(snapshot);
      const double ones = bounds.size() > 1 ? static_cast<double>(snapshot.counts[0]) : 0;
      ASSERT_EQ(snapshot.sum, 4 * (static_cast<double>(snapshot.count()) - ones) + ones);
      ASSERT_GE(snapshot.count(), last);
      last = snapshot.count();
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(histogram.snapshot().counts[bounds.size() - 1], 3u * kEach);
    EXPECT_EQ(histogram.snapshot().sum, 3.0 * kEach * (bounds.size() > 1 ? 5 : 4));
  }
}

// Threads end in the middle of it, and their values are handed on.
TEST(Histogram, SnapshotsAreConsistentWhileThreadsComeAndGo) {
  Histogram histogram({1});
  std::atomic<bool> done = false;
  std::thread churn([&] {
    for (int i = 0; i < 1000; ++i) {
      std::thread([&] {
        histogram.Observe(2);
        histogram.Observe(2);
      }).join();
    }
    done = true;
  });
  while (!done) {
    const HistogramSnapshot snapshot = histogram.snapshot();
    ASSERT_EQ(snapshot.sum, 2 * static_cast<double>(snapshot.count()));
  }
  churn.join();
  EXPECT_THAT(histogram.snapshot().counts, ElementsAre(0, 2000));
  EXPECT_EQ(histogram.snapshot().sum, 4000);
}

// The two ways to search, against a third.
TEST(Histogram, FindsTheBucketAmongFewAndAmongManyBounds) {
  for (const std::size_t size : {1u, 2u, 3u, 4u, 5u, 11u, 31u, 32u, 33u, 64u, 100u, 1000u}) {
    const Buckets bounds = linear_buckets(-5, 0.5, size);
    const internal::BucketBounds kept(bounds);
    const internal::BucketSearch search = kept.search();
    EXPECT_EQ(search.bounds().size(), size);
    const auto expect = [&](double value) {
      const auto expected = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
      ASSERT_EQ(search.find(value), static_cast<std::uint32_t>(expected)) << value << " among " << size;
    };
    for (const double bound : bounds) {
      expect(bound);
      expect(std::nextafter(bound, -kInfinity));
      expect(std::nextafter(bound, kInfinity));
    }
    expect(kInfinity);
    expect(-kInfinity);
    expect(-0.0);
  }
}

TEST(Histogram, MayHaveMoreBucketsThanFitInOneChunk) {
  Histogram histogram(linear_buckets(1, 1, 1000));
  for (int i = 1; i <= 1000; ++i) histogram.Observe(i);
  EXPECT_EQ(histogram.snapshot().count(), 1000u);
  EXPECT_EQ(histogram.snapshot().counts[999], 1u);
  EXPECT_EQ(histogram.snapshot().sum, 500'500);
}

TEST(Histogram, ANewOneIsEmptyWhereAnOldOneWas) {
  for (int i = 0; i < 3; ++i) {
    Histogram histogram({1, 2, 3});
    EXPECT_EQ(histogram.snapshot().count(), 0u);
    EXPECT_EQ(histogram.snapshot().sum, 0);
    histogram.Observe(2);
    std::thread([&] { histogram.Observe(7); }).join();
    EXPECT_EQ(histogram.snapshot().sum, 9);
  }
}

}  // namespace
}  // namespace prometheus_async::metrics
