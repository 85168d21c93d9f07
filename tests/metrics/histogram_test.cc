// SPDX-License-Identifier: Apache-2.0
#include "metrics/histogram.h"

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

// While others record ones, each snapshot's sum is its count.
TEST(Histogram, SnapshotsAreConsistent) {
  Histogram histogram({0.5, 2});
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) histogram.Observe(1);
    });
  }
  HistogramSnapshot snapshot;
  for (int i = 0; i < 1000; ++i) {
    histogram.read(snapshot);
    ASSERT_EQ(snapshot.sum, static_cast<double>(snapshot.count()));
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(histogram.snapshot().counts, ElementsAre(0, 60'000, 0));
}

}  // namespace
}  // namespace prometheus_async::metrics
