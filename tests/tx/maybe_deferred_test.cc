// SPDX-License-Identifier: Apache-2.0
#include "tx/maybe_deferred.h"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "gtest/gtest.h"

#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/promise.h"
#include "tx/result.h"
#include "tx/testing/result_of.h"

namespace prometheus_async::tx {
namespace {

using testing::assert_no_result;
using testing::failure_result_of;
using testing::success_result_of;

struct Page {
  std::string text;
  static Page not_found(const std::out_of_range&) { return {"not found"}; }
};
using NotFound = std::out_of_range;
using Request = std::string;
using Handler = std::function<Page(Request)>;

tx::Deferred<Page> serve(const Handler& handler, Request request) {
  return tx::maybe_deferred(handler, std::move(request)).add_errback<NotFound>(&Page::not_found);
}

TEST(MaybeDeferredExample, ServesBothWays) {
  const Handler handler = [](const Request& request) -> Page {
    if (request.empty()) throw NotFound("nothing asked for");
    return {"about " + request};
  };
  EXPECT_EQ(success_result_of(serve(handler, "cats")).text, "about cats");
  EXPECT_EQ(success_result_of(serve(handler, "")).text, "not found");
}

TEST(MaybeDeferred, FiresWithAValue) {
  EXPECT_EQ(success_result_of(maybe_deferred([] { return 1; })), 1);
}

TEST(MaybeDeferred, FiresWithoutAValue) {
  int calls = 0;
  auto d = maybe_deferred([&] { ++calls; });
  static_assert(std::is_same_v<decltype(d), Deferred<void>>);
  success_result_of(d);
  EXPECT_EQ(calls, 1);
}

TEST(MaybeDeferred, PassesArguments) {
  auto owned = std::make_unique<int>(3);
  auto d = maybe_deferred([](int a, std::unique_ptr<int> b) { return a - *b; }, 5, std::move(owned));
  EXPECT_EQ(success_result_of(d), 2);
}

TEST(MaybeDeferred, CallsMemberFunctions) {
  struct Adder {
    int base;
    int add(int n) const { return base + n; }
  };
  EXPECT_EQ(success_result_of(maybe_deferred(&Adder::add, Adder{4}, 2)), 6);
}

TEST(MaybeDeferred, FailsWithAnException) {
  auto d = maybe_deferred([]() -> int { throw std::runtime_error("no"); });
  EXPECT_EQ(failure_result_of<std::runtime_error>(d).get_error_message(), "no");
}

TEST(MaybeDeferred, FailsWithAFailure) {
  const Failure failure = Failure::make<std::runtime_error>("no");
  auto d = maybe_deferred([&] { return failure; });
  static_assert(std::is_same_v<decltype(d), Deferred<void>>);
  EXPECT_EQ(failure_result_of(d).value(), failure.value());
}

TEST(MaybeDeferred, TakesAResultApart) {
  const auto half = [](int n) -> Result<int> {
    if (n % 2 != 0) return Failure::make<std::domain_error>("odd");
    return n / 2;
  };
  EXPECT_EQ(success_result_of(maybe_deferred(half, 4)), 2);
  failure_result_of<std::domain_error>(maybe_deferred(half, 3));
}

TEST(MaybeDeferred, PassesAFiredDeferredOn) {
  EXPECT_EQ(success_result_of(maybe_deferred([] { return succeed(1); })), 1);
  failure_result_of<std::runtime_error>(maybe_deferred([] { return fail<int>(std::runtime_error("no")); }));
}

TEST(MaybeDeferred, PassesAWaitingDeferredOn) {
  Promise<int> promise;
  auto d = maybe_deferred([&] { return promise.get_deferred(); });
  assert_no_result(d);
  promise.callback(1);
  EXPECT_EQ(success_result_of(d), 1);
}

Deferred<int> twice(Deferred<int> number) { co_return 2 * co_await std::move(number); }

TEST(MaybeDeferred, RunsACoroutine) {
  EXPECT_EQ(success_result_of(maybe_deferred(&twice, succeed(2))), 4);
  Promise<int> promise;
  auto d = maybe_deferred(&twice, promise.get_deferred());
  assert_no_result(d);
  promise.callback(3);
  EXPECT_EQ(success_result_of(d), 6);
  failure_result_of<std::runtime_error>(maybe_deferred(&twice, fail<int>(std::runtime_error("no"))));
}

TEST(Execute, FiresWithTheValueOrTheException) {
  const auto root = [](double n) {
    if (n < 0) throw std::domain_error("negative");
    return n / 2;
  };
  EXPECT_EQ(success_result_of(execute(root, 4.0)), 2.0);
  EXPECT_EQ(failure_result_of<std::domain_error>(execute(root, -1.0)).get_error_message(), "negative");
}

TEST(Execute, FiresWithoutAValue) {
  int calls = 0;
  success_result_of(execute([&](int by) { calls += by; }, 2));
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace prometheus_async::tx
