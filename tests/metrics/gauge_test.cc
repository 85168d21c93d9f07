// SPDX-License-Identifier: Apache-2.0
#include "metrics/gauge.h"

#include <atomic>
#include <cmath>
#include <ctime>
#include <limits>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

#include "metrics/concepts.h"

namespace prometheus_async::metrics {
namespace {

static_assert(IncDecrementer<Gauge> && !Observer<Gauge>);

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Gauge, GoesUpAndDown) {
  Gauge gauge;
  gauge.Increment();
  gauge.Increment(4);
  gauge.Decrement(2);
  gauge.Decrement();
  EXPECT_EQ(gauge.Value(), 2);
  gauge.Increment(0.5);
  EXPECT_EQ(gauge.Value(), 2.5);
}

TEST(Gauge, SetForgetsWhatWasBefore) {
  Gauge gauge;
  gauge.Set(7);
  EXPECT_EQ(gauge.Value(), 7);
  gauge.Increment();
  gauge.Decrement(0.25);
  gauge.Set(0.1);
  EXPECT_EQ(gauge.Value(), 0.1);  // exactly: steps are no part of it
  gauge.Increment();
  EXPECT_EQ(gauge.Value(), 1.1);
}

TEST(Gauge, HoldsAnyDoubleAndRecovers) {
  Gauge gauge;
  gauge.Set(-kInfinity);
  EXPECT_EQ(gauge.Value(), -kInfinity);
  gauge.Increment(kInfinity);
  EXPECT_TRUE(std::isnan(gauge.Value()));
  gauge.Set(3);
  gauge.Increment();
  EXPECT_EQ(gauge.Value(), 4);
  gauge.Increment(kInfinity);
  EXPECT_EQ(gauge.Value(), kInfinity);
  gauge.Set(1);
  EXPECT_EQ(gauge.Value(), 1);
}

TEST(Gauge, LosesNothingAmongThreads) {
  Gauge gauge;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        gauge.Increment();
        gauge.Increment(0.5);
        gauge.Decrement();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(gauge.Value(), 20'000);
}

// Operations that begin on one thread and end on another: a reader that saw the end has to see the beginning.
TEST(Gauge, WhatIsInProgressIsNeverLessThanNothing) {
  Gauge gauge;
  std::atomic<int> handed_over = 0;
  std::atomic<bool> done = false;
  std::thread begins([&] {
    for (int i = 0; i < 20'000; ++i) {
      gauge.Increment();
      handed_over.fetch_add(1, std::memory_order_release);
    }
  });
  std::thread ends([&] {
    for (int i = 0; i < 20'000; ++i) {
      while (handed_over.load(std::memory_order_acquire) <= i) std::this_thread::yield();
      gauge.Decrement();
    }
    done = true;
  });
  while (!done) {
    ASSERT_GE(gauge.Value(), 0);
  }
  begins.join();
  ends.join();
  EXPECT_EQ(gauge.Value(), 0);
}

TEST(Gauge, TakesTheUnixTimeInSeconds) {
  Gauge gauge;
  gauge.SetToCurrentTime();
  EXPECT_NEAR(gauge.Value(), static_cast<double>(time(nullptr)), 60);
}

}  // namespace
}  // namespace prometheus_async::metrics
