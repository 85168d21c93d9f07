// SPDX-License-Identifier: Apache-2.0
#include "metrics/counter.h"

#include <limits>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

#include "metrics/concepts.h"
#include "metrics/refused.h"

namespace prometheus_async::metrics {
namespace {

static_assert(Incrementer<Counter> && !IncDecrementer<Counter>);

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Counter, AddsOnesAndAmounts) {
  Counter counter;
  counter.Increment();
  counter.Increment(2.5);
  counter.Increment(0);
  EXPECT_EQ(counter.Value(), 3.5);
}

TEST(Counter, RefusesAndCountsWhatItCannotAdd) {
  Counter counter;
  counter.Increment(1);
  const auto before = refused_values();
  counter.Increment(-1);
  counter.Increment(kNaN);
  counter.Increment(kInfinity);
  EXPECT_EQ(counter.Value(), 1);
  EXPECT_EQ(refused_values() - before, 3u);
}

TEST(Counter, LosesNothingAmongThreads) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        counter.Increment();
        counter.Increment(0.5);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counter.Value(), 60'000);
}

}  // namespace
}  // namespace prometheus_async::metrics
