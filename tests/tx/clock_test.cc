// SPDX-License-Identifier: Apache-2.0
#include "tx/clock.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "tx/delayed_call.h"
#include "tx/errors.h"
#include "tx/reactor_time.h"

namespace prometheus_async::tx {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

// Calls that write their names down.
class ClockTest : public ::testing::Test {
 protected:
  template <class Delay>
  DelayedCall add(Delay delay, std::string name) {
    return clock_.call_later(delay, [this, name] { ran_.push_back(name); });
  }
  Names advance(std::chrono::seconds by) {
    ran_.clear();
    clock_.advance(by);
    return ran_;
  }

  Clock clock_;
  Names ran_;
};

TEST(ClockExample, Rings) {
  tx::Clock clock;
  bool rang = false;
  clock.call_later(5s, [&] { rang = true; });
  clock.advance(4s);
  EXPECT_FALSE(rang);
  clock.advance(1s);
  EXPECT_TRUE(rang);
}

// The examples of delayed_call.h and reactor_time.h.
TEST(ClockExample, MovesACall) {
  Clock reactor;
  struct Connection {
    bool is_closed = false;
    void close() { is_closed = true; }
  } connection;
  tx::DelayedCall call = reactor.call_later(5s, [&] { connection.close(); });
  reactor.advance(3s);
  call.reset(5s);  // five seconds from now
  reactor.advance(4s);
  if (call.active()) call.cancel();
  reactor.advance(1h);
  EXPECT_FALSE(connection.is_closed);
}

TEST(ClockExample, IsTimeForCodeThatWaits) {
  Clock clock;
  int blinks = 0;
  const auto blink = [&] { ++blinks; };
  const auto start = [&](tx::ReactorTime& time) {
    tx::DelayedCall call = time.call_later(500ms, [&] { blink(); });
    return call;
  };
  start(clock);
  clock.advance(500ms);
  EXPECT_EQ(blinks, 1);
}

TEST_F(ClockTest, RunsDueCallsInTheOrderOfTheirTimes) {
  add(3s, "third");
  add(1s, "first");
  add(2s, "second");
  add(4s, "later");
  EXPECT_EQ(advance(3s), (Names{"first", "second", "third"}));
  EXPECT_EQ(advance(1s), Names{"later"});
}

TEST_F(ClockTest, RunsCallsForTheSameTimeInTheOrderTheyWereMade) {
  Names names;
  for (int i = 0; i < 100; ++i) {
    names.push_back(std::to_string(i));
    add(1s, names.back());
  }
  EXPECT_EQ(advance(1s), names);
}

TEST_F(ClockTest, DoesNotRunACallForNowBeforeItIsAdvanced) {
  add(0s, "now");
  EXPECT_EQ(ran_, Names{});
  EXPECT_EQ(advance(0s), Names{"now"});
}

TEST_F(ClockTest, ShowsTheNewTimeToTheCalls) {
  TimePoint seen;
  clock_.call_later(1s, [&] { seen = clock_.now(); });
  clock_.advance(10s);
  EXPECT_EQ(seen, TimePoint(10s));
}

TEST_F(ClockTest, RunsWhatIsAddedDuringTheAdvanceAndAlreadyDue) {
  clock_.call_later(1s, [&] {
    add(0s, "at once");
    add(1s, "a second after");
  });
  EXPECT_EQ(advance(5s), Names{"at once"});
  EXPECT_EQ(advance(1s), Names{"a second after"});
}

TEST_F(ClockTest, PumpsThroughSeveralTimes) {
  std::vector<TimePoint> seen;
  clock_.call_later(1s, [&] { seen.push_back(clock_.now()); });
  clock_.call_later(3s, [&] { seen.push_back(clock_.now()); });
  clock_.pump(std::vector<std::chrono::seconds>{1s, 1s, 1s});
  EXPECT_EQ(seen, (std::vector<TimePoint>{TimePoint(1s), TimePoint(3s)}));
}

TEST_F(ClockTest, RefusesToGoBackwards) { EXPECT_THROW(clock_.advance(-1s), std::invalid_argument); }

TEST_F(ClockTest, LetsAnExceptionThroughAndRunsTheRestNextTime) {
  clock_.call_later(1s, [] { throw std::runtime_error("no"); });
  add(1s, "next");
  EXPECT_THROW(clock_.advance(1s), std::runtime_error);
  EXPECT_EQ(ran_, Names{});
  EXPECT_EQ(advance(0s), Names{"next"});
}

TEST_F(ClockTest, PassesArgumentsToTheFunction) {
  std::string seen;
  const auto write = [&](std::unique_ptr<int> number, const std::string& text) {
    seen = std::to_string(*number) + text;
  };
  clock_.call_later(1s, write, std::make_unique<int>(7), "x");
  clock_.advance(1s);
  EXPECT_EQ(seen, "7x");
}

TEST_F(ClockTest, TakesAFunctionThatCannotBeCopied) {
  int seen = 0;
  clock_.call_later(1s, [&seen, number = std::make_unique<int>(7)] { seen = *number; });
  clock_.advance(1s);
  EXPECT_EQ(seen, 7);
}

// --- What a call may be told.

TEST_F(ClockTest, DoesNotRunACancelledCall) {
  DelayedCall call = add(1s, "cancelled");
  add(1s, "kept");
  call.cancel();
  EXPECT_FALSE(call.active());
  EXPECT_EQ(advance(1s), Names{"kept"});
}

TEST_F(ClockTest, CancelsACallFromAnotherThatIsDueWithIt) {
  DelayedCall second;
  clock_.call_later(1s, [&] { second.cancel(); });
  second = add(1s, "second");
  EXPECT_EQ(advance(1s), Names{});
}

TEST_F(ClockTest, RefusesToCancelOrMoveACallTwice) {
  DelayedCall call = add(1s, "cancelled");
  call.cancel();
  EXPECT_THROW(call.cancel(), AlreadyCancelledError);
  EXPECT_THROW(call.reset(1s), AlreadyCancelledError);
  EXPECT_THROW(call.delay(1s), AlreadyCancelledError);
}

TEST_F(ClockTest, RefusesToCancelOrMoveACallThatRan) {
  DelayedCall call = add(1s, "ran");
  clock_.advance(1s);
  EXPECT_FALSE(call.active());
  EXPECT_THROW(call.cancel(), AlreadyCalledError);
  EXPECT_THROW(call.reset(1s), AlreadyCalledError);
  EXPECT_THROW(call.delay(1s), AlreadyCalledError);
}

TEST_F(ClockTest, HoldsACallForCalledWhileItRuns) {
  DelayedCall call;
  bool refused = false;
  call = clock_.call_later(1s, [&] {
    try {
      call.cancel();
    } catch (const AlreadyCalledError&) {
      refused = true;
    }
  });
  clock_.advance(1s);
  EXPECT_TRUE(refused);
}

TEST_F(ClockTest, RefusesToDoAnythingWithAnEmptyHandle) {
  DelayedCall call;
  EXPECT_FALSE(call.active());
  EXPECT_EQ(call.get_time(), TimePoint::max());
  EXPECT_THROW(call.cancel(), AlreadyCancelledError);
  EXPECT_THROW(call.reset(1s), AlreadyCancelledError);
}

TEST_F(ClockTest, TellsWhenACallIsDue) {
  clock_.advance(1s);
  DelayedCall call = add(2s, "");
  EXPECT_EQ(call.get_time(), TimePoint(3s));
  call.delay(1s);
  EXPECT_EQ(call.get_time(), TimePoint(4s));
  call.reset(1s);
  EXPECT_EQ(call.get_time(), TimePoint(2s));
}

TEST_F(ClockTest, DelaysACall) {
  DelayedCall call = add(1s, "delayed");
  add(2s, "between");
  call.delay(2s);
  EXPECT_EQ(advance(2s), Names{"between"});
  EXPECT_EQ(advance(1s), Names{"delayed"});
}

TEST_F(ClockTest, BringsACallForwardByANegativeDelay) {
  DelayedCall call = add(5s, "brought forward");
  call.delay(-4s);
  EXPECT_EQ(advance(1s), Names{"brought forward"});
}

TEST_F(ClockTest, BringsACallForwardToNowAtTheMost) {
  clock_.advance(10s);
  add(0s, "first");
  DelayedCall call = add(5s, "brought forward");
  call.delay(-1h);
  EXPECT_EQ(call.get_time(), TimePoint(10s));
  EXPECT_EQ(advance(0s), (Names{"first", "brought forward"}));
}

TEST_F(ClockTest, ResetsACallFromNow) {
  DelayedCall sooner = add(10s, "sooner");
  DelayedCall later = add(2s, "later");
  clock_.advance(1s);
  sooner.reset(1s);
  later.reset(2s);
  EXPECT_EQ(advance(1s), Names{"sooner"});
  EXPECT_EQ(advance(1s), Names{"later"});
}

TEST_F(ClockTest, PutsAMovedCallAfterThoseForTheSameTime) {
  DelayedCall moved = add(2s, "moved");
  add(2s, "there already");
  moved.reset(2s);
  EXPECT_EQ(advance(2s), (Names{"there already", "moved"}));
}

TEST_F(ClockTest, CancelsAMovedCallOnce) {
  DelayedCall call = add(1s, "cancelled");
  call.delay(1s);
  call.cancel();
  EXPECT_EQ(advance(10s), Names{});
}

TEST_F(ClockTest, RefusesANegativeDelay) {
  EXPECT_THROW(add(-1s, ""), std::invalid_argument);
  DelayedCall call = add(1s, "");
  EXPECT_THROW(call.reset(-1ns), std::invalid_argument);
  EXPECT_TRUE(call.active());
}

// --- Durations of any unit.

TEST_F(ClockTest, ClampsADelayThatIsTooLong) {
  add(std::chrono::hours::max(), "hours");
  const DelayedCall call = add(std::chrono::duration<double>(0x1p128), "2^128 s");
  EXPECT_EQ(call.get_time(), TimePoint::max());
  EXPECT_EQ(advance(1h), Names{});
  clock_.advance(Duration::max());
  EXPECT_EQ(ran_, (Names{"hours", "2^128 s"}));
}

TEST_F(ClockTest, ClampsACallThatIsDelayedTooFar) {
  DelayedCall call = add(1h, "");
  call.delay(Duration::max());
  EXPECT_EQ(call.get_time(), TimePoint::max());
  call.delay(Duration::min());
  EXPECT_EQ(call.get_time(), clock_.now());
}

TEST(ToDuration, IsExactWhereItFits) {
  EXPECT_EQ(to_duration(7ns), Duration(7));
  EXPECT_EQ(to_duration(-3h), Duration(-3h));
  EXPECT_EQ(to_duration(std::chrono::duration<double>(0.5)), Duration(500ms));
  EXPECT_EQ(to_duration(std::chrono::seconds(9'000'000'000)), Duration(9'000'000'000'000'000'000));
}

TEST(ToDuration, RefusesNoNumber) {
  EXPECT_THROW(to_duration(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())),
               std::invalid_argument);
  EXPECT_EQ(to_duration(std::chrono::duration<float>(-std::numeric_limits<float>::infinity())), Duration::min());
}

// --- Lifetimes and storage.

TEST_F(ClockTest, DestroysTheFunctionWhenItIsCancelled) {
  auto token = std::make_shared<int>();
  DelayedCall call = clock_.call_later(1s, [token] {});
  EXPECT_EQ(token.use_count(), 2);
  call.cancel();
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(ClockTest, DestroysTheFunctionOnceItRan) {
  auto token = std::make_shared<int>();
  const DelayedCall call = clock_.call_later(1s, [token] {});
  clock_.advance(1s);
  EXPECT_EQ(token.use_count(), 1);
}

// The only handle may be a capture of the very function.
TEST_F(ClockTest, CancelsACallThatHoldsItsOwnHandle) {
  auto holder = std::make_shared<DelayedCall>();
  DelayedCall& call = *holder;
  call = clock_.call_later(1s, [holder] {});
  holder.reset();
  call.cancel();
  EXPECT_EQ(clock_.pending_calls(), 0U);
}

TEST(ClockLifetime, CancelsWhatIsPendingWhenItGoes) {
  auto token = std::make_shared<int>();
  DelayedCall call;
  {
    Clock clock;
    call = clock.call_later(1s, [token] {});
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(call.active());
  EXPECT_THROW(call.cancel(), AlreadyCancelledError);
}

// The destruction of a capture may call back into the clock.
TEST(ClockLifetime, TakesNoCallsWhileItGoes) {
  struct CallsAgain {
    Clock* clock;
    DelayedCall other;
    bool* was_active;
    ~CallsAgain() {
      *was_active = other.active() || clock->call_later(1s, [] {}).active();
    }
  };
  bool was_active = true;
  {
    Clock clock;
    auto state = std::make_shared<CallsAgain>();
    state->clock = &clock;
    state->was_active = &was_active;
    clock.call_later(1s, [state] {});
    state->other = clock.call_later(2s, [] {});
  }
  EXPECT_FALSE(was_active);
}

// Cancelled and moved calls are swept out: the memory follows the number of active ones.
TEST(ClockStorage, ForgetsWhatWasCancelledOrMoved) {
  Clock clock;
  DelayedCall kept = clock.call_later(1h, [] {});
  for (int i = 0; i < 100'000; ++i) {
    clock.call_later(2h, [] {}).cancel();
    kept.delay(1ns);
  }
  EXPECT_EQ(clock.pending_calls(), 1U);
  EXPECT_EQ(kept.get_time(), TimePoint(1h + 100us));
  clock.advance(2h);
  EXPECT_FALSE(kept.active());
  EXPECT_EQ(clock.pending_calls(), 0U);
}

// Against a plain sort, with every kind of change.
TEST(ClockStorage, KeepsTheOrderThroughManyChanges) {
  Clock clock;
  std::vector<DelayedCall> calls;
  std::vector<TimePoint> ran;
  unsigned random = 1;
  const auto next = [&random](unsigned bound) { return (random = random * 1664525U + 1013904223U) / 65536U % bound; };
  int cancelled = 0;
  for (int i = 0; i < 5000; ++i) {
    calls.push_back({});
    const std::size_t index = calls.size() - 1;
    calls[index] =
        clock.call_later(std::chrono::milliseconds(next(1000)), [&, index] { ran.push_back(calls[index].get_time()); });
    DelayedCall& other = calls[next(static_cast<unsigned>(calls.size()))];
    if (!other.active()) continue;
    switch (next(4)) {
      case 0:
        other.cancel();
        ++cancelled;
        break;
      case 1: other.reset(std::chrono::milliseconds(next(1000))); break;
      case 2: other.delay(std::chrono::milliseconds(next(1000)) - 500ms); break;
      default: break;
    }
  }
  clock.advance(1h);
  EXPECT_EQ(ran.size(), static_cast<std::size_t>(5000 - cancelled));
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

}  // namespace
}  // namespace prometheus_async::tx
