// SPDX-License-Identifier: Apache-2.0
#include "metrics/tsc_clock.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

#include "aio/time.h"
#include "metrics/clock.h"
#include "tests/testing/fake_metrics.h"

namespace prometheus_async::metrics {
namespace {

using prometheus_async::testing::FakeHistogram;
using namespace std::chrono_literals;

static_assert(Clock<TscClock>);
static_assert(sizeof(TscClock::time_point) == 8);

// First of all, so that the threads meet at the first reading of the process.
TEST(TscClock, SeveralThreadsGetOneClock) {
  std::vector<TscClock::time_point> readings(4);
  std::vector<std::thread> threads;
  for (auto& reading : readings) threads.emplace_back([&reading] { reading = TscClock::now(); });
  for (auto& thread : threads) thread.join();
  const TscClock::time_point now = TscClock::now();
  for (const auto reading : readings) {
    EXPECT_LE(reading, now);
    EXPECT_LT((now - reading).count(), 3600.0);  // one of another source would be far away
  }
}

struct Moment {
  SteadyClock::time_point steady;
  TscClock::time_point tsc;
};

// Both clocks at once: the attempt in which least came between.
Moment read_both() {
  Moment best;
  SteadyClock::duration least = SteadyClock::duration::max();
  for (int attempt = 0; attempt < 100; ++attempt) {
    const auto before = SteadyClock::now();
    const auto tsc = TscClock::now();
    const auto around = SteadyClock::now() - before;
    if (around >= least) continue;
    least = around;
    best = {before + around / 2, tsc};
  }
  return best;
}

// One of the few tests that measure time, since that is what a clock is for.
TEST(TscClock, DriftsLessThanAThousandthFromSteadyClockInASecond) {
  TscClock::now();
  const Moment begin = read_both();
  std::this_thread::sleep_for(1s);
  const Moment end = read_both();
  const double steady = seconds_between(begin.steady, end.steady);
  const double tsc = seconds_between(begin.tsc, end.tsc);
  EXPECT_GE(steady, 1.0);
  EXPECT_LT(std::abs(tsc - steady) / steady, 0.001);
  RecordProperty("drift_ppm", std::to_string((tsc - steady) / steady * 1e6));
}

// Says which clock was tested above.
TEST(TscClock, ReadsTheCounterWhereLinuxListsItAndTheProcessorCountsEvenly) {
  TscClock::now();
  ASSERT_NE(TscClock::source(), TscClock::Source::kNotChosen);
#if defined(__x86_64__) && defined(__linux__)
  std::ifstream info("/proc/cpuinfo");
  bool constant = false, nonstop = false;
  for (std::string word; info >> word;) {
    constant |= word == "constant_tsc";
    nonstop |= word == "nonstop_tsc";
  }
  const bool listed = internal::kernel_lists_tsc("/sys/devices/system/clocksource/clocksource0/available_clocksource");
  EXPECT_EQ(TscClock::source() == TscClock::Source::kTsc, constant && nonstop && listed);
#else
  EXPECT_EQ(TscClock::source(), TscClock::Source::kSteadyClock);
#endif
}

TEST(TscClock, CannotBeChangedOnceItHasReadTheCounter) {
  TscClock::now();
  const TscClock::Source source = TscClock::source();
  EXPECT_EQ(TscClock::use_steady_clock(), source == TscClock::Source::kSteadyClock);
  EXPECT_EQ(TscClock::source(), source);
}

TEST(TscClock, NeverGoesBackOnOneThread) {
  TscClock::time_point last = TscClock::now();
  for (int i = 0; i < 100'000; ++i) {
    const TscClock::time_point now = TscClock::now();
    ASSERT_GE(now, last);
    last = now;
  }
}

// Readings of two threads can be the wrong way round by some nanoseconds, and a sum must not fall.
TEST(TscClock, ADurationIsNeverNegative) {
  const TscClock::time_point first = TscClock::now();
  TscClock::time_point second = TscClock::now();
  while (second == first) second = TscClock::now();
  EXPECT_GT((second - first).count(), 0.0);
  EXPECT_EQ((first - second).count(), 0.0);
  EXPECT_EQ((first - first).count(), 0.0);
}

// The example of metrics/tsc_clock.h.
TEST(TscClock, IsAClockForTheWrappers) {
  FakeHistogram seconds;
  const auto raw_handler = [](SteadyClock::duration time) {
    const auto begin = SteadyClock::now();
    while (SteadyClock::now() - begin < time) {
    }
  };
  const auto handler = aio::time<metrics::TscClock>(seconds)(raw_handler);
  handler(10ms);
  ASSERT_EQ(seconds.observations.size(), 1u);
  EXPECT_GE(seconds.observations[0], 0.010 * 0.999);
}

std::string file_with(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + name;
  std::ofstream(path) << text;
  return path;
}

TEST(KernelListsTsc, TakesTheWholeWord) {
  EXPECT_TRUE(internal::kernel_lists_tsc(file_with("clocks1", "tsc hpet acpi_pm \n")));
  EXPECT_TRUE(internal::kernel_lists_tsc(file_with("clocks2", "kvm-clock tsc\n")));
  EXPECT_FALSE(internal::kernel_lists_tsc(file_with("clocks3", "tsc-early hyperv_clocksource_tsc_page hpet\n")));
  EXPECT_FALSE(internal::kernel_lists_tsc(file_with("clocks4", "\n")));
}

TEST(KernelListsTsc, LeavesItToTheProcessorWhereThereIsNoList) {
  EXPECT_TRUE(internal::kernel_lists_tsc(::testing::TempDir() + "no_such_file"));
}

}  // namespace
}  // namespace prometheus_async::metrics
