// SPDX-License-Identifier: Apache-2.0
//
// Functions that return a Deferred and await others: Twisted's inlineCallbacks, rules 59 to 67.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/task.h"
#include "tests/tx/unhandled_failures.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/promise.h"

namespace prometheus_async::tx {
namespace {

using ::prometheus_async::testing::Task;
using ::prometheus_async::testing::UnhandledFailures;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class T>
std::string outcome(Deferred<T>& d) {
  if (!d.has_result()) return "none";
  Result<T> result = *d.take_result();
  if (!result.has_value()) return result.failure().get_error_message();
  if constexpr (std::is_same_v<T, int>) {
    return std::to_string(*result);
  } else {
    return "value";
  }
}

Deferred<int> add_one(Deferred<int> d) { co_return co_await std::move(d) + 1; }

Deferred<int> plain(int n) { co_return n; }

Deferred<int> raise(std::string what) {
  throw std::runtime_error(what);
  co_return 0;
}

TEST(Coroutine, GivesItsValueOrItsException) {
  Deferred<int> value = plain(3);
  EXPECT_EQ(outcome(value), "3");
  Deferred<int> thrown = raise("sync");
  EXPECT_EQ(outcome(thrown), "sync");

  Promise<int> promise;
  Deferred<int> later = add_one(promise.get_deferred());
  EXPECT_EQ(outcome(later), "none");
  promise.callback(1);
  EXPECT_EQ(outcome(later), "2");

  Promise<int> failing;
  Deferred<int> failed = add_one(failing.get_deferred());
  failing.errback(std::runtime_error("async"));
  EXPECT_EQ(outcome(failed), "async");
}

Deferred<int> recover(Deferred<int> d) {
  try {
    co_return co_await std::move(d);
  } catch (const std::runtime_error& error) {
    co_return -1;
  }
}

TEST(Coroutine, WhatItCatchesIsASuccess) {
  Deferred<int> fired = recover(fail<int>(std::runtime_error("x")));
  EXPECT_EQ(outcome(fired), "-1");
  Promise<int> promise;
  Deferred<int> later = recover(promise.get_deferred());
  promise.errback(std::runtime_error("x"));
  EXPECT_EQ(outcome(later), "-1");
}

Deferred<std::string> look(Deferred<int> d) {
  Result<int> result = co_await as_result(std::move(d));
  if (!result) co_return "failure " + result.failure().get_error_message();
  co_return "value " + std::to_string(*result);
}

TEST(Coroutine, AsResultAwaitsWithoutAThrow) {
  EXPECT_EQ(**look(fail<int>(std::runtime_error("f"))).take_result(), "failure f");
  EXPECT_EQ(**look(succeed(2)).take_result(), "value 2");
  Promise<int> promise;
  Deferred<std::string> later = look(promise.get_deferred());
  promise.errback(std::runtime_error("late"));
  EXPECT_EQ(**later.take_result(), "failure late");
}

Deferred<int> return_failure(bool fails) {
  if (fails) co_return Failure::make<std::runtime_error>("returned");
  co_return Result<int>(4);
}

TEST(Coroutine, MayReturnAFailureOrAResult) {
  Deferred<int> failed = return_failure(true);
  EXPECT_EQ(outcome(failed), "returned");
  Deferred<int> value = return_failure(false);
  EXPECT_EQ(outcome(value), "4");
}

Deferred<void> nothing(Deferred<void> d, std::string& log) {
  co_await std::move(d);
  log += "done";
}

TEST(Coroutine, OfVoid) {
  std::string log;
  Promise<void> promise;
  Deferred<void> d = nothing(promise.get_deferred(), log);
  promise.callback();
  EXPECT_EQ(log, "done");
  EXPECT_TRUE(d.take_result()->has_value());
}

TEST(Coroutine, MoveOnlyResults) {
  const auto make = [](Deferred<int> d) -> Deferred<std::unique_ptr<int>> {
    co_return std::make_unique<int>(co_await std::move(d));
  };
  Promise<int> promise;
  Deferred<std::unique_ptr<int>> d = make(promise.get_deferred());
  promise.callback(6);
  EXPECT_EQ(***d.take_result(), 6);
}

TEST(Coroutine, NestedTheOrderOfEntryAndExitIsExact) {
  std::vector<std::string> order;
  Promise<int> promise;
  const auto inner = [&order](Deferred<int> d) -> Deferred<int> {
    order.push_back("inner in");
    const int n = co_await std::move(d);
    order.push_back("inner out");
    co_return n;
  };
  const auto outer = [&order, &inner](Deferred<int> source) -> Deferred<int> {
    order.push_back("outer in");
    Deferred<int> d = inner(std::move(source)).tap([&order](const Result<int>&) { order.push_back("between"); });
    const int n = co_await std::move(d);
    order.push_back("outer out");
    co_return n;
  };
  Deferred<int> d = outer(promise.get_deferred()).tap([&](const Result<int>&) { order.push_back("after"); });
  order.push_back("caller");
  promise.callback(1);
  order.push_back("fired");
  EXPECT_THAT(order,
              ElementsAre("outer in", "inner in", "caller", "inner out", "between", "outer out", "after", "fired"));
}

TEST(Coroutine, ItsDeferredTakesCallbacksLikeAnyOther) {
  Promise<int> promise;
  Promise<int> inner;
  auto d = add_one(promise.get_deferred())
               .add_callback([&](int n) { return inner.get_deferred().add_callback([n](int m) { return n * m; }); })
               .add_callback([](int n) { return n + 1; });
  promise.callback(1);
  inner.callback(10);
  EXPECT_EQ(outcome(d), "21");
}

TEST(Coroutine, ItsDeferredMayBeReturnedFromACallback) {
  Promise<int> outer;
  Promise<int> inner;
  auto d =
      outer.get_deferred().add_callback([&](int) { return add_one(inner.get_deferred()); }).add_callback([](int n) {
        return n * 2;
      });
  outer.callback(0);
  inner.callback(4);
  EXPECT_EQ(outcome(d), "10");
}

TEST(Coroutine, ResumesInsideTheCallThatFires) {
  Promise<int> promise;
  bool resumed = false;
  const auto wait = [&resumed](Deferred<int> d) -> Deferred<void> {
    co_await std::move(d);
    resumed = true;
  };
  Deferred<void> d = wait(promise.get_deferred());
  promise.callback(1);
  EXPECT_TRUE(resumed);
}

TEST(Coroutine, GoesOnWithoutItsOwner) {
  Promise<int> promise;
  std::string log;
  const auto wait = [&log](Deferred<int> d) -> Deferred<void> { log += std::to_string(co_await std::move(d)); };
  (void)wait(promise.get_deferred());
  promise.callback(8);
  EXPECT_EQ(log, "8");
}

TEST(Coroutine, AFailureThatNobodyTakesIsReported) {
  UnhandledFailures unhandled;
  Promise<int> promise;
  (void)add_one(promise.get_deferred());
  promise.errback(std::runtime_error("lost"));
  EXPECT_THAT(unhandled.messages, ElementsAre("lost"));
}

TEST(Coroutine, LocalsAreFreedWhenItEndsAndArgumentsWhenItsResultIsTaken) {
  const auto local = std::make_shared<int>(0);
  const auto argument = std::make_shared<int>(0);
  const auto wait = [&local](Deferred<int> d, std::shared_ptr<int> kept) -> Deferred<int> {
    const std::shared_ptr<int> mine = local;
    co_return co_await std::move(d) + *kept;
  };
  Promise<int> promise;
  Deferred<int> d = wait(promise.get_deferred(), argument);
  EXPECT_EQ(local.use_count(), 2);
  promise.callback(1);
  EXPECT_EQ(local.use_count(), 1);
  EXPECT_EQ(outcome(d), "1");
  EXPECT_EQ(argument.use_count(), 1);
}

TEST(Coroutine, AbandonedByItsProducerItEnds) {
  UnhandledFailures unhandled;
  std::optional<Promise<int>> promise(std::in_place);
  Deferred<int> d = add_one(promise->get_deferred());
  promise.reset();
  EXPECT_THAT(outcome(d), HasSubstr("destroyed before it fired"));
  EXPECT_THAT(unhandled.messages, IsEmpty());
}

TEST(Coroutine, AwaitingTwiceRaises) {
  const auto twice = [](Deferred<int> d) -> Deferred<int> {
    const int first = co_await std::move(d);
    co_return first + co_await std::move(d);
  };
  Deferred<int> d = twice(succeed(1));
  EXPECT_THAT(outcome(d), HasSubstr("co_await on a Deferred"));
}

TEST(Coroutine, AwaitsAPausedDeferredUntilItIsUndone) {
  Deferred<int> fired = succeed(1);
  Pause pause = fired.pause();
  Deferred<int> d = add_one(std::move(fired));
  EXPECT_EQ(outcome(d), "none");
  pause.unpause();
  EXPECT_EQ(outcome(d), "2");
}

TEST(Coroutine, ALocalWhoseDestructorThrowsAfterTheReturnIsAFailure) {
  struct Throws {
    ~Throws() noexcept(false) { throw std::runtime_error("destructor"); }
  };
  const auto returns = []() -> Deferred<std::string> {
    const Throws throws;
    co_return std::string(100, 'x');
  };
  Deferred<std::string> d = returns();
  EXPECT_EQ(outcome(d), "destructor");
}

// --- Cancellation: 63 to 66.

TEST(Coroutine, CancellingItCancelsWhatItAwaitsThroughNesting) {
  int calls = 0;
  Promise<int> promise([&] { ++calls; });
  Deferred<int> d = add_one(add_one(add_one(promise.get_deferred())));
  d.cancel();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(outcome(d), "the Deferred was cancelled");
}

TEST(Coroutine, WhatItDoesWithTheErrorIsTheOutcome) {
  const auto wait = [](Deferred<int> d, int choice) -> Deferred<int> {
    try {
      co_return co_await std::move(d);
    } catch (const CancelledError&) {
      if (choice == 0) throw;
      if (choice == 1) throw std::runtime_error("another");
    }
    co_return 7;
  };
  const auto cancelled = [&](int choice) {
    Promise<int> promise;
    Deferred<int> d = wait(promise.get_deferred(), choice);
    d.cancel();
    return outcome(d);
  };
  EXPECT_EQ(cancelled(0), "the Deferred was cancelled");
  EXPECT_EQ(cancelled(1), "another");
  EXPECT_EQ(cancelled(2), "7");
}

TEST(Coroutine, HasNoResultUntilTheAwaitedOneHandledItsCancellation) {
  Promise<int> promise;
  Promise<int> handling;
  Deferred<int> d = add_one(promise.get_deferred().add_errback([&](Failure&&) { return handling.get_deferred(); }));
  d.cancel();
  EXPECT_EQ(outcome(d), "none");
  handling.callback(1);
  EXPECT_EQ(outcome(d), "2");
}

TEST(Coroutine, ASecondCancelHitsTheSecondAwait) {
  Promise<int> first;
  Promise<int> second;
  const auto wait = [](Deferred<int> a, Deferred<int> b) -> Deferred<int> {
    try {
      co_await std::move(a);
    } catch (const CancelledError&) {
    }
    co_return co_await std::move(b);
  };
  Deferred<int> d = wait(first.get_deferred(), second.get_deferred());
  d.cancel();
  EXPECT_EQ(outcome(d), "none");
  d.cancel();
  EXPECT_EQ(outcome(d), "the Deferred was cancelled");
}

TEST(Coroutine, CancelledWhileItRunsNothingHappens) {
  std::optional<Deferred<int>> d;
  const auto wait = [&d](Deferred<int> source) -> Deferred<int> {
    const int n = co_await std::move(source);
    d->cancel();
    co_return n;
  };
  Promise<int> promise;
  d = wait(promise.get_deferred());
  promise.callback(3);
  EXPECT_EQ(outcome(*d), "3");
}

TEST(Coroutine, ReturnedFromACallbackItIsStillCancelled) {
  int calls = 0;
  Promise<int> outer;
  Promise<int> inner([&] { ++calls; });
  auto d = outer.get_deferred().add_callback([&](int) { return add_one(inner.get_deferred()); });
  outer.callback(0);
  d.cancel();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(outcome(d), "the Deferred was cancelled");
}

// --- In coroutines of another kind.

Task<int> foreign(Deferred<int> d) { co_return co_await std::move(d) + 1; }

TEST(Coroutine, ADeferredIsAwaitedByAnyCoroutine) {
  Promise<int> promise;
  Task<int> task = foreign(promise.get_deferred());
  task.start();
  EXPECT_FALSE(task.done());
  promise.callback(4);
  EXPECT_EQ(task.result(), 5);
}

TEST(Coroutine, AnAwaiterThatNobodyAwaitsLeavesTheDeferredAlone) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred().add_callback([](int n) { return n + 1; });
  {
    [[maybe_unused]] const auto awaiter = std::move(d).operator co_await();
  }
  promise.callback(1);
  EXPECT_EQ(outcome(d), "2");
}

TEST(Coroutine, AnotherKindOfCoroutineMayBeDestroyedWhileItWaits) {
  Promise<int> promise;
  {
    Task<int> task = foreign(promise.get_deferred().tap([](const Result<int>&) {}));
    task.start();
  }
  promise.callback(4);
}

}  // namespace
}  // namespace prometheus_async::tx
