// SPDX-License-Identifier: Apache-2.0
#include "tx/fork.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/promise.h"
#include "tx/testing/result_of.h"
#include "tx/testing/unhandled_failures.h"

namespace prometheus_async::tx {
namespace {

using testing::assert_no_result;
using testing::failure_result_of;
using testing::flush_logged_errors;
using testing::success_result_of;

TEST(ForkExample, StartsTwoThings) {
  using Config = std::string;
  Promise<Config> file;
  const auto load_config = [&] { return file.get_deferred(); };
  std::vector<Config> started;
  const auto start = [&](Deferred<Config> config) {
    static_cast<void>(std::move(config).add_callback([&](Config text) { started.push_back(std::move(text)); }));
  };
  const auto start_workers = start;
  const auto start_server = start;

  tx::SharedDeferred<Config> config = tx::fork(load_config());
  start_workers(config.get());
  start_server(config.get());

  file.callback("port = 80");
  EXPECT_EQ(started, (std::vector<Config>{"port = 80", "port = 80"}));
}

TEST(Fork, FiresItsWaitersInOrder) {
  Promise<int> promise;
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  std::string order;
  auto first = shared.get().add_callback([&](int) { order += "1"; });
  auto second = shared.get().add_callback([&](int) { order += "2"; });
  EXPECT_FALSE(shared.has_result());
  promise.callback(5);
  EXPECT_EQ(order, "12");
  EXPECT_TRUE(shared.has_result());
}

TEST(Fork, GivesEachWaiterItsOwnCopy) {
  Promise<std::string> promise;
  const SharedDeferred<std::string> shared = fork(promise.get_deferred());
  auto first = shared.get().add_callback([](std::string text) { return text += "!"; });
  auto second = shared.get();
  promise.callback("text");
  EXPECT_EQ(success_result_of(first), "text!");
  EXPECT_EQ(success_result_of(second), "text");
}

TEST(Fork, GivesALaterWaiterTheResultAtOnce) {
  Promise<int> promise;
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  promise.callback(5);
  EXPECT_EQ(success_result_of(shared.get()), 5);
  EXPECT_EQ(success_result_of(shared.get()), 5);
  EXPECT_EQ(success_result_of(fork(succeed(6)).get()), 6);
}

TEST(Fork, OfNoValue) {
  Promise<void> promise;
  const SharedDeferred<void> shared = fork(promise.get_deferred());
  Deferred<void> waiter = shared.get();
  promise.callback();
  success_result_of(waiter);
  success_result_of(shared.get());
}

TEST(Fork, AWaiterGotByACallbackOfAnotherFiresAfterThoseBefore) {
  Promise<int> promise;
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  std::string order;
  auto first = shared.get().add_callback([&](int) {
    order += "1";
    static_cast<void>(shared.get().add_callback([&](int) { order += "3"; }));
    order += "-";
  });
  auto second = shared.get().add_callback([&](int) { order += "2"; });
  promise.callback(5);
  EXPECT_EQ(order, "1-23");
}

TEST(Fork, GivesEachWaiterTheFailure) {
  Promise<int> promise;
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  auto first = shared.get();
  auto second = shared.get();
  const Failure failure = Failure::make<std::runtime_error>("no");
  promise.errback(failure);
  EXPECT_EQ(failure_result_of(first).value(), failure.value());
  EXPECT_EQ(failure_result_of(second).value(), failure.value());
  EXPECT_EQ(failure_result_of(shared.get()).value(), failure.value());
}

struct Uncopyable {
  Uncopyable() = default;
  Uncopyable(Uncopyable&&) noexcept = default;
  Uncopyable(const Uncopyable&) { throw std::domain_error("no copy"); }
};

TEST(Fork, ACopyThatThrowsIsThatWaitersFailure) {
  Promise<Uncopyable> promise;
  const SharedDeferred<Uncopyable> shared = fork(promise.get_deferred());
  auto before = shared.get();
  promise.callback(Uncopyable());
  failure_result_of<std::domain_error>(before);
  failure_result_of<std::domain_error>(shared.get());
}

TEST(Fork, OutlivesItsHandles) {
  Promise<int> promise;
  std::optional<SharedDeferred<int>> shared(fork(promise.get_deferred()));
  auto waiter = shared->get();
  shared.reset();
  promise.callback(5);
  EXPECT_EQ(success_result_of(waiter), 5);
}

TEST(Fork, CopiesShareTheDeferred) {
  Promise<int> promise;
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  const SharedDeferred<int> copy = shared;  // NOLINT(performance-unnecessary-copy-initialization)
  auto waiter = copy.get();
  promise.callback(5);
  EXPECT_EQ(success_result_of(waiter), 5);
}

TEST(Fork, RefusesAHandleThatWasMovedAway) {
  SharedDeferred<int> shared = fork(succeed(1));
  const SharedDeferred<int> moved = std::move(shared);
  EXPECT_THROW(static_cast<void>(shared.get()), MovedFromError);  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(shared.cancel(), MovedFromError);
  EXPECT_THROW(static_cast<void>(shared.has_result()), MovedFromError);
}

// --- Cancelling

TEST(ForkCancel, TakesOneWaiterAway) {
  Promise<int> promise;
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  auto first = shared.get();
  auto second = shared.get();
  first.cancel();
  failure_result_of<CancelledError>(first);
  EXPECT_FALSE(promise.called());
  promise.callback(5);
  EXPECT_EQ(success_result_of(second), 5);
}

TEST(ForkCancel, OfTheLastWaiterCancelsTheSource) {
  int cancelled = 0;
  Promise<int> promise([&] { ++cancelled; });
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  auto first = shared.get();
  auto second = shared.get();
  first.cancel();
  EXPECT_EQ(cancelled, 0);
  second.cancel();
  EXPECT_EQ(cancelled, 1);
  failure_result_of<CancelledError>(first);
  failure_result_of<CancelledError>(second);
  failure_result_of<CancelledError>(shared.get());
}

TEST(ForkCancel, LeavesNothingToReport) {
  Promise<int> promise;
  {
    fork(promise.get_deferred()).get().add_errback<CancelledError>([](const CancelledError&) { return 0; }).cancel();
  }
  EXPECT_TRUE(promise.called());
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST(ForkCancel, AnswersACallbackThatAsksAgain) {
  int cancelled = 0;
  Promise<int> promise([&] { ++cancelled; });
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  auto waiter = shared.get().add_errback<CancelledError>([&](const CancelledError&) { return shared.get(); });
  waiter.cancel();
  EXPECT_EQ(cancelled, 0);
  promise.callback(5);
  EXPECT_EQ(success_result_of(waiter), 5);
}

TEST(ForkCancel, PassesOnWhatTheCancellerThrows) {
  Promise<int> promise([] { throw std::domain_error("cannot"); });
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  auto waiter = shared.get();
  EXPECT_THROW(waiter.cancel(), std::domain_error);
  failure_result_of<CancelledError>(waiter);
  promise.callback(5);
  EXPECT_EQ(success_result_of(shared.get()), 5);
}

TEST(ForkCancel, OfAHandleGivesAllWaitersTheOutcome) {
  Promise<int> promise([](Promise<int>& cancelled) { cancelled.callback(7); });
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  auto first = shared.get();
  auto second = shared.get();
  shared.cancel();
  EXPECT_EQ(success_result_of(first), 7);
  EXPECT_EQ(success_result_of(second), 7);
}

TEST(ForkCancel, OfAWaiterByACallbackOfAnother) {
  Promise<int> promise;
  const SharedDeferred<int> shared = fork(promise.get_deferred());
  Deferred<int> second = succeed(0);
  auto first = shared.get().add_errback([&](Failure&&) {
    second.cancel();
    return 1;
  });
  second = shared.get();
  promise.errback(std::runtime_error("no"));
  EXPECT_EQ(success_result_of(first), 1);
  failure_result_of<CancelledError>(second);
  EXPECT_TRUE(flush_logged_errors().empty());
}

// --- Failures that nobody takes

TEST(ForkUnhandled, ReportsAFailureThatNoWaiterTookOnce) {
  Promise<int> promise;
  {
    const SharedDeferred<int> shared = fork(promise.get_deferred());
    const SharedDeferred<int> copy = shared;  // NOLINT(performance-unnecessary-copy-initialization)
    promise.errback(std::runtime_error("no"));
    EXPECT_TRUE(flush_logged_errors().empty());  // a waiter may still come
  }
  EXPECT_EQ(flush_logged_errors<std::runtime_error>().size(), 1u);
}

TEST(ForkUnhandled, ReportsItAlsoIfTheHandlesWentFirst) {
  Promise<int> promise;
  {
    const SharedDeferred<int> shared = fork(promise.get_deferred());
  }
  promise.errback(std::runtime_error("no"));
  EXPECT_EQ(flush_logged_errors<std::runtime_error>().size(), 1u);
}

TEST(ForkUnhandled, ReportsAnotherFailureThatACancelLedTo) {
  Promise<int> promise([](Promise<int>& cancelled) { cancelled.errback(std::runtime_error("half done")); });
  auto waiter = fork(promise.get_deferred()).get();
  waiter.cancel();
  failure_result_of<CancelledError>(waiter);
  EXPECT_EQ(flush_logged_errors<std::runtime_error>().size(), 1u);
}

TEST(ForkUnhandled, ReportsNothingThatAWaiterHandled) {
  {
    Promise<int> promise;
    const SharedDeferred<int> shared = fork(promise.get_deferred());
    auto waiter = shared.get().add_errback([](Failure&&) { return 0; });
    promise.errback(std::runtime_error("no"));
    EXPECT_EQ(success_result_of(waiter), 0);
  }
  EXPECT_TRUE(flush_logged_errors().empty());
}

}  // namespace
}  // namespace prometheus_async::tx
