// SPDX-License-Identifier: Apache-2.0
//
// What must not compile does not, and says why.
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace prometheus_async::aio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string said(const std::string& name) {
  const std::ifstream log("tests/aio/" + name + ".log");
  std::ostringstream text;
  text << log.rdbuf();
  return text.str();
}

auto Refuses(const std::string& reason) { return AllOf(HasSubstr("error"), HasSubstr("prometheus_async: " + reason)); }

TEST(Misuse, RightUseCompiles) { EXPECT_EQ(said("nothing_wrong"), "it compiled\n"); }

TEST(Misuse, AGaugeOrCounterInTime) {
  EXPECT_THAT(said("gauge_in_time"), Refuses("time() needs a metric with Observe(double)"));
  EXPECT_THAT(said("counter_in_time"), Refuses("time() needs a metric with Observe(double)"));
}

TEST(Misuse, AFamilyWithoutLabels) {
  EXPECT_THAT(said("family_in_time"), Refuses("this is a family of metrics"));
  EXPECT_THAT(said("too_few_labels"), Refuses("labels() takes one value for each label name"));
}

TEST(Misuse, TheWrongMetricInTheOthers) {
  EXPECT_THAT(said("histogram_in_count"), Refuses("count_exceptions() needs a metric with Increment()"));
  EXPECT_THAT(said("counter_in_track"), Refuses("track_inprogress() needs a metric with Increment() and Decrement()"));
  EXPECT_THAT(said("selector_in_track"), Refuses("track_inprogress() raises its gauge before the outcome is known"));
}

TEST(Misuse, AMetricThatWouldNotOutliveTheWrapper) {
  EXPECT_THAT(said("temporary_metric"), Refuses("the wrapper keeps a reference to the metric"));
}

TEST(Misuse, WhatCannotBeAwaited) {
  EXPECT_THAT(said("number_as_awaitable"), Refuses("the second argument is neither an awaitable nor"));
  EXPECT_THAT(said("lvalue_awaitable"), Refuses("an asio::awaitable is awaited once"));
  EXPECT_THAT(said("standard_future"), Refuses("the function returns a std::future"));
}

TEST(Misuse, AGeneratorWhoseMakingAloneWouldBeMeasured) {
  EXPECT_THAT(said("asynchronous_generator"), Refuses("the function returns a generator"));
  EXPECT_THAT(said("range_generator"), Refuses("the function returns a generator"));
}

TEST(Misuse, AStreamWhoseEndNobodyKnows) {
  EXPECT_THAT(said("pieces_without_end"), Refuses("stream() takes pieces that are false at the end"));
}

TEST(Misuse, AnArgumentOfTheWrongType) {
  EXPECT_THAT(said("wrong_argument"), AllOf(HasSubstr("error"), HasSubstr("no match")));
}

}  // namespace
}  // namespace prometheus_async::aio
