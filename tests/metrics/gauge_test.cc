// SPDX-License-Identifier: Apache-2.0
#include "metrics/gauge.h"

#include <ctime>
#include <limits>

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
  gauge.Set(-kInfinity);
  EXPECT_EQ(gauge.Value(), -kInfinity);
}

TEST(Gauge, TakesTheUnixTimeInSeconds) {
  Gauge gauge;
  gauge.SetToCurrentTime();
  EXPECT_NEAR(gauge.Value(), static_cast<double>(time(nullptr)), 60);
}

}  // namespace
}  // namespace prometheus_async::metrics
