// SPDX-License-Identifier: Apache-2.0

#include "tx/promise.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/tx/unhandled_failures.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/unhandled.h"

namespace prometheus_async::tx {
namespace {

using ::prometheus_async::testing::UnhandledFailures;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

template <class F>
std::string already_called(F fire) {
  try {
    fire();
  } catch (const AlreadyCalledError& error) {
    return error.what();
  }
  return "fired";
}

std::string failure_of(Deferred<int>& d) { return d.take_result()->failure().get_error_message(); }

TEST(Promise, FiresBeforeItReturns) {
  Promise<std::string> promise;
  std::string seen;
  auto d = promise.get_deferred().add_callback([&](std::string s) { seen = std::move(s); });
  EXPECT_FALSE(promise.called());
  promise.callback("now");
  EXPECT_TRUE(promise.called());
  EXPECT_EQ(seen, "now");
}

TEST(Promise, FiringTwiceRaisesInAllFourOrders) {
  const auto callback = [](Promise<int>& p) { p.callback(1); };
  const auto errback = [](Promise<int>& p) { p.errback(std::runtime_error("e")); };
  const auto fire_twice = [](auto first, auto second) {
    Promise<int> promise;
    Deferred<int> d = promise.get_deferred();
    first(promise);
    const std::string what = already_called([&] { second(promise); });
    (void)d.take_result();
    return what;
  };
  EXPECT_EQ(fire_twice(callback, callback), "prometheus_async: a Promise fired twice");
  EXPECT_EQ(fire_twice(callback, errback), "prometheus_async: a Promise fired twice");
  EXPECT_EQ(fire_twice(errback, callback), "prometheus_async: a Promise fired twice");
  EXPECT_EQ(fire_twice(errback, errback), "prometheus_async: a Promise fired twice");
}

TEST(Promise, FiredFromItsOwnCallbackItRaises) {
  Promise<int> promise;
  std::string what;
  auto d = promise.get_deferred().add_callback([&](int n) {
    what = already_called([&] { promise.callback(2); });
    return n;
  });
  promise.callback(1);
  EXPECT_THAT(what, HasSubstr("fired twice"));
  EXPECT_EQ(**d.take_result(), 1);
}

TEST(Promise, WithDebuggingTheErrorNamesCreatorAndInvoker) {
  set_debugging(true);
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  promise.callback(1);
  set_debugging(false);
  EXPECT_THAT(
      already_called([&] { promise.callback(2); }),
      MatchesRegex(".*fired twice \\(made at .*promise_test\\.cc:[0-9]+, fired at .*promise_test\\.cc:[0-9]+\\)"));
  // One that was made before debugging went on knows nothing.
  Promise<int> plain;
  Deferred<int> e = plain.get_deferred();
  set_debugging(true);
  plain.callback(1);
  EXPECT_EQ(already_called([&] { plain.callback(2); }), "prometheus_async: a Promise fired twice");
  set_debugging(false);
}

TEST(Promise, FiresAFailureInManyForms) {
  const auto fired = [](auto fire) {
    Promise<int> promise;
    Deferred<int> d = promise.get_deferred();
    fire(promise);
    return failure_of(d);
  };
  EXPECT_EQ(fired([](Promise<int>& p) { p.errback(std::runtime_error("exception")); }), "exception");
  EXPECT_EQ(fired([](Promise<int>& p) { p.errback(Failure::make<std::runtime_error>("failure")); }), "failure");
  EXPECT_EQ(fired([](Promise<int>& p) { p.callback(Failure::make<std::runtime_error>("callback")); }), "callback");
  EXPECT_EQ(fired([](Promise<int>& p) {
              try {
                throw std::runtime_error("current");
              } catch (...) {
                p.errback();
              }
            }),
            "current");
}

TEST(Promise, WithoutACurrentExceptionErrbackRaisesAndStaysUnfired) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  EXPECT_THROW(promise.errback(), NoCurrentExceptionError);
  promise.callback(1);
  EXPECT_EQ(**d.take_result(), 1);
}

TEST(Promise, FiresAResult) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  promise.callback(Result<int>(4));
  EXPECT_EQ(**d.take_result(), 4);
  Promise<void> none;
  Deferred<void> e = none.get_deferred();
  none.callback(Result<void>());
  EXPECT_TRUE(e.take_result()->has_value());
}

TEST(Promise, FiresWhatConvertsToTheValue) {
  Promise<std::string> promise;
  Deferred<std::string> d = promise.get_deferred();
  promise.callback("text");
  EXPECT_EQ(**d.take_result(), "text");
}

struct ThrowsWhenCopied {
  ThrowsWhenCopied() = default;
  ThrowsWhenCopied(const ThrowsWhenCopied&) { throw std::runtime_error("copy"); }
  ThrowsWhenCopied(ThrowsWhenCopied&&) noexcept {}
};

TEST(Promise, ACopyThatThrowsIsTheFailure) {
  Promise<ThrowsWhenCopied> promise;
  auto d = promise.get_deferred();
  const ThrowsWhenCopied value;
  promise.callback(value);
  EXPECT_EQ(d.take_result()->failure().get_error_message(), "copy");
}

TEST(Promise, DestroyedUnfiredItGivesAbandonedError) {
  std::string seen;
  std::optional<Promise<int>> promise(std::in_place);
  auto d = promise->get_deferred().add_errback<AbandonedError>([&](const AbandonedError& e) {
    seen = e.what();
    return 0;
  });
  promise.reset();
  EXPECT_THAT(seen, HasSubstr("destroyed before it fired"));
}

TEST(Promise, AssignedOverItIsAbandoned) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  promise = Promise<int>();
  EXPECT_NE(d.take_result()->failure().check<AbandonedError>(), nullptr);
  Deferred<int> e = promise.get_deferred();
  promise.callback(2);
  EXPECT_EQ(**e.take_result(), 2);
}

TEST(Promise, MovedItFiresFromItsNewPlace) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  Promise<int> moved = std::move(promise);
  EXPECT_THROW(promise.callback(1), MovedFromError);
  EXPECT_THROW((void)promise.get_deferred(), MovedFromError);
  moved.callback(1);
  EXPECT_EQ(**d.take_result(), 1);
}

TEST(Promise, GivesItsDeferredOnce) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  EXPECT_THROW((void)promise.get_deferred(), MovedFromError);
  promise.callback(1);
}

TEST(Promise, MayFireBeforeItsDeferredIsAskedFor) {
  Promise<int> promise;
  promise.callback(5);
  Deferred<int> d = promise.get_deferred();
  EXPECT_EQ(**d.take_result(), 5);
}

// Nobody ever had the Deferred: a failure that was fired is reported, a missing result is nobody's.
TEST(Promise, NeverAskedForItsDeferred) {
  UnhandledFailures unhandled;
  {
    Promise<int> never;
  }
  EXPECT_THAT(unhandled.messages, IsEmpty());
  {
    Promise<int> failed;
    failed.errback(std::runtime_error("fired"));
  }
  EXPECT_THAT(unhandled.messages, ElementsAre("fired"));
}

// Both ends gone and nothing between them: no failure that anybody could have handled.
TEST(Promise, AbandonedWithoutAnyoneToSeeItIsNotReported) {
  UnhandledFailures unhandled;
  const auto token = std::make_shared<int>(0);
  {
    Promise<int> promise([token] {});
    (void)promise.get_deferred();
  }
  EXPECT_THAT(unhandled.messages, IsEmpty());
  EXPECT_EQ(token.use_count(), 1) << "the canceller is freed";
  {
    Promise<int> promise;
    (void)promise.get_deferred().add_callback([](int n) { return n; });
  }
  EXPECT_THAT(unhandled.messages, ElementsAre(HasSubstr("destroyed before it fired"))) << "a callback was skipped";
}

TEST(Promise, ChainedToAnotherItPassesTheResultOn) {
  Promise<int> first;
  Promise<int> second;
  auto d = second.get_deferred().add_callback([](int n) { return n + 1; });
  first.get_deferred().chain_deferred(std::move(second));
  first.callback(1);
  EXPECT_EQ(**d.take_result(), 2);

  Promise<int> third;
  Deferred<int> e = third.get_deferred();
  fail<int>(std::runtime_error("chained")).chain_deferred(std::move(third));
  EXPECT_EQ(failure_of(e), "chained");
}

TEST(Promise, ChainedToOneThatWasCancelledTheResultIsDropped) {
  UnhandledFailures unhandled;
  Promise<int> first;
  Promise<int> second;
  Deferred<int> d = second.get_deferred();
  first.get_deferred().chain_deferred(std::move(second));
  d.cancel();
  EXPECT_FALSE(first.called());
  first.callback(1);
  EXPECT_NE(d.take_result()->failure().check<CancelledError>(), nullptr);
  EXPECT_THAT(unhandled.messages, IsEmpty());
}

// --- Unhandled failures: rules 39 to 41.

TEST(Unhandled, ADroppedFailureIsReportedOnce) {
  UnhandledFailures unhandled;
  (void)fail<int>(std::runtime_error("fired"));
  EXPECT_THAT(unhandled.messages, ElementsAre("fired"));
  {
    Promise<int> promise;
    Deferred<int> d = promise.get_deferred();
    promise.errback(std::runtime_error("waiting"));
  }
  {
    Promise<int> promise;
    (void)promise.get_deferred();
    promise.errback(std::runtime_error("dropped first"));
  }
  EXPECT_THAT(unhandled.messages, ElementsAre("fired", "waiting", "dropped first"));
}

TEST(Unhandled, WhatWasHandledIsNot) {
  UnhandledFailures unhandled;
  (void)fail<int>(std::runtime_error("h")).add_errback([](Failure&&) { return 1; });
  Promise<int> promise;
  (void)promise.get_deferred().add_errback([](Failure&&) { return 1; });
  promise.errback(std::runtime_error("h"));
  EXPECT_THAT(unhandled.messages, IsEmpty());
}

// An errback that returns a Deferred which waits has taken the failure.
TEST(Unhandled, AFailureThatAPendingErrbackReplacedIsNot) {
  UnhandledFailures unhandled;
  Promise<int> promise;
  Promise<int> next;
  (void)promise.get_deferred().add_errback([&](Failure&&) { return next.get_deferred(); });
  promise.errback(std::runtime_error("replaced"));
  EXPECT_THAT(unhandled.messages, IsEmpty());
  next.callback(1);
  EXPECT_THAT(unhandled.messages, IsEmpty());
}

TEST(Unhandled, DebuggingSaysWhereItWasMade) {
  UnhandledFailures unhandled;
  set_debugging(true);
  {
    Promise<int> promise;
    Deferred<int> d = promise.get_deferred();
    promise.errback(std::runtime_error("e"));
  }
  set_debugging(false);
  EXPECT_THAT(unhandled.debug, ElementsAre(AllOf(HasSubstr("made at"), HasSubstr("fired at"))));
}

TEST(Unhandled, AHookThatThrowsIsIgnored) {
  const UnhandledFailureHook before = set_unhandled_failure_hook([](const UnhandledFailure&) { throw 1; });
  (void)fail<int>(std::runtime_error("x"));
  set_unhandled_failure_hook(before);
}

TEST(Unhandled, TheDefaultPrintsALineASecond) {
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) (void)fail<int>(std::runtime_error("line"));
  const std::string printed = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(printed.find("prometheus_async: unhandled failure in a Deferred: std::runtime_error: line\n"), 0u)
      << printed;
  EXPECT_LE(std::count(printed.begin(), printed.end(), '\n'), 2);
}

// --- The example of the header.

std::function<void(int)> asked;

Deferred<int> answer() {
  auto promise = std::make_shared<Promise<int>>();
  Deferred<int> d = promise->get_deferred();
  asked = [promise](int reply) { promise->callback(reply); };
  return d;
}

TEST(Promise, TheExampleOfTheHeader) {
  Deferred<int> d = answer();
  asked(42);
  EXPECT_EQ(**d.take_result(), 42);
  asked = nullptr;
}

}  // namespace
}  // namespace prometheus_async::tx
