// SPDX-License-Identifier: Apache-2.0
#include "metrics/timer.h"

#include <chrono>
#include <concepts>
#include <stdexcept>
#include <type_traits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/clock.h"
#include "metrics/ending.h"
#include "metrics/probes.h"
#include "metrics/selector.h"
#include "metrics/span.h"
#include "metrics/tsc_clock.h"
#include "tests/testing/fake_metrics.h"
#include "tests/testing/stepping_clock.h"

namespace prometheus_async::metrics {
namespace {

using prometheus_async::testing::BrokenMetric;
using prometheus_async::testing::FakeCounter;
using prometheus_async::testing::FakeHistogram;
using prometheus_async::testing::SteppingClock;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

// Only a probe that knows when it began can tell a duration.
static_assert(Timing<TimeProbe<FakeHistogram>> && Timing<TimeProbe<FakeHistogram, TscClock>>);
static_assert(!Timing<ExceptionProbe<FakeCounter>>);

TEST(Timer, ObservesTheTimeSinceItsStartAsOftenAsItIsAsked) {
  FakeHistogram parsed, stored;
  const Timer<SteppingClock> timer;
  SteppingClock::advance(2s);
  EXPECT_EQ(timer.elapsed(), 2s);
  EXPECT_EQ(timer.observe_duration(parsed), 2s);
  SteppingClock::advance(3s);
  EXPECT_EQ(timer.observe_duration(stored), 5s);
  EXPECT_THAT(parsed.observations, ElementsAre(2.0));
  EXPECT_THAT(stored.observations, ElementsAre(5.0));
}

TEST(Timer, StartsAtAReadingThatIsAtHand) {
  const auto begin = SteppingClock::now();
  SteppingClock::advance(1s);
  const Timer<SteppingClock> timer(begin);
  EXPECT_EQ(timer.elapsed(), 1s);
  EXPECT_EQ(timer.begin(), begin);
}

TEST(Timer, ASelectorChoosesByTheEnding) {
  FakeHistogram good, bad;
  const auto by_outcome =
      choose([&](const Ending& ending) -> FakeHistogram& { return ending.is_value() ? good : bad; });
  const Timer<SteppingClock> timer;
  timer.observe_duration(by_outcome);
  timer.observe_duration(by_outcome, Ending::unnamed_error());
  EXPECT_EQ(good.observations.size(), 1u);
  EXPECT_EQ(bad.observations.size(), 1u);
}

TEST(Timer, IgnoresAMetricThatThrows) {
  BrokenMetric broken;
  const Timer<SteppingClock> timer;
  SteppingClock::advance(1s);
  EXPECT_EQ(timer.observe_duration(broken), 1s);
}

TEST(TimeScope, ObservesAtTheEndOfItsBlock) {
  FakeHistogram seconds;
  {
    const auto timing = metrics::time<SteppingClock>(seconds);
    SteppingClock::advance(1s);
    EXPECT_EQ(timing.elapsed(), 1s);
    SteppingClock::advance(1s);
    EXPECT_THAT(seconds.observations, IsEmpty());
  }
  EXPECT_THAT(seconds.observations, ElementsAre(2.0));
}

TEST(TimeScope, ObservesABlockThatAnExceptionLeaves) {
  FakeHistogram good, bad;
  const auto by_outcome =
      choose([&](const Ending& ending) -> FakeHistogram& { return ending.is_value() ? good : bad; });
  try {
    const auto timing = metrics::time<SteppingClock>(by_outcome);
    SteppingClock::advance(1s);
    throw std::runtime_error("leaves");
  } catch (const std::runtime_error&) {
  }
  EXPECT_THAT(good.observations, IsEmpty());
  EXPECT_THAT(bad.observations, ElementsAre(1.0));
}

TEST(TimeScope, ObservesOnceWhereItsDurationIsAskedFor) {
  FakeHistogram seconds;
  {
    auto timing = metrics::time<SteppingClock>(seconds);
    SteppingClock::advance(1s);
    SteppingClock::readings = 0;
    EXPECT_EQ(timing.observe_duration(), 1s);
    EXPECT_EQ(SteppingClock::readings, 1) << "what comes back is what was observed";
    EXPECT_THAT(seconds.observations, ElementsAre(1.0));
    SteppingClock::advance(1s);
    EXPECT_EQ(timing.observe_duration(), 2s);
    EXPECT_EQ(timing.elapsed(), 2s);
  }
  EXPECT_THAT(seconds.observations, ElementsAre(1.0));
}

TEST(TimeScope, CanBeFinishedEarly) {
  FakeHistogram seconds;
  {
    auto timing = metrics::time<SteppingClock>(seconds);
    timing.finish();
    SteppingClock::advance(1s);
  }
  EXPECT_THAT(seconds.observations, ElementsAre(0.0));
}

// The example of metrics/timer.h, with real clocks.
TEST(TimeScope, ExampleOfTheHeader) {
  FakeHistogram seconds, parsed_seconds, stored_seconds;
  const auto parse = [] {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < 2ms) {
    }
  };
  const auto store = parse;
  std::chrono::duration<double> logged{};
  const auto log = [&](auto duration) { logged = duration; };
  {
    const auto timing = metrics::time(seconds);
    parse();
  }
  ASSERT_EQ(seconds.observations.size(), 1u);
  EXPECT_GE(seconds.observations[0], 0.002);
  {
    auto timing = metrics::time<metrics::TscClock>(seconds);
    parse();
    log(timing.observe_duration());
  }
  ASSERT_EQ(seconds.observations.size(), 2u);
  EXPECT_EQ(seconds.observations[1], logged.count());

  const metrics::Timer timer;
  static_assert(std::same_as<std::remove_const_t<decltype(timer)>, metrics::Timer<metrics::SteadyClock>>);
  parse();
  timer.observe_duration(parsed_seconds);
  store();
  timer.observe_duration(stored_seconds);
  EXPECT_GE(parsed_seconds.observations.at(0), 0.002);
  EXPECT_GE(stored_seconds.observations.at(0), parsed_seconds.observations[0] + 0.002);
}

}  // namespace
}  // namespace prometheus_async::metrics
