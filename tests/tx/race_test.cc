// SPDX-License-Identifier: Apache-2.0
#include "tx/race.h"

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "tx/deferred.h"
#include "tx/deferred_list.h"
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

// Three that wait, and how often each was cancelled.
class RaceTest : public ::testing::Test {
 protected:
  RaceTest() {
    for (std::size_t i = 0; i < promises_.size(); ++i) promises_[i].on_cancel([this, i] { ++cancelled_[i]; });
  }
  std::vector<Deferred<int>> inputs() {
    std::vector<Deferred<int>> made;
    for (Promise<int>& promise : promises_) made.push_back(promise.get_deferred());
    return made;
  }

  std::vector<Promise<int>> promises_{3};
  std::vector<int> cancelled_ = {0, 0, 0};
};
using FirstOfTest = RaceTest;

// The example of the header.
class RaceExample : public ::testing::Test {
 protected:
  using Url = std::string;
  using Page = std::string;

  tx::Deferred<Page> fetch(const Url&) { return servers.emplace_back().get_deferred(); }
  void log(const std::string&, const Url& url) { shown += url + ": "; }
  void show(const Page& page) { shown += page; }

  tx::Deferred<void> load(std::vector<Url> urls) {
    std::vector<tx::Deferred<Page>> mirrors;
    for (const Url& url : urls) mirrors.push_back(fetch(url));
    tx::First<Page> first = co_await tx::race(std::move(mirrors));
    log("got it from {}", urls[first.index]);
    show(first.value);
  }

  std::vector<Promise<Page>> servers;
  std::string shown;
};

TEST_F(RaceExample, ShowsTheFirstPage) {
  tx::Deferred<void> loaded = load({"here", "there"});
  servers[1].callback("cats");
  success_result_of(loaded);
  EXPECT_EQ(shown, "there: cats");
}

TEST_F(RaceTest, GivesTheFirstValueAndCancelsTheOthersOnce) {
  auto first = race(inputs());
  assert_no_result(first);
  promises_[1].callback(11);
  const auto [index, value] = success_result_of(first);
  EXPECT_EQ(index, 1u);
  EXPECT_EQ(value, 11);
  EXPECT_EQ(cancelled_, (std::vector<int>{1, 0, 1}));
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST_F(RaceTest, CancelsTheOthersBeforeItFires) {
  std::vector<int> seen;
  auto first = race(inputs()).add_callback([&](const First<int>&) { seen = cancelled_; });
  promises_[0].callback(1);
  success_result_of(first);
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 1}));
}

TEST_F(RaceTest, PassesFailuresOver) {
  auto first = race(inputs());
  promises_[0].errback(std::runtime_error("no"));
  assert_no_result(first);
  promises_[2].callback(22);
  EXPECT_EQ(success_result_of(first).index, 2u);
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST_F(RaceTest, FailsInTheOrderOfTheInputsIfAllFail) {
  auto first = race(inputs());
  promises_[2].errback(std::runtime_error("two"));
  promises_[0].errback(std::runtime_error("zero"));
  assert_no_result(first);
  promises_[1].errback(std::runtime_error("one"));
  const Failure failure = failure_result_of<FailureGroup>(first);
  const FailureGroup& group = *failure.check<FailureGroup>();
  ASSERT_EQ(group.failures().size(), 3u);
  EXPECT_EQ(group.failures()[0].get_error_message(), "zero");
  EXPECT_EQ(group.failures()[1].get_error_message(), "one");
  EXPECT_EQ(group.failures()[2].get_error_message(), "two");
  EXPECT_STREQ(group.what(), "3 Deferreds failed, the first with std::runtime_error: zero");
}

TEST_F(RaceTest, TheFirstInOrderWinsAmongThoseThatHaveFired) {
  std::vector<Deferred<int>> all = inputs();
  all.insert(all.begin() + 1, succeed(5));
  all.push_back(succeed(6));
  all.push_back(fail<int>(std::runtime_error("no")));
  auto first = race(std::move(all));
  const auto [index, value] = success_result_of(first);
  EXPECT_EQ(index, 1u);
  EXPECT_EQ(value, 5);
  EXPECT_EQ(cancelled_, (std::vector<int>{1, 1, 1}));
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST_F(RaceTest, DropsWhatComesOfTheOthers) {
  promises_[1].on_cancel([](Promise<int>& promise) { promise.callback(1); });
  promises_[2].on_cancel([](Promise<int>& promise) { promise.errback(std::runtime_error("no")); });
  auto first = race(inputs());
  promises_[0].callback(0);
  EXPECT_EQ(success_result_of(first).index, 0u);
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST_F(RaceTest, ReportsACancellerThatThrowsAndCancelsTheRest) {
  promises_[1].on_cancel([] { throw std::domain_error("cannot"); });
  auto first = race(inputs());
  promises_[0].callback(0);
  EXPECT_EQ(success_result_of(first).index, 0u);
  EXPECT_EQ(flush_logged_errors<std::domain_error>().size(), 1u);
  EXPECT_EQ(cancelled_[2], 1);
  promises_[1].errback(std::runtime_error("late"));
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST_F(RaceTest, CancelledCancelsAll) {
  auto first = race(inputs());
  first.cancel();
  EXPECT_EQ(cancelled_, (std::vector<int>{1, 1, 1}));
  const Failure failure = failure_result_of<FailureGroup>(first);
  for (const Failure& each : failure.check<FailureGroup>()->failures()) {
    EXPECT_NE(each.check<CancelledError>(), nullptr);
  }
}

// A canceller that fires a value has won, as it would have without the cancel.
TEST_F(RaceTest, CancelledMayStillHaveAWinner) {
  promises_[1].on_cancel([](Promise<int>& promise) { promise.callback(1); });
  auto first = race(inputs());
  first.cancel();
  EXPECT_EQ(success_result_of(first).index, 1u);
  EXPECT_EQ(cancelled_, (std::vector<int>{1, 0, 1}));
}

TEST_F(RaceTest, CancellingAfterItFiredDoesNothing) {
  auto first = race(inputs());
  promises_[0].callback(0);
  first.cancel();
  EXPECT_EQ(cancelled_, (std::vector<int>{0, 1, 1}));
  EXPECT_EQ(success_result_of(first).index, 0u);
}

TEST(Race, OfNothingIsAbandoned) { failure_result_of<AbandonedError>(race(std::vector<Deferred<int>>())); }

TEST(Race, OfInputsWithoutValuesGivesTheIndex) {
  std::vector<Deferred<void>> inputs;
  inputs.push_back(fail<void>(std::runtime_error("no")));
  inputs.push_back(succeed());
  EXPECT_EQ(success_result_of(race(std::move(inputs))).index, 1u);
}

TEST(Race, OfManyInputsDoesNotRecurse) {
  constexpr std::size_t kCount = 100'000;  // enough to end the stack
  std::vector<Promise<int>> promises(kCount);
  std::vector<Deferred<int>> inputs;
  for (Promise<int>& promise : promises) inputs.push_back(promise.get_deferred());
  auto first = race(std::move(inputs));
  promises.back().callback(1);
  EXPECT_EQ(success_result_of(first).index, kCount - 1);
  EXPECT_TRUE(promises.front().called());
}

// --- first_of

TEST_F(FirstOfTest, GivesTheFirstValueAndLetsTheOthersGoOn) {
  auto first = first_of(inputs());
  promises_[1].callback(11);
  const auto [index, value] = success_result_of(first);
  EXPECT_EQ(index, 1u);
  EXPECT_EQ(value, 11);
  EXPECT_EQ(cancelled_, (std::vector<int>{0, 0, 0}));
  promises_[0].callback(0);
  promises_[2].callback(22);
}

TEST_F(FirstOfTest, ReportsTheFailuresThatItDoesNotGive) {
  auto first = first_of(inputs());
  promises_[0].errback(std::domain_error("before"));
  EXPECT_TRUE(flush_logged_errors().empty());
  promises_[1].callback(11);
  EXPECT_EQ(flush_logged_errors<std::domain_error>().size(), 1u);
  promises_[2].errback(std::range_error("after"));
  EXPECT_EQ(flush_logged_errors<std::range_error>().size(), 1u);
  static_cast<void>(success_result_of(first));
}

TEST_F(FirstOfTest, DropsThemIfItConsumesErrors) {
  auto first = first_of(inputs(), {.consume_errors = true});
  promises_[0].errback(std::domain_error("before"));
  promises_[1].callback(11);
  promises_[2].errback(std::range_error("after"));
  EXPECT_TRUE(flush_logged_errors().empty());
  static_cast<void>(success_result_of(first));
}

TEST_F(FirstOfTest, FailsIfAllFail) {
  auto first = first_of(inputs());
  for (Promise<int>& promise : promises_) promise.errback(std::runtime_error("no"));
  EXPECT_EQ(failure_result_of<FailureGroup>(first).check<FailureGroup>()->failures().size(), 3u);
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST_F(FirstOfTest, OnOneErrbackFailsAtTheFirstFailure) {
  auto first = first_of(inputs(), {.fire_on_one_errback = true});
  promises_[1].errback(std::runtime_error("no"));
  EXPECT_EQ(failure_result_of<FirstError>(first).check<FirstError>()->index(), 1u);
  EXPECT_EQ(cancelled_, (std::vector<int>{0, 0, 0}));
  for (const std::size_t i : {0, 2}) promises_[i].callback(0);
}

TEST_F(FirstOfTest, CancelledCancelsAll) {
  auto first = first_of(inputs());
  first.cancel();
  EXPECT_EQ(cancelled_, (std::vector<int>{1, 1, 1}));
  failure_result_of<FailureGroup>(first);
}

}  // namespace
}  // namespace prometheus_async::tx
