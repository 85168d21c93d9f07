// SPDX-License-Identifier: Apache-2.0
//
// TscClock where it reads steady_clock: a process of its own, since the choice is made once.
#include <chrono>

#include "gtest/gtest.h"

#include "aio/time.h"
#include "metrics/clock.h"
#include "metrics/tsc_clock.h"
#include "tests/testing/fake_metrics.h"

namespace prometheus_async::metrics {
namespace {

using namespace std::chrono_literals;

TEST(TscClockFallback, ReadsSteadyClock) {
  EXPECT_EQ(TscClock::source(), TscClock::Source::kNotChosen);
  ASSERT_TRUE(TscClock::use_steady_clock());
  EXPECT_EQ(TscClock::source(), TscClock::Source::kSteadyClock);
  EXPECT_TRUE(TscClock::use_steady_clock());

  const auto outer_begin = SteadyClock::now();
  const auto begin = TscClock::now();
  const auto inner_begin = SteadyClock::now();
  while (SteadyClock::now() - inner_begin < 5ms) {
  }
  const auto inner_end = SteadyClock::now();
  const auto end = TscClock::now();
  const auto outer_end = SteadyClock::now();
  EXPECT_EQ(TscClock::source(), TscClock::Source::kSteadyClock);
  // The same clock, so that its readings lie between those around them, but for the rounding of a double.
  EXPECT_GE(seconds_between(begin, end), seconds_between(inner_begin, inner_end) * (1 - 1e-12));
  EXPECT_LE(seconds_between(begin, end), seconds_between(outer_begin, outer_end) * (1 + 1e-12));
}

TEST(TscClockFallback, ServesTheWrappers) {
  TscClock::use_steady_clock();
  prometheus_async::testing::FakeHistogram seconds;
  aio::time<TscClock>(seconds)([] {
    const auto begin = SteadyClock::now();
    while (SteadyClock::now() - begin < 1ms) {
    }
  })();
  ASSERT_EQ(seconds.observations.size(), 1u);
  EXPECT_GE(seconds.observations[0], 0.001 * (1 - 1e-12));
}

}  // namespace
}  // namespace prometheus_async::metrics
