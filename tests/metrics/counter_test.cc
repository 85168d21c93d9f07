// SPDX-License-Identifier: Apache-2.0
#include "metrics/counter.h"

#include <atomic>
#include <cmath>
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
  counter.Increment(4);
  EXPECT_EQ(counter.Value(), 7.5);
  EXPECT_EQ(counter.snapshot().whole, 5u);
  EXPECT_EQ(counter.snapshot().part, 2.5);
}

// Beyond 2^53 a double would not move any more.
TEST(Counter, WholeAmountsAddUpExactly) {
  Counter counter;
  for (int i = 0; i < (1 << 22); ++i) counter.Increment(4294967296);
  counter.Increment();
  EXPECT_EQ(counter.snapshot().whole, (std::uint64_t{1} << 54) + 1);
}

TEST(Counter, TakesAmountsOfAnySize) {
  Counter counter;
  counter.Increment(1e300);
  counter.Increment(std::ldexp(1, 63));
  counter.Increment(std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(counter.Value(), 1e300);
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

TEST(Counter, NeverGoesBackWhileThreadsComeAndGo) {
  Counter counter;
  std::atomic<bool> done = false;
  std::thread churn([&] {
    for (int i = 0; i < 1000; ++i) {
      std::thread one([&] { counter.Increment(); });
      counter.Increment(0.5);
      one.join();
    }
    done = true;
  });
  double last = 0;
  while (!done) {
    const double now = counter.Value();
    ASSERT_GE(now, last);
    last = now;
  }
  churn.join();
  EXPECT_EQ(counter.Value(), 1500);
}

TEST(Counter, ANewOneIsZeroWhereAnOldOneWas) {
  for (int i = 0; i < 3; ++i) {
    Counter counter;
    EXPECT_EQ(counter.Value(), 0);
    counter.Increment();
    std::thread([&] { counter.Increment(0.5); }).join();
  }
}

TEST(Counter, KnowsWhenItBegan) {
  const auto now = [] {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  };
  const double before = now();
  Counter counter;
  EXPECT_GE(counter.snapshot().created, before);
  EXPECT_LE(counter.snapshot().created, now());
}

}  // namespace
}  // namespace prometheus_async::metrics
