// SPDX-License-Identifier: Apache-2.0
#include "metrics/testing/fakes.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/concepts.h"

namespace prometheus_async {
namespace {

using metrics::testing::BrokenMetric;
using metrics::testing::FakeCounter;
using metrics::testing::FakeGauge;
using metrics::testing::FakeHistogram;
using metrics::testing::LoggingMetric;

static_assert(metrics::Observer<FakeHistogram>);
static_assert(metrics::Incrementer<FakeCounter>);
static_assert(metrics::IncDecrementer<FakeGauge>);
static_assert(metrics::Observer<LoggingMetric> && metrics::IncDecrementer<LoggingMetric>);
static_assert(metrics::Observer<BrokenMetric> && metrics::IncDecrementer<BrokenMetric>);

// The example of metrics/testing/fakes.h.
TEST(Fakes, ExampleOfTheHeader) {
  const int request = 1;
  const auto serve = [](int, auto& histogram) { histogram.Observe(0.5); };
  metrics::testing::FakeHistogram seconds;
  serve(request, seconds);
  EXPECT_EQ(seconds.observations.size(), 1u);
}

TEST(Fakes, RememberWhatWasRecorded) {
  FakeHistogram histogram;
  histogram.Observe(1);
  histogram.Observe(2);
  EXPECT_THAT(histogram.observations, ::testing::ElementsAre(1, 2));
  FakeCounter counter;
  counter.Increment();
  EXPECT_EQ(counter.value, 1);
  FakeGauge gauge;
  gauge.Increment();
  gauge.Decrement();
  EXPECT_EQ(gauge.value, 0);
  EXPECT_EQ(gauge.calls, 2);
}

TEST(Fakes, ShareALog) {
  std::vector<std::string> log;
  LoggingMetric a{"a", log};
  LoggingMetric b{"b", log};
  a.Increment();
  b.Observe(1);
  a.Decrement();
  EXPECT_THAT(log, ::testing::ElementsAre("a.inc", "b.observe", "a.dec"));
}

TEST(Fakes, BreakOnDemand) {
  BrokenMetric metric;
  EXPECT_ANY_THROW(metric.Observe(1));
  EXPECT_ANY_THROW(metric.Increment());
  EXPECT_ANY_THROW(metric.Decrement());
}

}  // namespace
}  // namespace prometheus_async
