// SPDX-License-Identifier: Apache-2.0
#include "tx/deferred_list.h"

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "tx/cancel_handle.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/pause.h"
#include "tx/promise.h"
#include "tx/result.h"
#include "tx/testing/result_of.h"
#include "tx/testing/unhandled_failures.h"

namespace prometheus_async::tx {
namespace {

using testing::assert_no_result;
using testing::failure_result_of;
using testing::flush_logged_errors;
using testing::success_result_of;

// Deferreds that wait, and what fires them.
template <class T>
struct Producers {
  explicit Producers(int count) : promises(static_cast<std::size_t>(count)) {}
  std::vector<Deferred<T>> inputs() {
    std::vector<Deferred<T>> made;
    for (Promise<T>& promise : promises) made.push_back(promise.get_deferred());
    return made;
  }
  std::vector<Promise<T>> promises;
};

template <class T, class... D>
std::vector<Deferred<T>> inputs_of(D... inputs) {
  std::vector<Deferred<T>> made;
  (..., made.push_back(std::move(inputs)));
  return made;
}

TEST(DeferredListExample, ShowsAndComplains) {
  using Url = std::string;
  using Page = std::string;
  std::string shown;
  const auto show = [&](const Page& page) { shown += page + ";"; };
  const auto complain = [&](const Failure& failure) { shown += failure.get_error_message() + ";"; };
  const std::vector<Url> urls = {"cats", "", "dogs"};
  const auto fetch = [](const Url& url) -> Deferred<Page> {
    if (url.empty()) return fail<Page>(std::invalid_argument("no address"));
    return succeed("about " + url);
  };

  std::vector<tx::Deferred<Page>> pages;
  for (const Url& url : urls) pages.push_back(fetch(url));
  tx::Deferred<void> all = tx::deferred_list(std::move(pages)).add_callback([&](std::vector<tx::Result<Page>> results) {
    for (const tx::Result<Page>& result : results) result ? show(*result) : complain(result.failure());
  });

  success_result_of(all);
  EXPECT_EQ(shown, "about cats;no address;about dogs;");
}

TEST(DeferredList, GivesResultsInTheOrderOfTheInputs) {
  Producers<int> producers(3);
  auto list = deferred_list(producers.inputs());
  producers.promises[2].callback(2);
  producers.promises[0].callback(0);
  assert_no_result(list);
  producers.promises[1].errback(std::runtime_error("one"));
  const std::vector<Result<int>> results = success_result_of(list);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(*results[0], 0);
  EXPECT_EQ(results[1].failure().get_error_message(), "one");
  EXPECT_EQ(*results[2], 2);
}

TEST(DeferredList, OfNothingFiresAtOnce) {
  EXPECT_TRUE(success_result_of(deferred_list(std::vector<Deferred<int>>())).empty());
  EXPECT_TRUE(success_result_of(deferred_list(std::vector<Deferred<int>>(), {.fire_on_one_errback = true})).empty());
}

TEST(DeferredList, OfFiredInputsFiresAtOnce) {
  auto list = deferred_list(inputs_of<int>(succeed(1), fail<int>(std::runtime_error("no"))));
  ASSERT_TRUE(list.has_result());
  const auto results = success_result_of(list);
  EXPECT_EQ(*results[0], 1);
  EXPECT_FALSE(results[1]);
}

TEST(DeferredList, OfInputsWithoutValues) {
  Producers<void> producers(2);
  auto list = deferred_list(producers.inputs());
  producers.promises[0].callback();
  producers.promises[1].errback(std::runtime_error("no"));
  const auto results = success_result_of(list);
  EXPECT_TRUE(results[0]);
  EXPECT_FALSE(results[1]);
}

// Neither a default constructor, nor a copy, nor an assignment.
struct Rigid {
  explicit Rigid(int v) : value(std::make_unique<int>(v)) {}
  Rigid(Rigid&&) noexcept = default;
  Rigid& operator=(Rigid&&) = delete;
  std::unique_ptr<int> value;
};

TEST(DeferredList, AsksOfItsTypeOnlyThatItMoves) {
  Producers<Rigid> producers(2);
  auto list = deferred_list(producers.inputs());
  producers.promises[1].callback(Rigid(1));
  producers.promises[0].callback(Rigid(0));
  const auto results = success_result_of(list);
  EXPECT_EQ(*(*results[0]).value, 0);
  EXPECT_EQ(*(*results[1]).value, 1);
}

TEST(DeferredList, WaitsForAPausedInput) {
  Producers<int> producers(1);
  auto inputs = producers.inputs();
  Pause pause = inputs[0].pause();
  producers.promises[0].callback(1);
  auto list = deferred_list(std::move(inputs));
  assert_no_result(list);
  pause.unpause();
  EXPECT_EQ(*success_result_of(list)[0], 1);
}

TEST(DeferredList, RefusesAnInputThatWasMovedAway) {
  auto inputs = inputs_of<int>(succeed(0), succeed(1));
  success_result_of(std::move(inputs[1]));
  try {
    static_cast<void>(deferred_list(std::move(inputs)));
    FAIL() << "it was taken";
  } catch (const MovedFromError& error) {
    EXPECT_STREQ(error.what(), "prometheus_async: the Deferred at index 1 of a list was moved away or consumed before");
  }
}

// --- fire_on_one_errback

TEST(DeferredListOnOneErrback, FiresAtTheFirstFailure) {
  Producers<int> producers(3);
  auto list = deferred_list(producers.inputs(), {.fire_on_one_errback = true});
  producers.promises[0].callback(0);
  const Failure cause = Failure::make<std::runtime_error>("no");
  producers.promises[2].errback(cause);
  const Failure failure = failure_result_of<FirstError>(list);
  const FirstError& error = *failure.check<FirstError>();
  EXPECT_EQ(error.index(), 2u);
  EXPECT_EQ(error.sub_failure().value(), cause.value());
  EXPECT_STREQ(error.what(), "the Deferred at index 2 failed: std::runtime_error: no");
  producers.promises[1].callback(1);  // the others go on
}

TEST(DeferredListOnOneErrback, FiresAtOnceIfAnInputHasFailed) {
  auto list =
      deferred_list(inputs_of<int>(succeed(0), fail<int>(std::runtime_error("no"))), {.fire_on_one_errback = true});
  EXPECT_EQ(failure_result_of<FirstError>(list).check<FirstError>()->index(), 1u);
}

TEST(DeferredListOnOneErrback, GivesAllResultsIfNoneFails) {
  Producers<int> producers(2);
  auto list = deferred_list(producers.inputs(), {.fire_on_one_errback = true});
  producers.promises[0].callback(0);
  assert_no_result(list);
  producers.promises[1].callback(1);
  EXPECT_EQ(success_result_of(list).size(), 2u);
}

TEST(DeferredListOnOneErrback, ReportsLaterFailures) {
  Producers<int> producers(2);
  auto list = deferred_list(producers.inputs(), {.fire_on_one_errback = true});
  producers.promises[0].errback(std::runtime_error("first"));
  failure_result_of<FirstError>(list);
  EXPECT_TRUE(flush_logged_errors().empty());
  producers.promises[1].errback(std::domain_error("second"));
  EXPECT_EQ(flush_logged_errors<std::domain_error>().size(), 1u);
}

TEST(DeferredListOnOneErrback, DropsLaterFailuresIfItConsumesErrors) {
  Producers<int> producers(2);
  auto list = deferred_list(producers.inputs(), {.fire_on_one_errback = true, .consume_errors = true});
  producers.promises[0].errback(std::runtime_error("first"));
  failure_result_of<FirstError>(list);
  producers.promises[1].errback(std::domain_error("second"));
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST(DeferredListOnOneErrback, DroppedReportsItsFailure) {
  Producers<int> producers(1);
  {
    auto list = deferred_list(producers.inputs(), {.fire_on_one_errback = true});
  }
  producers.promises[0].errback(std::runtime_error("no"));
  EXPECT_EQ(flush_logged_errors<FirstError>().size(), 1u);
}

// --- Cancelling

TEST(DeferredListCancel, CancelsEveryInput) {
  Producers<int> producers(3);
  std::string cancelled;
  producers.promises[0].on_cancel([&] { cancelled += "0"; });
  producers.promises[2].on_cancel([&](Promise<int>& promise) {
    cancelled += "2";
    promise.callback(2);
  });
  auto list = deferred_list(producers.inputs());
  producers.promises[1].callback(1);
  list.cancel();
  EXPECT_EQ(cancelled, "02");
  const auto results = success_result_of(list);
  EXPECT_NE(results[0].failure().check<CancelledError>(), nullptr);
  EXPECT_EQ(*results[1], 1);
  EXPECT_EQ(*results[2], 2);
}

// The failures of the others come of the same cancel, so they are no news.
TEST(DeferredListCancel, FiresAtTheFirstFailureAndReportsNone) {
  Producers<int> producers(3);
  auto list = deferred_list(producers.inputs(), {.fire_on_one_errback = true});
  list.cancel();
  const Failure failure = failure_result_of<FirstError>(list);
  EXPECT_EQ(failure.check<FirstError>()->index(), 0u);
  EXPECT_NE(failure.check<FirstError>()->sub_failure().check<CancelledError>(), nullptr);
  for (const Promise<int>& promise : producers.promises) EXPECT_TRUE(promise.called());
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST(DeferredListCancel, ReportsOtherFailuresThatItLeadsTo) {
  Producers<int> producers(2);
  producers.promises[1].on_cancel([](Promise<int>& promise) { promise.errback(std::domain_error("half done")); });
  auto list = deferred_list(producers.inputs(), {.fire_on_one_errback = true});
  list.cancel();
  EXPECT_EQ(failure_result_of<FirstError>(list).check<FirstError>()->index(), 0u);
  EXPECT_EQ(flush_logged_errors<std::domain_error>().size(), 1u);
}

TEST(DeferredListCancel, ReportsACancellerThatThrowsAndCancelsTheRest) {
  Producers<int> producers(2);
  producers.promises[0].on_cancel([] { throw std::domain_error("cannot"); });
  auto list = deferred_list(producers.inputs());
  list.cancel();
  EXPECT_EQ(flush_logged_errors<std::domain_error>().size(), 1u);
  EXPECT_TRUE(producers.promises[1].called());
  assert_no_result(list);  // the first goes on
  producers.promises[0].callback(0);
  const auto results = success_result_of(list);
  EXPECT_EQ(*results[0], 0);
  EXPECT_FALSE(results[1]);
}

Deferred<int> stubborn(Deferred<int> first, Deferred<int> second) {
  const Result<int> result = co_await as_result(std::move(first));
  co_return (result ? *result : 100) + co_await std::move(second);
}

// A coroutine that goes on after its cancellation: the list waits for it, and can be cancelled again.
TEST(DeferredListCancel, WaitsForAnInputThatGoesOn) {
  Promise<int> first;
  Promise<int> second;
  auto list = deferred_list(inputs_of<int>(stubborn(first.get_deferred(), second.get_deferred())));
  list.cancel();
  EXPECT_TRUE(first.called());
  assert_no_result(list);
  second.callback(1);
  EXPECT_EQ(*success_result_of(list)[0], 101);
}

TEST(DeferredListCancel, CancelsAgain) {
  Promise<int> first;
  Promise<int> second;
  auto list = deferred_list(inputs_of<int>(stubborn(first.get_deferred(), second.get_deferred())));
  list.cancel();
  assert_no_result(list);
  list.cancel();
  EXPECT_TRUE(second.called());
  EXPECT_NE(success_result_of(list)[0].failure().check<CancelledError>(), nullptr);
}

TEST(DeferredListCancel, DoesNothingAfterItFired) {
  Producers<int> producers(2);
  auto list = deferred_list(producers.inputs(), {.fire_on_one_errback = true});
  producers.promises[0].errback(std::runtime_error("no"));
  list.cancel();
  EXPECT_FALSE(producers.promises[1].called());
  failure_result_of<FirstError>(list);
  producers.promises[1].callback(1);
}

TEST(DeferredListCancel, AgainFromWithinACancellerEndsIt) {
  Producers<int> producers(2);
  CancelHandle handle;
  producers.promises[0].on_cancel([&](Promise<int>& promise) {
    handle.cancel();
    promise.callback(0);
  });
  auto list = deferred_list(producers.inputs());
  handle = list.cancel_handle();
  list.cancel();
  failure_result_of<CancelledError>(list);
}

// --- The size

TEST(DeferredList, AMillionInputsDoNotRecurse) {
  constexpr std::size_t kCount = 1'000'000;
  std::vector<Deferred<int>> inputs;
  inputs.reserve(kCount);
  for (std::size_t i = 0; i < kCount; ++i) inputs.push_back(succeed(static_cast<int>(i)));
  const auto results = success_result_of(deferred_list(std::move(inputs)));
  EXPECT_EQ(results.size(), kCount);
  EXPECT_EQ(*results.back(), static_cast<int>(kCount) - 1);
}

TEST(DeferredList, AMillionInputsThatWaitDoNotRecurse) {
  constexpr std::size_t kCount = 1'000'000;
  Producers<int> producers(kCount);
  auto list = deferred_list(producers.inputs());
  for (Promise<int>& promise : producers.promises) promise.callback(1);
  EXPECT_EQ(success_result_of(list).size(), kCount);
}

TEST(DeferredListCancel, OfManyInputsDoesNotRecurse) {
  constexpr std::size_t kCount = 100'000;  // enough to end the stack
  Producers<int> producers(kCount);
  auto list = deferred_list(producers.inputs());
  list.cancel();
  EXPECT_EQ(success_result_of(list).size(), kCount);
}

}  // namespace
}  // namespace prometheus_async::tx
