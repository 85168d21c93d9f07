// SPDX-License-Identifier: Apache-2.0
#include "tx/reactor.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "aio/sleep.h"
#include "tests/testing/run.h"
#include "tx/defer_later.h"
#include "tx/deferred.h"
#include "tx/delayed_call.h"
#include "tx/errors.h"
#include "tx/looping_call.h"
#include "tx/promise.h"
#include "tx/testing/result_of.h"
#include "tx/testing/unhandled_failures.h"

namespace prometheus_async::tx {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

class ReactorTest : public ::testing::Test {
 protected:
  // A function that writes a name down.
  auto note(std::string name) {
    return [this, name = std::move(name)] { ran_.push_back(name); };
  }
  // Stops after the turns of the loop that have been asked for so far.
  void stop_soon() {
    reactor_.call_from_thread([this] { reactor_.stop(); });
  }
  void run() { reactor_.run({.install_signal_handlers = false}); }

  Reactor reactor_;
  Names ran_;
};

// --- Running and stopping.

TEST_F(ReactorTest, RunsUntilItIsStopped) {
  reactor_.call_later(1ms, note("call"));
  reactor_.call_later(2ms, [&] { reactor_.stop(); });
  run();
  EXPECT_EQ(ran_, Names{"call"});
}

// Nothing is left for the io_context to do, while another thread is about to stop the reactor.
TEST_F(ReactorTest, RunsOnWithNothingToDo) {
  std::thread thread;
  reactor_.call_when_running(
      [&] { thread = std::thread([&] { reactor_.call_from_thread([&] { reactor_.stop(); }); }); });
  run();
  thread.join();
}

TEST_F(ReactorTest, CannotBeStoppedBeforeItRuns) { EXPECT_THROW(reactor_.stop(), ReactorNotRunning); }

TEST_F(ReactorTest, CannotBeStoppedTwice) {
  int refused = 0;
  reactor_.call_when_running([&] {
    reactor_.stop();
    try {
      reactor_.stop();
    } catch (const ReactorNotRunning&) {
      ++refused;
    }
  });
  run();
  EXPECT_EQ(refused, 1);
  EXPECT_THROW(reactor_.stop(), ReactorNotRunning);
}

TEST_F(ReactorTest, CannotBeRunWhileItRuns) {
  int refused = 0;
  reactor_.call_when_running([&] {
    try {
      run();
    } catch (const ReactorAlreadyRunning&) {
      ++refused;
    }
    reactor_.stop();
  });
  run();
  EXPECT_EQ(refused, 1);
}

TEST_F(ReactorTest, CannotBeRunAfterItWasStopped) {
  stop_soon();
  run();
  EXPECT_THROW(run(), ReactorNotRestartable);
}

TEST_F(ReactorTest, RunsAgainAfterACrash) {
  reactor_.call_when_running([&] { reactor_.crash(); });
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, note("shutdown"));
  run();
  EXPECT_FALSE(reactor_.running());
  EXPECT_EQ(ran_, Names{});
  reactor_.call_when_running([&] { reactor_.stop(); });
  run();
  EXPECT_EQ(ran_, Names{"shutdown"});
}

TEST_F(ReactorTest, KeepsItsDelayedCallsThroughACrash) {
  reactor_.call_later(0s, [&] {
    reactor_.call_later(0s, [&] {
      ran_.push_back("after");
      reactor_.stop();
    });
    reactor_.crash();
  });
  run();
  EXPECT_EQ(ran_, Names{});
  run();
  EXPECT_EQ(ran_, Names{"after"});
}

TEST_F(ReactorTest, TellsWhetherItRuns) {
  EXPECT_FALSE(reactor_.running());
  reactor_.call_when_running([&] {
    EXPECT_TRUE(reactor_.running());
    reactor_.stop();
    EXPECT_TRUE(reactor_.running());
  });
  run();
  EXPECT_FALSE(reactor_.running());
}

TEST_F(ReactorTest, StopsAtASignal) {
  reactor_.call_when_running([] { std::raise(SIGTERM); });
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, note("shutdown"));
  reactor_.run();
  EXPECT_EQ(ran_, Names{"shutdown"});
}

// Though a trigger never ends.
TEST_F(ReactorTest, LeavesAtASecondSignal) {
  Promise<void> never;
  reactor_.call_when_running([] { std::raise(SIGINT); });
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, [&] {
    std::raise(SIGINT);
    return never.get_deferred();
  });
  reactor_.add_system_event_trigger(Phase::kAfter, SystemEvent::kShutdown, note("after"));
  reactor_.run();
  EXPECT_EQ(ran_, Names{});
  EXPECT_THROW(reactor_.run(), ReactorNotRestartable);
  never.callback();
  EXPECT_EQ(ran_, Names{});
}

// --- Triggers.

TEST_F(ReactorTest, CallsWhenRunningInOrder) {
  reactor_.call_when_running(note("first"));
  reactor_.call_when_running([&] {
    ran_.push_back("second");
    reactor_.call_when_running(note("at once"));
    ran_.push_back("after at once");
  });
  reactor_.call_when_running(note("third"));
  stop_soon();
  run();
  EXPECT_EQ(ran_, (Names{"first", "second", "at once", "after at once", "third"}));
}

TEST_F(ReactorTest, RunsThePhasesOfStartupInOrder) {
  reactor_.add_system_event_trigger(Phase::kAfter, SystemEvent::kStartup, note("after"));
  reactor_.add_system_event_trigger(Phase::kDuring, SystemEvent::kStartup, note("during"));
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kStartup, note("before 1"));
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kStartup, note("before 2"));
  stop_soon();
  run();
  EXPECT_EQ(ran_, (Names{"before 1", "before 2", "during", "after"}));
}

TEST_F(ReactorTest, RunsThePhasesOfShutdownInOrderAfterStopHasReturned) {
  reactor_.add_system_event_trigger(Phase::kAfter, SystemEvent::kShutdown, note("after"));
  reactor_.add_system_event_trigger(Phase::kDuring, SystemEvent::kShutdown, note("during"));
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, note("before"));
  reactor_.call_when_running([&] {
    reactor_.stop();
    ran_.push_back("stop returned");
  });
  run();
  EXPECT_EQ(ran_, (Names{"stop returned", "before", "during", "after"}));
}

TEST_F(ReactorTest, WaitsForTheDeferredsOfAPhaseBeforeTheNext) {
  Promise<void> first;
  Promise<int> second;
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, [&] { return first.get_deferred(); });
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, [&] { return second.get_deferred(); });
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, note("before"));
  reactor_.add_system_event_trigger(Phase::kDuring, SystemEvent::kShutdown, note("during"));
  reactor_.call_later(1ms, [&] {
    second.callback(1);
    ran_.push_back("one has fired");
  });
  reactor_.call_later(2ms, [&] {
    ran_.push_back("both have fired");
    first.callback();
  });
  reactor_.call_when_running([&] { reactor_.stop(); });
  run();
  EXPECT_EQ(ran_, (Names{"before", "one has fired", "both have fired", "during"}));
}

TEST_F(ReactorTest, WaitsForTheDeferredsOfStartup) {
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kStartup, [&] { return defer_later(reactor_, 1ms); });
  reactor_.call_when_running([&] {
    ran_.push_back("running");
    reactor_.stop();
  });
  reactor_.call_later(0s, note("waiting"));
  run();
  EXPECT_EQ(ran_, (Names{"waiting", "running"}));
}

// A lambda with captures, which lives on while it waits.
TEST_F(ReactorTest, TakesACoroutineAsATrigger) {
  reactor_.add_system_event_trigger(
      Phase::kBefore, SystemEvent::kShutdown,
      [this, name = std::string("a name that needs memory of its own")]() -> Deferred<void> {
        co_await defer_later(reactor_, 1ms);
        ran_.push_back(name);
      });
  reactor_.add_system_event_trigger(Phase::kDuring, SystemEvent::kShutdown, note("during"));
  stop_soon();
  run();
  EXPECT_EQ(ran_, (Names{"a name that needs memory of its own", "during"}));
}

TEST_F(ReactorTest, ReportsTriggersThatFailAndGoesOn) {
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, [] { throw std::runtime_error("thrown"); });
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown,
                                    [] { return fail<int>(std::runtime_error("failed")); });
  reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, note("before"));
  reactor_.add_system_event_trigger(Phase::kAfter, SystemEvent::kShutdown, note("after"));
  stop_soon();
  run();
  EXPECT_EQ(ran_, (Names{"before", "after"}));
  const std::vector<Failure> failures = testing::flush_logged_errors<std::runtime_error>();
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].get_error_message(), "thrown");
  EXPECT_EQ(failures[1].get_error_message(), "failed");
}

TEST_F(ReactorTest, RemovesATrigger) {
  const auto id = reactor_.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, note("removed"));
  reactor_.remove_system_event_trigger(id);
  EXPECT_THROW(reactor_.remove_system_event_trigger(id), std::invalid_argument);
  stop_soon();
  run();
  EXPECT_EQ(ran_, Names{});
}

// --- Delayed calls. What they have in common with a Clock's is tested there.

TEST_F(ReactorTest, RunsDelayedCallsInOrderAndNeverEarly) {
  std::vector<DelayedCall> calls(3);
  std::vector<TimePoint> due;
  for (const std::size_t index : {2U, 0U, 1U}) {
    calls[index] = reactor_.call_later((index + 1) * 1ms, [&, index] {
      due.push_back(calls[index].get_time());
      EXPECT_GE(reactor_.now(), due.back());
      if (due.size() == calls.size()) reactor_.stop();
    });
  }
  run();
  EXPECT_EQ(due.size(), calls.size());
  EXPECT_TRUE(std::is_sorted(due.begin(), due.end()));
}

// Zero is the next turn: other handlers have theirs in between.
TEST_F(ReactorTest, RunsACallForNowInTheNextTurn) {
  reactor_.call_later(0s, [&] {
    reactor_.call_later(0s, [&] {
      ran_.push_back("call");
      reactor_.stop();
    });
    asio::post(reactor_.context(), note("handler"));
    ran_.push_back("returned");
  });
  run();
  EXPECT_EQ(ran_.front(), "returned");
  EXPECT_EQ(ran_.size(), 3U);
}

TEST_F(ReactorTest, GivesTheSocketsTheirTurnBetweenCallsForNow) {
  int calls = 0;
  LoopingCall loop(reactor_, [&] { ++calls; });
  const Deferred<void> ended = loop.start(0s);
  asio::co_spawn(reactor_.context(), aio::sleep(1ms), [&](const std::exception_ptr&) { reactor_.stop(); });
  run();
  EXPECT_GT(calls, 1);
  loop.stop();
}

TEST_F(ReactorTest, RunsCallsForTheSameTimeInTheOrderTheyWereMade) {
  Names names;
  for (int i = 0; i < 100; ++i) {
    names.push_back(std::to_string(i));
    reactor_.call_later(0s, note(names.back()));
  }
  reactor_.call_later(0s, [&] { reactor_.stop(); });
  run();
  EXPECT_EQ(ran_, names);
}

TEST_F(ReactorTest, CancelsAndMovesDelayedCalls) {
  DelayedCall cancelled = reactor_.call_later(0s, note("cancelled"));
  DelayedCall sooner = reactor_.call_later(1h, note("sooner"));
  DelayedCall later = reactor_.call_later(0s, note("later"));
  cancelled.cancel();
  later.delay(1h);
  sooner.reset(0s);
  reactor_.call_later(1ms, [&] { reactor_.stop(); });
  run();
  EXPECT_EQ(ran_, Names{"sooner"});
}

TEST_F(ReactorTest, ClampsADelayThatIsTooLong) {
  DelayedCall call = reactor_.call_later(std::chrono::duration<double>(0x1p128), note("never"));
  EXPECT_EQ(call.get_time(), TimePoint::max());
  reactor_.call_later(std::chrono::hours::max(), note("never"));
  reactor_.call_later(1ms, [&] { reactor_.stop(); });
  run();
  EXPECT_EQ(ran_, Names{});
  EXPECT_TRUE(call.active());
}

TEST_F(ReactorTest, RefusesANegativeDelay) {
  EXPECT_THROW(reactor_.call_later(-1ns, [] {}), std::invalid_argument);
}

TEST_F(ReactorTest, ReportsADelayedCallThatThrowsAndGoesOn) {
  reactor_.call_later(0s, [] { throw std::runtime_error("no"); });
  reactor_.call_later(0s, note("next"));
  reactor_.call_later(0s, [] { throw 7; });
  reactor_.call_later(0s, [&] { reactor_.stop(); });
  run();
  EXPECT_EQ(ran_, Names{"next"});
  EXPECT_EQ(testing::flush_logged_errors<std::runtime_error>().size(), 1U);
  EXPECT_EQ(testing::flush_logged_errors<int>().size(), 1U);
}

TEST_F(ReactorTest, ReportsAHandlerOfOthersThatThrowsAndGoesOn) {
  asio::post(reactor_.context(), [] { throw std::runtime_error("no"); });
  reactor_.call_later(1ms, [&] { reactor_.stop(); });
  run();
  EXPECT_EQ(testing::flush_logged_errors<std::runtime_error>().size(), 1U);
}

// --- Work that is left when it stops, or goes.

TEST(ReactorEnd, DropsTheDelayedCallsThatAreLeftWhenItIsDestroyed) {
  int calls = 0;
  std::optional<Reactor> reactor(std::in_place);
  DelayedCall call = reactor->call_later(1h, [&] { ++calls; });
  Deferred<void> later = defer_later(*reactor, 1h, [&] { ++calls; });
  reactor->call_when_running([&] { reactor->stop(); });
  reactor->run({.install_signal_handlers = false});
  testing::assert_no_result(later);
  EXPECT_TRUE(call.active());
  reactor.reset();
  testing::failure_result_of<AbandonedError>(later);
  EXPECT_FALSE(call.active());
  EXPECT_EQ(calls, 0);
}

// A callback of an abandoned Deferred may well call the reactor, that is on its way.
TEST(ReactorEnd, TakesNothingUpWhileItIsDestroyed) {
  std::optional<Reactor> reactor(std::in_place);
  bool was_active = true;
  int refused = 0;
  Deferred<void> later = defer_later(*reactor, 1h);
  later.add_errback([&, &the_reactor = *reactor](Failure&&) {
    was_active = the_reactor.call_later(0s, [] {}).active();
    the_reactor.call_from_thread([] {});
    the_reactor.call_when_running([] {});
    try {
      the_reactor.stop();
    } catch (const ReactorNotRunning&) {
      ++refused;
    }
  });
  reactor.reset();
  testing::success_result_of(later);
  EXPECT_FALSE(was_active);
  EXPECT_EQ(refused, 1);
}

TEST(ReactorEnd, RunsNoDelayedCallAfterTheStop) {
  asio::io_context context;
  Reactor reactor(context);
  int calls = 0;
  reactor.call_when_running([&] { reactor.stop(); });
  reactor.add_system_event_trigger(Phase::kAfter, SystemEvent::kShutdown,
                                   [&] { reactor.call_later(0s, [&] { ++calls; }); });
  reactor.run({.install_signal_handlers = false});
  context.run();
  EXPECT_EQ(calls, 0);
}

TEST(ReactorEnd, MayGoWithoutHavingRun) {
  Reactor reactor;
  reactor.call_later(0s, [] {});
  reactor.call_when_running([] {});
  reactor.call_from_thread([] {});
  reactor.call_in_thread([] {});
}

// A trigger that waits for what comes after the reactor.
TEST(ReactorEnd, LeavesTriggersThatNeverEnd) {
  Promise<void> never;
  {
    Reactor reactor;
    reactor.add_system_event_trigger(Phase::kBefore, SystemEvent::kShutdown, [&] { return never.get_deferred(); });
    reactor.call_when_running([&] { reactor.stop(); });
    reactor.call_later(1ms, [&] { reactor.crash(); });
    reactor.run({.install_signal_handlers = false});
  }
  never.callback();
}

// --- In an application's io_context.

TEST(ReactorInAnApplication, WorksWhereverTheIoContextIsRun) {
  asio::io_context context;
  Reactor reactor(context);
  Names ran;
  reactor.call_when_running([&] { ran.push_back("running"); });
  reactor.call_later(1ms, [&] { ran.push_back("later"); });
  prometheus_async::testing::run(context, aio::sleep(3ms));
  EXPECT_EQ(ran, (Names{"running", "later"}));
  EXPECT_TRUE(reactor.running());
}

TEST(ReactorInAnApplication, LetsTheIoContextEndWhenThereIsNothingLeft) {
  for (const auto delay : {0ms, 1ms}) {
    asio::io_context context;
    Reactor reactor(context);
    int calls = 0;
    DelayedCall cancelled = reactor.call_later(1h, [&] { ++calls; });
    reactor.call_later(delay, [&] {
      ++calls;
      cancelled.cancel();
    });
    context.run();
    EXPECT_EQ(calls, 1);
  }
}

TEST(ReactorInAnApplication, LeavesTheIoContextRunningWhenItStops) {
  asio::io_context context;
  Reactor reactor(context);
  Names ran;
  reactor.add_system_event_trigger(Phase::kAfter, SystemEvent::kShutdown, [&] {
    ran.push_back("shutdown");
    asio::post(context, [&] { ran.push_back("the application's"); });
  });
  reactor.call_later(1h, [&] { ran.push_back("later"); });
  reactor.call_when_running([&] { reactor.stop(); });
  context.run();
  EXPECT_EQ(ran, (Names{"shutdown", "the application's"}));
}

TEST(ReactorInAnApplication, RunsTheWholeIoContextItself) {
  asio::io_context context;
  Reactor reactor(context);
  int slept = 0;
  asio::co_spawn(context, aio::sleep(1ms), [&](const std::exception_ptr&) {
    ++slept;
    reactor.stop();
  });
  reactor.run({.install_signal_handlers = false});
  EXPECT_EQ(slept, 1);
  int after = 0;
  asio::post(context, [&] { ++after; });
  context.run();  // it can be run on
  EXPECT_EQ(after, 1);
}

TEST(ReactorInAnApplication, CannotBeRunInsideOfIt) {
  asio::io_context context;
  Reactor reactor(context);
  int refused = 0;
  asio::post(context, [&] {
    try {
      reactor.run();
    } catch (const ReactorAlreadyRunning&) {
      ++refused;
    }
  });
  context.run();
  EXPECT_EQ(refused, 1);
}

TEST(ReactorInAnApplication, MayGoBeforeIt) {
  asio::io_context context;
  std::optional<Reactor> reactor(std::in_place, context);
  int calls = 0;
  reactor->call_later(0s, [&] { ++calls; });
  reactor->call_later(1ms, [&] { ++calls; });
  reactor->call_from_thread([&] { ++calls; });
  reactor.reset();
  context.run();
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace prometheus_async::tx
