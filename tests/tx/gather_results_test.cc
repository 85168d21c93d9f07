// SPDX-License-Identifier: Apache-2.0
#include "tx/gather_results.h"

#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
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

template <class T, class... D>
std::vector<Deferred<T>> inputs_of(D... inputs) {
  std::vector<Deferred<T>> made;
  (..., made.push_back(std::move(inputs)));
  return made;
}

TEST(GatherResultsExample, AddsUp) {
  std::vector<tx::Deferred<int>> counts;
  counts.push_back(tx::succeed(1));
  counts.push_back(tx::succeed(2));
  tx::Deferred<int> total = tx::gather_results(std::move(counts)).add_callback([](std::vector<int> values) {
    return std::accumulate(values.begin(), values.end(), 0);
  });
  EXPECT_EQ(success_result_of(total), 3);
}

struct Shop {
  Promise<std::string> user;
  Promise<std::vector<int>> orders;

  Deferred<std::string> find_user(int) { return user.get_deferred(); }
  Deferred<std::vector<int>> find_orders(int) { return orders.get_deferred(); }

  tx::Deferred<std::string> describe(int id) {
    auto [name, numbers] = co_await tx::gather_results(find_user(id), find_orders(id));
    co_return name + " ordered " + std::to_string(numbers.size());
  }
};

TEST(GatherResultsExample, AwaitsTwo) {
  Shop shop;
  Deferred<std::string> text = shop.describe(1);
  shop.orders.callback(std::vector<int>{7, 8});
  assert_no_result(text);
  shop.user.callback("Ann");
  EXPECT_EQ(success_result_of(text), "Ann ordered 2");
}

TEST(GatherResults, GivesValuesInTheOrderOfTheInputs) {
  Promise<int> first;
  Promise<int> second;
  auto gathered = gather_results(inputs_of<int>(first.get_deferred(), second.get_deferred()));
  second.callback(2);
  assert_no_result(gathered);
  first.callback(1);
  EXPECT_EQ(success_result_of(gathered), (std::vector<int>{1, 2}));
}

TEST(GatherResults, HoldsMoveOnlyValues) {
  auto gathered = gather_results(inputs_of<std::unique_ptr<int>>(succeed(std::make_unique<int>(1))));
  EXPECT_EQ(*success_result_of(gathered)[0], 1);
}

TEST(GatherResults, OfNothingFiresAtOnce) {
  EXPECT_TRUE(success_result_of(gather_results(std::vector<Deferred<int>>())).empty());
}

TEST(GatherResults, OfInputsWithoutValuesHasNone) {
  Promise<void> last;
  Deferred<void> gathered = gather_results(inputs_of<void>(succeed(), last.get_deferred()));
  assert_no_result(gathered);
  last.callback();
  success_result_of(gathered);
}

TEST(GatherResults, FailsAtTheFirstFailure) {
  Promise<int> first;
  Promise<int> second;
  auto gathered = gather_results(inputs_of<int>(first.get_deferred(), second.get_deferred()));
  second.errback(std::runtime_error("no"));
  const Failure failure = failure_result_of<FirstError>(gathered);
  EXPECT_EQ(failure.check<FirstError>()->index(), 1u);
  EXPECT_EQ(failure.check<FirstError>()->sub_failure().get_error_message(), "no");
  first.errback(std::domain_error("later"));
  EXPECT_EQ(flush_logged_errors<std::domain_error>().size(), 1u);
}

TEST(GatherResults, DropsLaterFailuresIfItConsumesErrors) {
  Promise<int> first;
  auto gathered = gather_results(inputs_of<int>(fail<int>(std::runtime_error("no")), first.get_deferred()),
                                 {.consume_errors = true});
  failure_result_of<FirstError>(gathered);
  first.errback(std::domain_error("later"));
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST(GatherResults, CancelledCancelsTheInputs) {
  Promise<int> first;
  Promise<int> second;
  auto gathered = gather_results(inputs_of<int>(first.get_deferred(), second.get_deferred()));
  gathered.cancel();
  EXPECT_TRUE(first.called());
  EXPECT_TRUE(second.called());
  EXPECT_NE(failure_result_of<FirstError>(gathered).check<FirstError>()->sub_failure().check<CancelledError>(),
            nullptr);
}

TEST(GatherTuple, GivesValuesOfTheirOwnTypes) {
  Promise<std::string> text;
  Promise<std::unique_ptr<int>> owned;
  auto gathered = gather_results(succeed(1), text.get_deferred(), owned.get_deferred());
  static_assert(std::is_same_v<decltype(gathered), Deferred<std::tuple<int, std::string, std::unique_ptr<int>>>>);
  owned.callback(std::make_unique<int>(3));
  assert_no_result(gathered);
  text.callback("two");
  auto [one, two, three] = success_result_of(gathered);
  EXPECT_EQ(one, 1);
  EXPECT_EQ(two, "two");
  EXPECT_EQ(*three, 3);
}

TEST(GatherTuple, OfFiredInputsFiresAtOnce) {
  auto gathered = gather_results(succeed(1), succeed());
  static_assert(std::is_same_v<decltype(gathered), Deferred<std::tuple<int, std::monostate>>>);
  EXPECT_EQ(std::get<0>(success_result_of(gathered)), 1);
}

TEST(GatherTuple, FailsAtTheFirstFailureAndReportsLaterOnes) {
  Promise<int> first;
  Promise<void> second;
  Promise<std::string> third;
  auto gathered = gather_results(first.get_deferred(), second.get_deferred(), third.get_deferred());
  second.errback(std::runtime_error("no"));
  EXPECT_EQ(failure_result_of<FirstError>(gathered).check<FirstError>()->index(), 1u);
  first.errback(std::domain_error("later"));
  third.callback("unused");
  EXPECT_EQ(flush_logged_errors<std::domain_error>().size(), 1u);
}

TEST(GatherTuple, DropsLaterFailuresIfItConsumesErrors) {
  Promise<int> first;
  auto gathered = gather_results({.consume_errors = true}, first.get_deferred(), fail<void>(std::runtime_error("no")));
  failure_result_of<FirstError>(gathered);
  first.errback(std::domain_error("later"));
  EXPECT_TRUE(flush_logged_errors().empty());
}

TEST(GatherTuple, CancelledCancelsTheInputs) {
  Promise<int> first([](Promise<int>& promise) { promise.callback(1); });
  Promise<void> second([](Promise<void>& promise) { promise.callback(); });
  auto gathered = gather_results(first.get_deferred(), second.get_deferred());
  gathered.cancel();
  EXPECT_EQ(std::get<0>(success_result_of(gathered)), 1);
}

TEST(GatherTuple, RefusesAnInputThatWasMovedAway) {
  Deferred<int> taken = succeed(1);
  success_result_of(taken);
  EXPECT_THROW(static_cast<void>(gather_results(succeed(), std::move(taken))), MovedFromError);
}

}  // namespace
}  // namespace prometheus_async::tx
