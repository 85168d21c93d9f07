// SPDX-License-Identifier: Apache-2.0
#include "metrics/buckets.h"

#include <limits>
#include <stdexcept>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace prometheus_async::metrics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Buckets, DefaultsAreThoseOfPrometheusClient) {
  EXPECT_THAT(default_buckets(), ElementsAre(.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10));
}

TEST(Buckets, GrowLinearlyOrExponentially) {
  EXPECT_THAT(linear_buckets(1, 0.5, 3), ElementsAre(1, 1.5, 2));
  EXPECT_THAT(exponential_buckets(1, 4, 3), ElementsAre(1, 4, 16));
}

TEST(Buckets, DropAnImpliedInfinity) { EXPECT_THAT(checked_buckets("x", {1, kInfinity}), ElementsAre(1)); }

TEST(Buckets, RefuseWhatIsNoListOfBounds) {
  EXPECT_THAT(error_of([] { checked_buckets("x", {}); }), HasSubstr("\"x\": needs at least one finite bucket bound"));
  EXPECT_THAT(error_of([] { checked_buckets("x", {kInfinity}); }), HasSubstr("at least one finite"));
  EXPECT_THAT(error_of([] { checked_buckets("x", {1, 1}); }), HasSubstr("must ascend, but 1 follows 1"));
  EXPECT_THAT(error_of([] { checked_buckets("x", {2, 1}); }), HasSubstr("must ascend, but 1 follows 2"));
  EXPECT_THAT(error_of([] { checked_buckets("x", {1, kNaN, 2}); }), HasSubstr("bound nan is not a finite number"));
  EXPECT_THAT(error_of([] { checked_buckets("x", {kInfinity, 1}); }), HasSubstr("bound inf is not a finite number"));
  EXPECT_THAT(error_of([] { linear_buckets(0, 0, 3); }), HasSubstr("width must be positive, is 0"));
  EXPECT_THAT(error_of([] { linear_buckets(0, 1, 0); }), HasSubstr("count must be at least 1"));
  EXPECT_THAT(error_of([] { exponential_buckets(0, 2, 3); }), HasSubstr("start must be positive, is 0"));
  EXPECT_THAT(error_of([] { exponential_buckets(1, 1, 3); }), HasSubstr("factor must be above 1, is 1"));
}

}  // namespace
}  // namespace prometheus_async::metrics
