// SPDX-License-Identifier: Apache-2.0
#include "metrics/native_options.h"

#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace prometheus_async::metrics {
namespace {

using ::testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string complaint(const NativeOptions& options) {
  try {
    check_native_options("x_seconds", options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST(CheckNativeOptions, TakesTheDefaults) { EXPECT_EQ(complaint({}), "none"); }

TEST(CheckNativeOptions, TakesTheExtremes) {
  EXPECT_EQ(complaint({.bucket_factor = kInfinity,
                       .zero_threshold = std::numeric_limits<double>::denorm_min(),
                       .max_buckets = 0,
                       .min_reset_interval = std::chrono::nanoseconds(0),
                       .max_zero_threshold = std::numeric_limits<double>::max()}),
            "none");
}

TEST(CheckNativeOptions, NamesTheMetricAndTheRule) {
  EXPECT_EQ(complaint({.bucket_factor = 1}), "native histogram \"x_seconds\": bucket_factor must be above 1, is 1");
}

TEST(CheckNativeOptions, RefusesFactorsThatAreNotAboveOne) {
  for (const double factor : {1.0, 0.5, 0.0, -2.0, kNaN}) {
    EXPECT_THAT(complaint({.bucket_factor = factor}), HasSubstr("bucket_factor must be above 1")) << factor;
  }
}

TEST(CheckNativeOptions, RefusesZeroThresholdsThatAreNotPositiveAndFinite) {
  for (const double threshold : {0.0, -1.0, kInfinity, kNaN}) {
    EXPECT_THAT(complaint({.zero_threshold = threshold}), HasSubstr("zero_threshold must be positive")) << threshold;
  }
}

TEST(CheckNativeOptions, RefusesGreatestZeroThresholdsThatAreNegativeOrNotFinite) {
  for (const double threshold : {-1.0, kInfinity, kNaN}) {
    EXPECT_THAT(complaint({.max_zero_threshold = threshold}), HasSubstr("max_zero_threshold must be finite"));
  }
}

TEST(CheckNativeOptions, RefusesNegativeIntervals) {
  EXPECT_THAT(complaint({.min_reset_interval = std::chrono::nanoseconds(-1)}),
              HasSubstr("min_reset_interval must not be negative, is -1 ns"));
}

}  // namespace
}  // namespace prometheus_async::metrics
