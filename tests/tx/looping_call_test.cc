// SPDX-License-Identifier: Apache-2.0
#include "tx/looping_call.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

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

class LoopingCallTest : public ::testing::Test {
 protected:
  // Writes the times of the calls down, in milliseconds since the start.
  void note() {
    times_.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - start_).count());
  }
  void advance(std::chrono::milliseconds by, int times) {
    for (int i = 0; i < times; ++i) clock_.advance(by);
  }

  using Times = std::vector<std::int64_t>;
  Clock clock_;
  TimePoint start_ = clock_.now();
  Times times_;
};

// The header's example.
TEST_F(LoopingCallTest, CallsAtOnceAndAtEachInterval) {
  Clock& reactor = clock_;
  int beats = 0;
  tx::LoopingCall beat(reactor, [&] { ++beats; });
  tx::Deferred<void> ended = beat.start(1s);
  EXPECT_EQ(beats, 1);
  advance(500ms, 4);
  EXPECT_EQ(beats, 3);
  EXPECT_TRUE(beat.running());
  testing::assert_no_result(ended);
  beat.stop();
  EXPECT_FALSE(beat.running());
  testing::success_result_of(ended);
  advance(1s, 3);
  EXPECT_EQ(beats, 3);
  EXPECT_EQ(clock_.pending_calls(), 0U);
}

TEST_F(LoopingCallTest, BeginsAfterOneIntervalIfAskedTo) {
  LoopingCall loop(clock_, [&] { note(); });
  const Deferred<void> ended = loop.start(1s, /*now=*/false);
  EXPECT_EQ(times_, Times{});
  advance(500ms, 4);
  EXPECT_EQ(times_, (Times{1000, 2000}));
  loop.stop();
}

TEST_F(LoopingCallTest, StopsBeforeTheFirstDelayedCall) {
  LoopingCall loop(clock_, [&] { note(); });
  Deferred<void> ended = loop.start(1s, /*now=*/false);
  loop.stop();
  testing::success_result_of(ended);
  advance(1s, 3);
  EXPECT_EQ(times_, Times{});
}

TEST_F(LoopingCallTest, StopsInItsFirstCall) {
  std::optional<LoopingCall> loop;
  loop.emplace(clock_, [&] {
    note();
    loop->stop();
  });
  Deferred<void> ended = loop->start(1s);
  testing::success_result_of(ended);
  advance(1s, 3);
  EXPECT_EQ(times_, Times{0});
}

// The grid start + k * interval: a late call does not put off those after it.
TEST_F(LoopingCallTest, KeepsToTheGridWhenTheClockIsLate) {
  LoopingCall loop(clock_, [&] { note(); });
  const Deferred<void> ended = loop.start(1s);
  clock_.advance(1700ms);
  clock_.advance(300ms);
  EXPECT_EQ(times_, (Times{0, 1700, 2000}));
  loop.stop();
}

TEST_F(LoopingCallTest, LeavesOutTheTicksThatPassed) {
  LoopingCall loop(clock_, [&] { note(); });
  const Deferred<void> ended = loop.start(1s);
  clock_.advance(3500ms);
  clock_.advance(500ms);
  EXPECT_EQ(times_, (Times{0, 3500, 4000}));
  loop.stop();
}

TEST_F(LoopingCallTest, WaitsForTheDeferredOfTheFunction) {
  std::vector<Promise<int>> promises;
  LoopingCall loop(clock_, [&] {
    note();
    return promises.emplace_back().get_deferred();
  });
  const Deferred<void> ended = loop.start(1s);
  advance(500ms, 5);
  EXPECT_EQ(times_, Times{0});
  promises[0].callback(1);  // at 2.5 s
  advance(500ms, 2);
  EXPECT_EQ(times_, (Times{0, 3000}));
  promises[1].callback(1);
  loop.stop();
}

TEST_F(LoopingCallTest, EndsAfterStopOnceTheFunctionIsDone) {
  std::vector<Promise<void>> promises;
  LoopingCall loop(clock_, [&] { return promises.emplace_back().get_deferred(); });
  Deferred<void> ended = loop.start(1s);
  loop.stop();
  EXPECT_FALSE(loop.running());
  testing::assert_no_result(ended);
  promises[0].callback();
  testing::success_result_of(ended);
  EXPECT_EQ(clock_.pending_calls(), 0U);
}

TEST_F(LoopingCallTest, FailsWhenTheFunctionThrows) {
  bool fails = false;
  LoopingCall loop(clock_, [&] {
    note();
    if (fails) throw std::runtime_error("no");
  });
  Deferred<void> ended = loop.start(1s);
  fails = true;
  clock_.advance(1s);
  EXPECT_FALSE(loop.running());
  testing::failure_result_of<std::runtime_error>(ended);
  advance(1s, 3);
  EXPECT_EQ(times_, (Times{0, 1000}));
}

TEST_F(LoopingCallTest, FailsWhenTheDeferredOfTheFunctionDoes) {
  std::vector<Promise<void>> promises;
  LoopingCall loop(clock_, [&] { return promises.emplace_back().get_deferred(); });
  Deferred<void> ended = loop.start(1s);
  promises[0].errback(std::runtime_error("no"));
  testing::failure_result_of<std::runtime_error>(ended);
  EXPECT_FALSE(loop.running());
}

TEST_F(LoopingCallTest, StartsAgainAfterItsEnd) {
  LoopingCall loop(clock_, [&] { note(); });
  Deferred<void> first = loop.start(1s);
  clock_.advance(1500ms);
  loop.stop();
  const Deferred<void> second = loop.start(1s);
  clock_.advance(1s);
  EXPECT_EQ(times_, (Times{0, 1500, 1500, 2500}));
  loop.stop();
}

TEST_F(LoopingCallTest, BeginsTheIntervalAnewOnReset) {
  LoopingCall loop(clock_, [&] { note(); });
  const Deferred<void> ended = loop.start(1s);
  clock_.advance(700ms);
  loop.reset();
  clock_.advance(900ms);
  EXPECT_EQ(times_, Times{0});
  clock_.advance(100ms);
  clock_.advance(1s);
  EXPECT_EQ(times_, (Times{0, 1700, 2700}));
  loop.stop();
}

TEST_F(LoopingCallTest, RunsEachTurnWithAnIntervalOfNothing) {
  std::optional<LoopingCall> loop;
  loop.emplace(clock_, [&] {
    note();
    if (times_.size() == 1000) loop->stop();
  });
  Deferred<void> ended = loop->start(0s);
  EXPECT_EQ(times_.size(), 1U);
  clock_.advance(0s);  // a Clock runs what is due, and what that adds
  EXPECT_EQ(times_.size(), 1000U);
  testing::success_result_of(ended);
}

TEST_F(LoopingCallTest, CountsTheTicksSinceTheLastCall) {
  std::vector<std::int64_t> counts;
  LoopingCall loop = LoopingCall::with_count(clock_, [&](std::int64_t count) { counts.push_back(count); });
  const Deferred<void> ended = loop.start(1s);
  clock_.advance(1s);
  clock_.advance(3500ms);
  clock_.advance(500ms);
  EXPECT_EQ(counts, (std::vector<std::int64_t>{1, 1, 3, 1}));
  loop.stop();
}

TEST_F(LoopingCallTest, CountsFromTheFirstIntervalIfItBeginsThere) {
  std::vector<std::int64_t> counts;
  LoopingCall loop = LoopingCall::with_count(clock_, [&](std::int64_t count) { counts.push_back(count); });
  const Deferred<void> ended = loop.start(1s, /*now=*/false);
  clock_.advance(2500ms);
  clock_.advance(500ms);
  EXPECT_EQ(counts, (std::vector<std::int64_t>{2, 1}));
  loop.stop();
}

TEST_F(LoopingCallTest, CountsOneWithAnIntervalOfNothing) {
  std::vector<std::int64_t> counts;
  std::optional<LoopingCall> loop;
  loop.emplace(LoopingCall::with_count(clock_, [&](std::int64_t count) {
    counts.push_back(count);
    if (counts.size() == 3) loop->stop();
  }));
  const Deferred<void> ended = loop->start(0s);
  clock_.advance(5s);
  EXPECT_EQ(counts, (std::vector<std::int64_t>{1, 1, 1}));
}

TEST_F(LoopingCallTest, StopsWhenItsDeferredIsCancelled) {
  LoopingCall loop(clock_, [&] { note(); });
  Deferred<void> ended = loop.start(1s);
  ended.cancel();
  testing::failure_result_of<CancelledError>(ended);
  EXPECT_FALSE(loop.running());
  EXPECT_EQ(clock_.pending_calls(), 0U);
}

// The call that was under way is of the loop before.
TEST_F(LoopingCallTest, StartsAgainWhileTheCallOfACancelledLoopIsUnderWay) {
  std::vector<Promise<void>> promises;
  LoopingCall loop(clock_, [&] { return promises.emplace_back().get_deferred(); });
  Deferred<void> first = loop.start(1s);
  first.cancel();
  testing::failure_result_of<CancelledError>(first);
  Deferred<void> second = loop.start(1s, /*now=*/false);
  promises[0].errback(std::runtime_error("no"));
  testing::assert_no_result(second);
  EXPECT_EQ(clock_.pending_calls(), 1U);
  loop.stop();
}

TEST_F(LoopingCallTest, IsAbandonedWhenItIsDestroyed) {
  std::optional<LoopingCall> loop(std::in_place, clock_, [&] { note(); });
  Deferred<void> ended = loop->start(1s);
  loop.reset();
  testing::failure_result_of<AbandonedError>(ended);
  EXPECT_EQ(clock_.pending_calls(), 0U);
}

TEST_F(LoopingCallTest, MayBeDestroyedByItsFunction) {
  std::optional<LoopingCall> loop;
  loop.emplace(clock_, [&, token = std::make_shared<int>(7)] {
    note();
    loop.reset();
    times_.push_back(*token);  // the function is still there
  });
  Deferred<void> ended = loop->start(1s, /*now=*/false);
  clock_.advance(1s);
  EXPECT_EQ(times_, (Times{1000, 7}));
  testing::failure_result_of<AbandonedError>(ended);
}

TEST_F(LoopingCallTest, RefusesMisuse) {
  LoopingCall loop(clock_, [] {});
  EXPECT_THROW(static_cast<void>(loop.start(-1s)), std::invalid_argument);
  EXPECT_THROW(loop.stop(), std::logic_error);
  EXPECT_THROW(loop.reset(), std::logic_error);
  const Deferred<void> ended = loop.start(1s);
  EXPECT_THROW(static_cast<void>(loop.start(1s)), std::logic_error);
  loop.stop();
  EXPECT_THROW(loop.stop(), std::logic_error);
}

}  // namespace
}  // namespace prometheus_async::tx
