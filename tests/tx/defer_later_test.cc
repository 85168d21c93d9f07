// SPDX-License-Identifier: Apache-2.0
#include "tx/defer_later.h"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "tx/clock.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/promise.h"
#include "tx/testing/result_of.h"

namespace prometheus_async::tx {
namespace {

using namespace std::chrono_literals;

TEST(DeferLater, FiresWithNothingAfterTheTime) {
  Clock clock;
  Deferred<void> later = defer_later(clock, 5s);
  clock.advance(4s);
  EXPECT_FALSE(later.called());
  clock.advance(1s);
  testing::success_result_of(later);
}

// The header's example.
TEST(DeferLater, CallsTheFunctionThenAndGivesItsResult) {
  Clock reactor;
  int calls = 0;
  const auto fetch = [&calls](const std::string& url) {
    ++calls;
    return "page of " + url;
  };
  const std::string url = "a";
  Deferred<std::string> page = defer_later(reactor, 5s, fetch, url);
  EXPECT_EQ(calls, 0);
  reactor.advance(5s);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(testing::success_result_of(page), "page of a");
}

TEST(DeferLater, WaitsForTheDeferredOfTheFunction) {
  Clock clock;
  Deferred<int> later = defer_later(clock, 1s, [&] { return defer_later(clock, 1s, [] { return 7; }); });
  clock.advance(1s);
  testing::assert_no_result(later);
  clock.advance(1s);
  EXPECT_EQ(testing::success_result_of(later), 7);
}

TEST(DeferLater, FailsWithWhatTheFunctionThrows) {
  Clock clock;
  Deferred<void> later = defer_later(clock, 1s, [] { throw std::runtime_error("no"); });
  clock.advance(1s);
  testing::failure_result_of<std::runtime_error>(later);
}

TEST(DeferLater, CancelsTheDelayedCallWhenItIsCancelled) {
  Clock clock;
  int calls = 0;
  Deferred<void> later = defer_later(clock, 5s, [&] { ++calls; });
  EXPECT_EQ(clock.pending_calls(), 1U);
  later.cancel();
  testing::failure_result_of<CancelledError>(later);
  EXPECT_EQ(clock.pending_calls(), 0U);
  clock.advance(10s);
  EXPECT_EQ(calls, 0);
}

TEST(DeferLater, IsCancelledNoMoreOnceItFired) {
  Clock clock;
  Deferred<void> later = defer_later(clock, 5s);
  clock.advance(5s);
  later.cancel();
  testing::success_result_of(later);
}

TEST(DeferLater, FailsWhenTheClockGoes) {
  std::optional<Clock> clock(std::in_place);
  Deferred<void> later = defer_later(*clock, 5s);
  clock.reset();
  testing::failure_result_of<AbandonedError>(later);
}

TEST(DeferLater, GoesOnWithoutItsDeferred) {
  Clock clock;
  int calls = 0;
  {
    const Deferred<void> dropped = defer_later(clock, 5s, [&] { ++calls; });
  }
  clock.advance(5s);
  EXPECT_EQ(calls, 1);
}

TEST(DeferLater, RefusesANegativeDelay) {
  Clock clock;
  EXPECT_THROW(static_cast<void>(defer_later(clock, -1s)), std::invalid_argument);
}

}  // namespace
}  // namespace prometheus_async::tx
