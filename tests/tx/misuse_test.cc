// SPDX-License-Identifier: Apache-2.0
//
// What must not compile does not, and says why.
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace prometheus_async::tx {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string said(const std::string& name) {
  const std::ifstream log("tests/tx/" + name + ".log");
  std::ostringstream text;
  text << log.rdbuf();
  return text.str();
}

auto Refuses(const std::string& reason) { return AllOf(HasSubstr("error"), HasSubstr("prometheus_async: " + reason)); }

TEST(Misuse, RightUseCompiles) { EXPECT_EQ(said("nothing_wrong"), "it compiled\n"); }

TEST(Misuse, AnAdderThatChangesTheTypeConsumes) {
  EXPECT_THAT(said("callback_on_an_lvalue"), Refuses("add_callback changes the type of the Deferred"));
  EXPECT_THAT(said("both_on_an_lvalue"), Refuses("add_both changes the type of the Deferred"));
}

TEST(Misuse, ACallbackOfTheWrongShape) {
  EXPECT_THAT(said("wrong_callback"), Refuses("the callback cannot be called with the Deferred's value"));
  EXPECT_THAT(said("wrong_errback"), Refuses("the errback cannot be called with the failure"));
}

TEST(Misuse, AnErrbackGivesWhatTheDeferredHas) {
  EXPECT_THAT(said("errback_of_another_type"), Refuses("what the errback returns is not the value type"));
  EXPECT_THAT(said("errback_without_value"), Refuses("the errback gives what the Deferred has"));
}

TEST(Misuse, ACallbackReturnsAValue) {
  EXPECT_THAT(said("callback_returns_a_reference"), Refuses("a callback returned a reference"));
  EXPECT_THAT(said("callback_returns_only_a_failure"), Refuses("a callback that returns only a Failure"));
}

TEST(Misuse, WhatADeferredCannotBeOf) {
  EXPECT_THAT(said("of_a_reference"), Refuses("a Deferred owns its value"));
  EXPECT_THAT(said("of_a_deferred"), Refuses("a Deferred of a Deferred"));
  EXPECT_THAT(said("of_a_throwing_move"), Refuses("a Deferred moves its value along"));
}

TEST(Misuse, WhatACoroutineAwaits) {
  EXPECT_THAT(said("awaited_as_an_lvalue"), Refuses("a Deferred is awaited once"));
  EXPECT_THAT(said("awaits_something_else"), Refuses("a coroutine that returns a Deferred awaits Deferreds"));
}

TEST(Misuse, TheWrappersWantTheirMetricAndADeferred) {
  EXPECT_THAT(said("gauge_in_time"), Refuses("time() needs a metric with Observe(double)"));
  EXPECT_THAT(said("future_in_time"), Refuses("the function returns something to await that is no Deferred"));
}

TEST(Misuse, ADeferredIsNotCopied) { EXPECT_THAT(said("copied"), AllOf(HasSubstr("error"), HasSubstr("Deferred"))); }

}  // namespace
}  // namespace prometheus_async::tx
