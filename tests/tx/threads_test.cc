// SPDX-License-Identifier: Apache-2.0
#include "tx/threads.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "tx/defer_later.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/promise.h"
#include "tx/reactor.h"
#include "tx/result.h"
#include "tx/testing/result_of.h"
#include "tx/testing/unhandled_failures.h"

namespace prometheus_async::tx {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

class ThreadsTest : public ::testing::Test {
 protected:
  void run() { reactor_.run({.install_signal_handlers = false}); }
  // Runs until the Deferred has its result.
  template <class T>
  Result<T> finish(Deferred<T> deferred) {
    std::optional<Result<T>> result;
    static_cast<void>(std::move(deferred).add_both([&](Result<T>&& outcome) {
      result.emplace(std::move(outcome));
      reactor_.crash();
    }));
    run();
    return *std::move(result);
  }

  Reactor reactor_;
};

// A value of which the test knows on which thread it is destroyed.
struct Witness {
  explicit Witness(std::thread::id* id) : id_(id) {}
  Witness(Witness&& other) noexcept : id_(std::exchange(other.id_, nullptr)) {}
  Witness& operator=(Witness&&) = delete;
  ~Witness() {
    if (id_ != nullptr) *id_ = std::this_thread::get_id();
  }

 private:
  std::thread::id* id_;
};

// --- call_from_thread.

TEST_F(ThreadsTest, CallsFromOtherThreadsInTheirOrder) {
  std::vector<int> seen;
  std::thread thread([&] {
    for (int i = 0; i < 1000; ++i) {
      reactor_.call_from_thread([&seen](int number) { seen.push_back(number); }, i);
    }
    reactor_.call_from_thread([&] { reactor_.stop(); });
  });
  run();
  thread.join();
  ASSERT_EQ(seen.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_F(ThreadsTest, CallsFromManyThreadsAtOnce) {
  int calls = 0;  // of the loop's thread alone
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        reactor_.call_from_thread([&] {
          if (++calls == 2000) reactor_.stop();
        });
      }
    });
  }
  run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(calls, 2000);
}

TEST_F(ThreadsTest, CallsInALaterTurnAlsoFromTheLoop) {
  Names ran;
  reactor_.call_later(0s, [&] {
    reactor_.call_from_thread([&] {
      ran.push_back("call");
      reactor_.call_from_thread([&] { reactor_.stop(); });
      ran.push_back("call returned");
    });
    ran.push_back("delayed call returned");
  });
  run();
  EXPECT_EQ(ran, (Names{"delayed call returned", "call", "call returned"}));
}

TEST_F(ThreadsTest, ReportsACallThatThrowsAndGoesOn) {
  reactor_.call_from_thread([] { throw std::runtime_error("no"); });
  reactor_.call_from_thread([&] { reactor_.stop(); });
  run();
  EXPECT_EQ(testing::flush_logged_errors<std::runtime_error>().size(), 1U);
}

TEST_F(ThreadsTest, DropsCallsThatComeAfterTheStop) {
  reactor_.call_from_thread([&] { reactor_.stop(); });
  run();
  int calls = 0;
  std::thread([&] { reactor_.call_from_thread([&] { ++calls; }); }).join();
  reactor_.context().restart();
  reactor_.context().run();
  EXPECT_EQ(calls, 0);
}

// A promise is its thread's, so a call that is not run any more is destroyed there.
TEST(ThreadsEnd, DestroysWhatComesAfterTheStopOnTheLoopsThread) {
  std::thread::id destroyed_on;
  std::optional<Reactor> reactor(std::in_place);
  reactor->call_from_thread([&] { reactor->stop(); });
  reactor->run({.install_signal_handlers = false});
  std::thread([&] { reactor->call_from_thread([witness = Witness(&destroyed_on)] {}); }).join();
  EXPECT_EQ(destroyed_on, std::thread::id());
  reactor.reset();
  EXPECT_EQ(destroyed_on, std::this_thread::get_id());
}

TEST_F(ThreadsTest, KnowsTheReactorsThread) {
  EXPECT_FALSE(reactor_.is_in_reactor_thread());
  bool in_loop = false;
  bool in_thread = true;
  reactor_.call_in_thread([&] {
    in_thread = reactor_.is_in_reactor_thread();
    reactor_.call_from_thread([&] {
      in_loop = reactor_.is_in_reactor_thread();
      reactor_.stop();
    });
  });
  run();
  EXPECT_TRUE(in_loop);
  EXPECT_FALSE(in_thread);
}

// --- call_in_thread and the pool.

TEST_F(ThreadsTest, CallsInAThreadOnceTheReactorRuns) {
  std::atomic<int> calls = 0;
  reactor_.call_in_thread([&](int by) { calls += by; }, 7);
  EXPECT_EQ(calls, 0);
  reactor_.call_when_running([&] { reactor_.stop(); });
  run();
  EXPECT_EQ(calls, 7);  // the stop waited for it
}

TEST_F(ThreadsTest, ReportsAFunctionInAThreadThatThrows) {
  reactor_.call_in_thread([] { throw std::runtime_error("no"); });
  reactor_.call_when_running([&] { reactor_.stop(); });
  run();
  EXPECT_EQ(testing::flush_logged_errors<std::runtime_error>().size(), 1U);
}

// As many at a time as there are threads: each waits for the others.
TEST_F(ThreadsTest, HasAsManyThreadsAsSuggested) {
  reactor_.suggest_thread_pool_size(3);
  std::mutex mutex;
  std::condition_variable changed;
  int there = 0;
  for (int i = 0; i < 3; ++i) {
    reactor_.call_in_thread([&] {
      std::unique_lock lock(mutex);
      ++there;
      changed.notify_all();
      changed.wait(lock, [&] { return there == 3; });
    });
  }
  reactor_.call_when_running([&] {
    EXPECT_THROW(reactor_.suggest_thread_pool_size(4), std::logic_error);
    reactor_.stop();
  });
  run();
  EXPECT_EQ(there, 3);
}

TEST_F(ThreadsTest, RefusesAPoolWithoutThreads) {
  EXPECT_THROW(reactor_.suggest_thread_pool_size(0), std::invalid_argument);
}

TEST_F(ThreadsTest, WaitsForItsThreadsWhenItStops) {
  bool had_finished = false;
  std::atomic<bool> has_finished = false;
  std::promise<void> go;
  reactor_.call_in_thread([&] {
    go.get_future().wait();
    has_finished = true;
  });
  reactor_.add_system_event_trigger(Phase::kDuring, SystemEvent::kShutdown, [&] {
    reactor_.call_later(1ms, [&] { go.set_value(); });  // the loop goes on while it waits
  });
  reactor_.add_system_event_trigger(Phase::kAfter, SystemEvent::kShutdown, [&] { had_finished = has_finished; });
  reactor_.call_when_running([&] { reactor_.stop(); });
  run();
  EXPECT_TRUE(had_finished);
  EXPECT_THROW(reactor_.call_in_thread([] {}), ReactorNotRunning);
}

TEST_F(ThreadsTest, TakesResultsOfThreadsWhileItStops) {
  Names ran;
  Deferred<void> second = succeed();
  reactor_.call_when_running([&] {
    second = defer_to_thread(reactor_, [] { return 1; })
                 .add_callback([&](int) {
                   ran.push_back("first");
                   return defer_to_thread(reactor_, [] { return 2; });
                 })
                 .add_callback([&](int) { ran.push_back("second"); });
    reactor_.stop();
  });
  reactor_.add_system_event_trigger(Phase::kAfter, SystemEvent::kShutdown, [&] { ran.push_back("after"); });
  run();
  EXPECT_EQ(ran, (Names{"first", "second", "after"}));
}

// It has come back from the thread, but not to the loop, when the stop comes to wait for threads.
TEST_F(ThreadsTest, TakesAResultThatIsOnItsWayWhenItStops) {
  reactor_.suggest_thread_pool_size(1);
  std::promise<void> is_on_its_way;
  Deferred<int> answer = succeed(0);
  reactor_.add_system_event_trigger(Phase::kDuring, SystemEvent::kShutdown, [&] {
    answer = defer_to_thread(reactor_, [] { return 42; });
    reactor_.call_in_thread([&] { is_on_its_way.set_value(); });  // after the other: there is one thread
    is_on_its_way.get_future().wait();
  });
  reactor_.call_when_running([&] { reactor_.stop(); });
  run();
  EXPECT_EQ(testing::success_result_of(answer), 42);
}

TEST(ThreadsInAnApplication, KeepTheIoContextRunningUntilTheyAreDone) {
  asio::io_context context;
  Reactor reactor(context);
  Deferred<int> answer = defer_to_thread(reactor, [] { return 42; });
  context.run();
  EXPECT_EQ(testing::success_result_of(answer), 42);
}

// --- defer_to_thread.

// The header's example.
TEST_F(ThreadsTest, DefersToAThread) {
  Reactor& reactor = reactor_;
  using Hash = std::string;
  std::thread::id hashed_on;
  Hash kept;
  std::thread::id stored_on;
  const auto hash = [&](const std::string& text) {
    hashed_on = std::this_thread::get_id();
    return "hash of " + text;
  };
  const auto store = [&](Hash what) {
    kept = std::move(what);
    stored_on = std::this_thread::get_id();
  };
  const std::string password = "secret";
  tx::Deferred<void> stored = tx::defer_to_thread(reactor, hash, password).add_callback(store);
  finish(std::move(stored)).value();
  EXPECT_EQ(kept, "hash of secret");
  EXPECT_EQ(stored_on, std::this_thread::get_id());
  EXPECT_NE(hashed_on, std::this_thread::get_id());
}

TEST_F(ThreadsTest, FailsWithWhatTheFunctionThrows) {
  const Result<void> result = finish(defer_to_thread(reactor_, [] { throw std::runtime_error("no"); }));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.failure().get_error_message(), "no");
}

TEST_F(ThreadsTest, TakesAResultFromAThread) {
  const auto half = [](int number) -> Result<int> {
    if (number % 2 != 0) return Failure::make<std::invalid_argument>("odd");
    return number / 2;
  };
  EXPECT_EQ(finish(defer_to_thread(reactor_, half, 8)).value(), 4);
  EXPECT_NE(finish(defer_to_thread(reactor_, half, 7)).failure().check<std::invalid_argument>(), nullptr);
}

TEST_F(ThreadsTest, DefersWhatCannotBeCopied) {
  const auto twice = [](std::unique_ptr<int> number) { return std::make_unique<int>(2 * *number); };
  EXPECT_EQ(*finish(defer_to_thread(reactor_, twice, std::make_unique<int>(4))).value(), 8);
}

TEST_F(ThreadsTest, DestroysTheArgumentsOnTheThread) {
  std::thread::id ran_on;
  std::thread::id destroyed_on;
  finish(defer_to_thread(
             reactor_, [&ran_on](Witness&&) { ran_on = std::this_thread::get_id(); }, Witness(&destroyed_on)))
      .value();
  reactor_.call_from_thread([&] { reactor_.stop(); });
  run();
  EXPECT_EQ(destroyed_on, ran_on);
}

TEST_F(ThreadsTest, IsCancelledAtOnceAndDropsTheLateResult) {
  std::promise<void> go;
  Deferred<int> answer = defer_to_thread(reactor_, [&] {
    go.get_future().wait();
    return 42;
  });
  answer.cancel();
  testing::failure_result_of<CancelledError>(answer);
  go.set_value();
  reactor_.call_when_running([&] { reactor_.stop(); });
  run();
}

TEST_F(ThreadsTest, FailsAfterTheStop) {
  reactor_.call_when_running([&] { reactor_.stop(); });
  run();
  testing::failure_result_of<ReactorNotRunning>(defer_to_thread(reactor_, [] {}));
}

// Their promises are fired, as abandoned, where they were made.
TEST(ThreadsEnd, AbandonsWhatIsInTheThreadsOrComesBackWhenItIsDestroyed) {
  std::optional<Reactor> reactor(std::in_place);
  reactor->suggest_thread_pool_size(1);
  std::promise<void> started;
  std::promise<void> go;
  Deferred<int> running = defer_to_thread(*reactor, [&] {
    started.set_value();
    go.get_future().wait();
    return 1;
  });
  Deferred<int> queued = defer_to_thread(*reactor, [] { return 2; });
  reactor->call_when_running([&] {
    started.get_future().wait();
    reactor->crash();
  });
  reactor->run({.install_signal_handlers = false});
  go.set_value();
  reactor.reset();
  testing::failure_result_of<AbandonedError>(running);
  testing::failure_result_of<AbandonedError>(queued);
}

TEST_F(ThreadsTest, DefersToAPoolOfTheCallers) {
  asio::thread_pool pool(1);
  EXPECT_EQ(finish(defer_to_thread_pool(reactor_, pool, [](int number) { return 2 * number; }, 4)).value(), 8);
  const Result<int> failed =
      finish(defer_to_thread_pool(reactor_, pool, []() -> int { throw std::runtime_error("no"); }));
  EXPECT_FALSE(failed.has_value());
  pool.join();
}

// --- blocking_call_from_thread.

TEST_F(ThreadsTest, BlocksForAValue) {
  EXPECT_EQ(finish(defer_to_thread(reactor_,
                                   [&] {
                                     return blocking_call_from_thread(
                                         reactor_,
                                         [&](int number) {
                                           EXPECT_TRUE(reactor_.is_in_reactor_thread());
                                           return 2 * number;
                                         },
                                         4);
                                   }))
                .value(),
            8);
}

// The header's example.
TEST_F(ThreadsTest, BlocksForADeferred) {
  Reactor& reactor = reactor_;
  using Page = std::string;
  const std::string url = "a";
  const auto fetch = [&](const std::string& from) {
    return defer_later(reactor_, 1ms, [from] { return "page of " + from; });
  };
  const auto work = [&] {
    Page page = tx::blocking_call_from_thread(reactor, fetch, url);
    return page;
  };
  EXPECT_EQ(finish(defer_to_thread(reactor_, work)).value(), "page of a");
}

// A lambda with captures, which lives on while it waits.
TEST_F(ThreadsTest, BlocksForACoroutine) {
  const auto work = [&] {
    return blocking_call_from_thread(
        reactor_, [this, text = std::string("a text that needs memory of its own")]() -> Deferred<std::string> {
          co_await defer_later(reactor_, 1ms);
          co_return text;
        });
  };
  EXPECT_EQ(finish(defer_to_thread(reactor_, work)).value(), "a text that needs memory of its own");
}

TEST_F(ThreadsTest, ThrowsInTheThreadWhatTheLoopThrows) {
  const auto work = [&] { blocking_call_from_thread(reactor_, [] { throw std::out_of_range("no"); }); };
  EXPECT_NE(finish(defer_to_thread(reactor_, work)).failure().check<std::out_of_range>(), nullptr);
  const auto fails = [&] {
    return blocking_call_from_thread(reactor_, [] { return fail<int>(std::out_of_range("no")); });
  };
  EXPECT_NE(finish(defer_to_thread(reactor_, fails)).failure().check<std::out_of_range>(), nullptr);
}

TEST_F(ThreadsTest, RefusesToBlockTheLoop) {
  int refused = 0;
  reactor_.call_when_running([&] {
    try {
      blocking_call_from_thread(reactor_, [] {});
    } catch (const std::logic_error&) {
      ++refused;
    }
    reactor_.stop();
  });
  run();
  EXPECT_EQ(refused, 1);
}

TEST_F(ThreadsTest, RefusesToBlockForAStoppedReactor) {
  reactor_.call_when_running([&] { reactor_.stop(); });
  run();
  int refused = 0;
  std::thread([&] {
    try {
      blocking_call_from_thread(reactor_, [] {});
    } catch (const ReactorNotRunning&) {
      ++refused;
    }
  }).join();
  EXPECT_EQ(refused, 1);
}

// A thread of the pool that waits for the loop does not keep the loop from ending.
TEST_F(ThreadsTest, AnswersBlockedThreadsWhileItStops) {
  std::atomic<int> answer = 0;
  reactor_.call_in_thread([&] {
    answer = blocking_call_from_thread(reactor_, [&] { return defer_later(reactor_, 1ms, [] { return 42; }); });
  });
  reactor_.call_when_running([&] { reactor_.stop(); });
  run();
  EXPECT_EQ(answer, 42);
}

// Nor one that crashed, and is destroyed.
TEST(ThreadsEnd, LetsBlockedThreadsGoWhenItIsDestroyed) {
  std::optional<Reactor> reactor(std::in_place);
  std::atomic<int> abandoned = 0;
  const auto block = [&](auto function) {
    return [&, function] {
      try {
        blocking_call_from_thread(*reactor, function);
      } catch (const AbandonedError&) {
        ++abandoned;
      } catch (const ReactorNotRunning&) {
        ++abandoned;
      }
    };
  };
  reactor->call_in_thread(block([&] {
    reactor->crash();
    return defer_later(*reactor, 1h);  // dropped while the thread waits for it
  }));
  reactor->run({.install_signal_handlers = false});
  std::promise<void> started;
  reactor->call_in_thread([&] {
    started.set_value();
    block([] {})();  // not called any more
  });
  started.get_future().wait();
  reactor.reset();
  EXPECT_EQ(abandoned, 2);
}

}  // namespace
}  // namespace prometheus_async::tx
