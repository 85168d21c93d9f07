// SPDX-License-Identifier: Apache-2.0
//
// Deferred::add_timeout against a Clock. The numbers are those of the rules in Twisted's own tests of addTimeout.
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "tx/clock.h"
#include "tx/deferred.h"
#include "tx/delayed_call.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/promise.h"
#include "tx/result.h"
#include "tx/testing/result_of.h"

namespace prometheus_async::tx {
namespace {

using namespace std::chrono_literals;

class AddTimeoutTest : public ::testing::Test {
 protected:
  Clock clock_;
};

TEST_F(AddTimeoutTest, FailsWithATimeoutError) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1500ms, clock_);
  clock_.advance(1499ms);
  testing::assert_no_result(d);
  clock_.advance(1ms);
  const Failure failure = testing::failure_result_of<TimeoutError>(d);
  EXPECT_EQ(failure.check<TimeoutError>()->timeout(), 1500ms);
}

TEST_F(AddTimeoutTest, ChainsOnAnRvalue) {
  Promise<int> promise;
  Deferred<std::string> d =
      promise.get_deferred().add_timeout(1s, clock_).add_callback([](int number) { return std::to_string(number); });
  promise.callback(7);
  EXPECT_EQ(testing::success_result_of(d), "7");
}

TEST_F(AddTimeoutTest, LetsASuccessBeforeTheTimeoutStand) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_);
  promise.callback(7);
  EXPECT_EQ(clock_.pending_calls(), 0U);
  clock_.advance(1s);
  EXPECT_EQ(testing::success_result_of(d), 7);
}

TEST_F(AddTimeoutTest, LetsAFailureBeforeTheTimeoutStand) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_);
  promise.errback(std::out_of_range("no"));
  EXPECT_EQ(clock_.pending_calls(), 0U);
  clock_.advance(1s);
  testing::failure_result_of<std::out_of_range>(d);
}

TEST_F(AddTimeoutTest, CostsNothingOnOneThatHasFired) {
  Deferred<int> d = succeed(7);
  d.add_timeout(1s, clock_);
  EXPECT_EQ(clock_.pending_calls(), 0U);
  EXPECT_EQ(testing::success_result_of(d), 7);
}

// It covers what was added before it, and that alone.
TEST_F(AddTimeoutTest, DoesNotCancelADeferredThatALaterCallbackReturned) {
  Promise<int> promise;
  Promise<int> inner;
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_);
  d = std::move(d).add_callback([&](int) { return inner.get_deferred(); });
  promise.callback(1);
  clock_.advance(5s);
  testing::assert_no_result(d);
  inner.callback(7);
  EXPECT_EQ(testing::success_result_of(d), 7);
}

TEST_F(AddTimeoutTest, CancelsADeferredThatAnEarlierCallbackReturned) {
  Promise<int> promise;
  int cancelled = 0;
  Promise<int> inner([&] { ++cancelled; });
  Deferred<int> d = promise.get_deferred().add_callback([&](int) { return inner.get_deferred(); });
  d.add_timeout(1s, clock_);
  promise.callback(1);
  clock_.advance(1s);
  EXPECT_EQ(cancelled, 1);
  testing::failure_result_of<TimeoutError>(d);
}

TEST_F(AddTimeoutTest, GivesWhatTheFunctionMakesOfATimeout) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_, [](Result<int>&& result, Duration timeout) {
    EXPECT_NE(result.failure().check<CancelledError>(), nullptr);
    EXPECT_EQ(timeout, 1s);
    return 7;
  });
  clock_.advance(1s);
  EXPECT_EQ(testing::success_result_of(d), 7);
}

TEST_F(AddTimeoutTest, FailsWithWhatTheFunctionMakesOfATimeout) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_,
                [](Result<int>&&, Duration) -> Result<int> { return Failure::make<std::out_of_range>("no"); });
  clock_.advance(1s);
  testing::failure_result_of<std::out_of_range>(d);
}

TEST_F(AddTimeoutTest, DoesNotAskTheFunctionWithoutATimeout) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_, [](Result<int>&&, Duration) { return 7; });
  promise.errback(std::out_of_range("no"));
  testing::failure_result_of<std::out_of_range>(d);
}

TEST_F(AddTimeoutTest, KeepsTheValueOfTheCanceller) {
  Promise<int> promise([](Promise<int>& cancelled) { cancelled.callback(7); });
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_);
  clock_.advance(1s);
  EXPECT_EQ(testing::success_result_of(d), 7);
}

TEST_F(AddTimeoutTest, KeepsTheErrorOfTheCanceller) {
  Promise<int> promise([](Promise<int>& cancelled) { cancelled.errback(std::out_of_range("no")); });
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_);
  clock_.advance(1s);
  testing::failure_result_of<std::out_of_range>(d);
}

TEST_F(AddTimeoutTest, LeavesACancelBeforeTheTimeoutACancelledError) {
  int cancelled = 0;
  Promise<int> promise([&] { ++cancelled; });
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_);
  d.cancel();
  clock_.advance(1s);
  EXPECT_EQ(cancelled, 1);
  testing::failure_result_of<CancelledError>(d);
}

TEST_F(AddTimeoutTest, DoesNotAskTheFunctionAboutACancelBeforeTheTimeout) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_, [](Result<int>&&, Duration) { return 7; });
  d.cancel();
  clock_.advance(1s);
  testing::failure_result_of<CancelledError>(d);
}

TEST_F(AddTimeoutTest, ShowsTheCancelledErrorToEarlierErrbacksWhichMaySuppressIt) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.add_errback<CancelledError>([](const CancelledError&) { return 7; });
  d.add_timeout(1s, clock_);
  clock_.advance(1s);
  EXPECT_EQ(testing::success_result_of(d), 7);
}

TEST_F(AddTimeoutTest, KeepsTheEarliestOfSeveral) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(2s, clock_);
  d.add_timeout(1s, clock_);
  clock_.advance(1s);
  EXPECT_EQ(testing::failure_result_of<TimeoutError>(d).check<TimeoutError>()->timeout(), 1s);
  EXPECT_EQ(clock_.pending_calls(), 0U);
}

TEST_F(AddTimeoutTest, WorksAfterTheHandleMovedAway) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.add_timeout(1s, clock_);
  Deferred<int> moved = std::move(d);
  clock_.advance(1s);
  testing::failure_result_of<TimeoutError>(moved);
}

TEST_F(AddTimeoutTest, RefusesANegativeTimeout) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  EXPECT_THROW(d.add_timeout(-1s, clock_), std::invalid_argument);
  promise.callback(7);
  EXPECT_EQ(testing::success_result_of(d), 7);
}

Deferred<std::string> work(Clock& clock, Deferred<int> step) {
  try {
    step.add_timeout(1s, clock);
    const int number = co_await std::move(step);
    co_return std::to_string(number);
  } catch (const TimeoutError&) {
    co_return "late";
  }
}

TEST_F(AddTimeoutTest, TimesAnAwaitOut) {
  Promise<int> promise;
  Deferred<std::string> d = work(clock_, promise.get_deferred());
  clock_.advance(1s);
  EXPECT_EQ(testing::success_result_of(d), "late");
}

}  // namespace
}  // namespace prometheus_async::tx
