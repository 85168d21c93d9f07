// SPDX-License-Identifier: Apache-2.0
//
// Cancellation: rules 29 to 38 of Twisted's Deferred, and the handles that C++ adds.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/tx/unhandled_failures.h"
#include "tx/cancel_handle.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/promise.h"

namespace prometheus_async::tx {
namespace {

using ::prometheus_async::testing::UnhandledFailures;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class T>
std::string outcome(Deferred<T>& d) {
  if (!d.has_result()) return "none";
  Result<T> result = *d.take_result();
  if (result.has_value()) return "value";
  if (result.failure().template check<CancelledError>() != nullptr) return "cancelled";
  return result.failure().get_error_message();
}

TEST(Cancel, WithoutACancellerGivesCancelledErrorToTheErrback) {
  Promise<int> promise;
  std::string log;
  auto d = promise.get_deferred()
               .add_callback([&](int n) { return log += "callback", n; })
               .add_errback<CancelledError>([&](const CancelledError&) { return log += "errback", 7; });
  d.cancel();
  EXPECT_EQ(log, "errback");
  EXPECT_EQ(**d.take_result(), 7);
}

TEST(Cancel, OneLateResultIsSwallowedTheSecondRaises) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.cancel();
  EXPECT_TRUE(promise.called());
  promise.callback(1);
  EXPECT_EQ(outcome(d), "cancelled");
  EXPECT_THROW(promise.callback(2), AlreadyCalledError);

  Promise<int> other;
  Deferred<int> e = other.get_deferred();
  e.cancel();
  other.errback(std::runtime_error("late"));
  EXPECT_THROW(other.errback(std::runtime_error("later")), AlreadyCalledError);
  EXPECT_EQ(outcome(e), "cancelled");
}

TEST(Cancel, RepeatedItChangesNothing) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  d.cancel();
  d.cancel();
  promise.callback(1);
  d.cancel();
  EXPECT_EQ(outcome(d), "cancelled");
}

TEST(Cancel, TheCancellerRunsOnce) {
  int calls = 0;
  Promise<int> promise([&] { ++calls; });
  Deferred<int> d = promise.get_deferred();
  d.cancel();
  d.cancel();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(outcome(d), "cancelled");
}

TEST(Cancel, AfterASilentCancellerTheNextResultRaises) {
  Promise<int> promise([] {});
  Deferred<int> d = promise.get_deferred();
  d.cancel();
  EXPECT_THROW(promise.callback(1), AlreadyCalledError);
  EXPECT_EQ(outcome(d), "cancelled");
}

TEST(Cancel, TheCancellerMayDecideTheOutcome) {
  Promise<int> promise([](Promise<int>& it) { it.callback(5); });
  Deferred<int> d = promise.get_deferred();
  d.cancel();
  EXPECT_EQ(**d.take_result(), 5);
  Promise<int> other([](Promise<int>& it) { it.errback(std::runtime_error("stopped")); });
  Deferred<int> e = other.get_deferred();
  e.cancel();
  EXPECT_EQ(outcome(e), "stopped");
  EXPECT_THROW(other.callback(1), AlreadyCalledError);
}

TEST(Cancel, AfterFiringItIsANoOp) {
  int calls = 0;
  Promise<int> promise([&] { ++calls; });
  Deferred<int> d = promise.get_deferred();
  promise.callback(1);
  d.cancel();
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(outcome(d), "value");
  Deferred<int> fired = succeed(1);
  fired.cancel();
  EXPECT_EQ(outcome(fired), "value");
}

TEST(Cancel, WaitingForAnotherOnlyThatOnesCancellerRuns) {
  std::string log;
  Promise<int> outer([&] { log += "outer"; });
  Promise<int> inner([&] { log += "inner"; });
  auto d = outer.get_deferred().add_callback([&](int) { return inner.get_deferred(); });
  outer.callback(1);
  d.cancel();
  EXPECT_EQ(log, "inner");
  EXPECT_EQ(outcome(d), "cancelled");
  EXPECT_THROW(inner.callback(1), AlreadyCalledError);
}

TEST(Cancel, TheInnerOnesErrbacksMayTurnItIntoSuccess) {
  Promise<int> outer;
  Promise<int> inner;
  auto d = outer.get_deferred().add_callback(
      [&](int) { return inner.get_deferred().add_errback<CancelledError>([](const CancelledError&) { return 3; }); });
  outer.callback(1);
  d.cancel();
  EXPECT_EQ(**d.take_result(), 3);
}

// The late result of the first Promise must not become that of the second, which the same Deferred waits for by then.
TEST(Cancel, ALateResultDoesNotReachWhatItWaitsForNow) {
  Promise<int> first;
  Promise<int> second;
  auto d = first.get_deferred().add_errback([&](Failure&&) { return second.get_deferred(); });
  d.cancel();
  EXPECT_EQ(outcome(d), "none");
  EXPECT_TRUE(first.called());
  EXPECT_FALSE(second.called());
  first.callback(1);
  EXPECT_EQ(outcome(d), "none");
  second.callback(2);
  EXPECT_EQ(**d.take_result(), 2);
}

TEST(Cancel, AnAbandonedPromiseDoesNotReachItEither) {
  std::optional<Promise<int>> first(std::in_place);
  Promise<int> second;
  auto d = first->get_deferred().add_errback([&](Failure&&) { return second.get_deferred(); });
  d.cancel();
  first.reset();
  EXPECT_EQ(outcome(d), "none");
  second.callback(2);
  EXPECT_EQ(outcome(d), "value");
}

TEST(Cancel, TheCancellerIsFreedWhenItFiresOrIsCancelled) {
  const auto token = std::make_shared<int>(0);
  Promise<int> fired([token] {});
  Deferred<int> d = fired.get_deferred();
  EXPECT_EQ(token.use_count(), 2);
  fired.callback(1);
  EXPECT_EQ(token.use_count(), 1);
  Promise<int> cancelled([token] {});
  Promise<int> next;
  Deferred<int> e = cancelled.get_deferred().add_errback([&](Failure&&) { return next.get_deferred(); });
  e.cancel();
  EXPECT_EQ(token.use_count(), 1) << "though the result is not final";
  Promise<int> replaced([token] {});
  replaced.on_cancel([] {});
  EXPECT_EQ(token.use_count(), 1);
}

// It is moved out before it is called, so that calling cancel() again, inside, finds none.
TEST(Cancel, ACancellerThatCancelsAgainEndsItWithCancelledError) {
  std::optional<Deferred<int>> d;
  int calls = 0;
  Promise<int> promise([&] {
    ++calls;
    d->cancel();
  });
  d = promise.get_deferred();
  d->cancel();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(outcome(*d), "cancelled");
}

TEST(Cancel, WhatACancellerThrowsComesOutAndThereIsNoResult) {
  Promise<int> promise([] { throw std::runtime_error("cannot"); });
  Deferred<int> d = promise.get_deferred();
  EXPECT_THROW(d.cancel(), std::runtime_error);
  EXPECT_EQ(outcome(d), "none");
  promise.callback(4);
  EXPECT_EQ(**d.take_result(), 4);
}

TEST(Cancel, ACancellerTooLargeForTheBlockWorks) {
  std::vector<std::string> log;
  const std::string long_one(100, 'x');
  struct {
    char bytes[500] = {'y'};
  } large;
  Promise<int> promise([&log, long_one, large] { log.push_back(long_one + large.bytes[0]); });
  Deferred<int> d = promise.get_deferred();
  d.cancel();
  EXPECT_THAT(log, ElementsAre(std::string(100, 'x') + "y"));
  EXPECT_EQ(outcome(d), "cancelled");
}

// --- Through a handle.

TEST(CancelHandle, CancelsADeferredThatWasMovedAway) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  const CancelHandle handle = d.cancel_handle();
  auto e = std::move(d).add_callback([](int n) { return std::to_string(n); });
  handle.cancel();
  EXPECT_EQ(outcome(e), "cancelled");
  handle.cancel();
}

TEST(CancelHandle, ReachesWhatItsDeferredWaitsFor) {
  Promise<int> first;
  Promise<int> second;
  Deferred<int> d = first.get_deferred();
  const CancelHandle handle = d.cancel_handle();
  first.callback(1);
  auto e = std::move(d).add_callback([&](int) { return second.get_deferred(); });
  handle.cancel();
  EXPECT_EQ(outcome(e), "cancelled");
}

// Given to another as its result, it is over when its own callbacks are; what comes after is another's.
TEST(CancelHandle, DoesNotReachBeyondItsOwnCallbacks) {
  Promise<int> outer;
  Promise<int> inner;
  Promise<int> next;
  Deferred<int> given = inner.get_deferred();
  const CancelHandle handle = given.cancel_handle();
  auto d = outer.get_deferred().add_callback([&](int) { return std::move(given); }).add_callback([&](int) {
    return next.get_deferred();
  });
  outer.callback(1);
  inner.callback(2);
  handle.cancel();
  EXPECT_EQ(outcome(d), "none");
  next.callback(3);
  EXPECT_EQ(**d.take_result(), 3);
}

TEST(CancelHandle, ReachesItsDeferredInsideOfAnother) {
  Promise<int> outer;
  Promise<int> inner;
  Deferred<int> given = inner.get_deferred().add_errback([](Failure&&) { return 9; });
  const CancelHandle handle = given.cancel_handle();
  auto d = outer.get_deferred().add_callback([&](int) { return std::move(given); });
  outer.callback(1);
  handle.cancel();
  EXPECT_EQ(**d.take_result(), 9);
}

TEST(CancelHandle, EmptyOrOverItDoesNothing) {
  CancelHandle().cancel();
  Deferred<int> fired = succeed(1);
  fired.cancel_handle().cancel();
  EXPECT_EQ(outcome(fired), "value");
  CancelHandle handle;
  {
    Promise<int> promise;
    Deferred<int> d = promise.get_deferred();
    handle = d.cancel_handle();
    promise.callback(1);
  }
  handle.cancel();
  const CancelHandle copy = handle;
  copy.cancel();
}

// The failure is reported when the Deferred goes, not when the last handle does.
TEST(CancelHandle, DoesNotDelayTheReportOfAFailure) {
  UnhandledFailures unhandled;
  Promise<int> promise;
  std::optional<Deferred<int>> d = promise.get_deferred();
  const CancelHandle handle = d->cancel_handle();
  promise.errback(std::runtime_error("lost"));
  EXPECT_THAT(unhandled.messages, IsEmpty());
  d.reset();
  EXPECT_THAT(unhandled.messages, ElementsAre("lost"));
}

}  // namespace
}  // namespace prometheus_async::tx
