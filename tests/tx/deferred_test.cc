// SPDX-License-Identifier: Apache-2.0

#include "tx/deferred.h"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/tx/unhandled_failures.h"
#include "tx/promise.h"

namespace prometheus_async::tx {
namespace {

using ::prometheus_async::testing::UnhandledFailures;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Odd : std::runtime_error {
  explicit Odd(const std::string& what) : std::runtime_error(what) {}
};

template <class T>
T value_of(Deferred<T>& d) {
  std::optional<Result<T>> result = d.take_result();
  if (!result) throw std::runtime_error("no result");
  return std::move(*result).value();
}
template <class T>
T value_of(Deferred<T>&& d) {
  return value_of(d);
}
template <class T>
std::string failure_of(Deferred<T>&& d) {
  std::optional<Result<T>> result = d.take_result();
  if (!result) return "no result";
  return result->has_value() ? "a value" : result->failure().get_error_message();
}

// A Deferred that waits, and one that has fired: what holds for both is tested with both.
template <class T>
struct Source {
  Promise<T> promise;
  Deferred<T> d = promise.get_deferred();
};

// --- Chain basics: 1 to 12 of the rules.

TEST(Deferred, ExtraArgumentsFollowTheResult) {
  const auto join = [](int value, std::string&& text, const std::vector<int>& more) {
    return std::to_string(value) + text + std::to_string(more.size());
  };
  EXPECT_EQ(value_of(succeed(1).add_callback(join, "-", std::vector<int>(3))), "1-3");
  Source<int> source;
  auto d = std::move(source.d).add_callback(join, std::string("+"), std::vector<int>(2));
  source.promise.callback(5);
  EXPECT_EQ(value_of(d), "5+2");
}

TEST(Deferred, ExtraArgumentsFollowTheFailureAndTheResultToo) {
  const auto recover = [](Failure&& failure, int code) { return failure.get_error_message() + std::to_string(code); };
  EXPECT_EQ(value_of(fail<std::string>(Odd("o")).add_errback(recover, 4)), "o4");
  EXPECT_EQ(value_of(fail<int>(Odd("o")).add_errback<Odd>([](const Odd&, int code) { return code; }, 4)), 4);
  EXPECT_EQ(value_of(succeed(1).add_both([](Result<int>&& r, int n) { return *r + n; }, 4)), 5);
}

TEST(Deferred, ArgumentsMayBeMoveOnly) {
  Source<void> source;
  auto d = std::move(source.d).add_callback([](std::unique_ptr<int> p) { return *p; }, std::make_unique<int>(7));
  source.promise.callback();
  EXPECT_EQ(value_of(d), 7);
}

TEST(Deferred, EachCallbackGetsWhatTheOneBeforeReturned) {
  Source<int> source;
  auto d = std::move(source.d)
               .add_callback([](int n) { return n + 1; })
               .add_callback([](int n) { return std::to_string(n); })
               .add_callback([](const std::string& s) { return s.size(); });
  source.promise.callback(99);
  EXPECT_EQ(value_of(d), 3u);
}

TEST(Deferred, CallbacksPassAFailureOnAndErrbacksAValue) {
  Source<int> source;
  int called = 0;
  auto d = std::move(source.d)
               .add_callback([&](int n) { return ++called, n; })
               .add_errback([](Failure&&) { return -1; })
               .add_callback([](int n) { return n * 2; });
  source.promise.errback(Odd("odd"));
  EXPECT_EQ(value_of(d), -2);
  EXPECT_EQ(called, 0);
  EXPECT_EQ(value_of(succeed(4).add_errback([](Failure&&) { return -1; })), 4);
}

TEST(Deferred, CallbacksAddedToAFiredOneRunInsideTheCall) {
  bool ran = false;
  Deferred<void> d = succeed(3).add_callback([&](int n) { ran = n == 3; });
  EXPECT_TRUE(ran);
  bool failed = false;
  Deferred<void> e = fail<void>(Odd("x")).add_errback([&](Failure&& f) { failed = f.check<Odd>() != nullptr; });
  EXPECT_TRUE(failed);
}

// A Deferred whose Promise was fired keeps its result in the chain until somebody asks.
TEST(Deferred, CallbacksAddedAfterThePromiseFiredRunInsideTheCall) {
  Source<int> source;
  source.promise.callback(2);
  int seen = 0;
  Deferred<int> d = std::move(source.d).add_callback([&](int n) { return seen = n; });
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(value_of(d), 2);
}

TEST(Deferred, RaisingAndReturningAFailureBothSwitchToTheErrbacks) {
  const std::exception_ptr original = std::make_exception_ptr(Odd("kept"));
  std::exception_ptr seen;
  auto d = succeed(1).add_callback([&](int) -> Result<int> { return Failure(original); }).add_errback([&](Failure&& f) {
    seen = f.value();
    return Failure(f);
  });
  EXPECT_EQ(seen, original);
  EXPECT_EQ(failure_of(std::move(d)), "kept");
  EXPECT_EQ(failure_of(succeed(1).add_callback([](int) -> int { throw Odd("thrown"); })), "thrown");
  EXPECT_EQ(failure_of(succeed(1).add_callback([](int) -> int { throw 5; })), "int");
}

TEST(Deferred, ACallbackMayReturnAValueOrAFailure) {
  const auto half = [](int n) -> Result<int> {
    if (n % 2 != 0) return Failure::make<Odd>(std::to_string(n));
    return n / 2;
  };
  EXPECT_EQ(value_of(succeed(4).add_callback(half)), 2);
  EXPECT_EQ(failure_of(succeed(3).add_callback(half)), "3");
}

TEST(Deferred, OfAPairExactlyOneRuns) {
  std::string log;
  const auto callback = [&](int n) -> int {
    log += "c";
    if (n < 0) throw Odd("negative");
    return n;
  };
  const auto errback = [&](Failure&&) {
    log += "e";
    return 0;
  };
  EXPECT_EQ(value_of(succeed(1).add_callbacks(callback, errback)), 1);
  EXPECT_EQ(value_of(fail<int>(Odd("f")).add_callbacks(callback, errback)), 0);
  EXPECT_EQ(log, "ce");
  // What the callback throws is for the next pair.
  EXPECT_EQ(failure_of(succeed(-1).add_callbacks(callback, errback)), "negative");
  EXPECT_EQ(log, "cec");
  Source<int> source;
  auto d = std::move(source.d).add_callbacks(callback, errback);
  source.promise.errback(Odd("late"));
  EXPECT_EQ(value_of(d), 0);
}

TEST(Deferred, TypedErrbacksTakeTheirTypeAndWhatDerivesFromIt) {
  std::string log;
  Source<int> source;
  auto d = std::move(source.d)
               .add_errback<std::logic_error>([&](const std::logic_error&) { return 1; })
               .add_errback<std::runtime_error>([&](const std::runtime_error& e) {
                 log = e.what();
                 return 2;
               });
  source.promise.errback(Odd("derived"));
  EXPECT_EQ(value_of(d), 2);
  EXPECT_EQ(log, "derived");
}

TEST(Deferred, TapSeesTheResultAndChangesNothing) {
  std::string log;
  const auto look = [&](const Result<std::string>& r) { log += r ? *r : r.failure().get_error_message(); };
  EXPECT_EQ(value_of(succeed(std::string("v")).tap(look)), "v");
  EXPECT_EQ(failure_of(fail<std::string>(Odd("f")).tap(look)), "f");
  EXPECT_EQ(log, "vf");
  EXPECT_EQ(failure_of(succeed(1).tap([](const Result<int>&) { throw Odd("tap"); })), "tap");
}

TEST(Deferred, AddersThatKeepTheTypeWorkInPlace) {
  Source<int> source;
  Deferred<int>& same = source.d.tap([](const Result<int>&) {}).add_errback([](Failure&&) { return 9; });
  EXPECT_EQ(&same, &source.d);
  source.promise.errback(Odd("x"));
  EXPECT_EQ(value_of(source.d), 9);
  Deferred<int> fired = fail<int>(Odd("y"));
  fired.add_errback([](Failure&&) { return 8; });
  EXPECT_EQ(value_of(fired), 8);
}

TEST(Deferred, ACallbackAddedByARunningOneRunsLast) {
  std::vector<int> order;
  Source<void> source;
  std::optional<Deferred<void>> d;
  d = std::move(source.d)
          .add_callback([&] {
            order.push_back(1);
            d = std::move(*d).add_callback([&] { order.push_back(3); });
            order.push_back(10);  // it has not run before this one returns
          })
          .add_callback([&] { order.push_back(2); });
  source.promise.callback();
  EXPECT_THAT(order, ElementsAre(1, 10, 2, 3));
}

TEST(Deferred, AnExceptionInSuchACallbackIsTheFailure) {
  Source<void> source;
  std::optional<Deferred<void>> d;
  d = std::move(source.d).add_callback([&] { d = std::move(*d).add_callback([] { throw Odd("late"); }); });
  source.promise.callback();
  EXPECT_EQ(failure_of(std::move(*d)), "late");
}

// --- Chaining: 13 to 27.

TEST(Deferred, ACallbackThatReturnsADeferredIsWaitedFor) {
  Source<int> outer;
  Source<std::string> inner;
  auto d = std::move(outer.d).add_callback([&](int) { return std::move(inner.d); }).add_callback([](std::string s) {
    return s + "!";
  });
  outer.promise.callback(1);
  EXPECT_TRUE(d.called() && !d.has_result()) << "it waits";
  inner.promise.callback("in");
  EXPECT_EQ(value_of(d), "in!");
}

TEST(Deferred, AnErrbackThatReturnsADeferredRecovers) {
  Source<int> outer;
  Source<int> inner;
  auto d = std::move(outer.d).add_errback([&](Failure&&) { return std::move(inner.d); });
  outer.promise.errback(Odd("x"));
  EXPECT_FALSE(d.has_result());
  inner.promise.callback(6);
  EXPECT_EQ(value_of(d), 6);
}

TEST(Deferred, AFiredInnerIsTakenInPlace) {
  EXPECT_EQ(value_of(succeed(1).add_callback([](int n) { return succeed(n + 1); })), 2);
  Source<int> outer;
  auto d = std::move(outer.d).add_callback([](int n) {
    Source<int> inner;
    inner.promise.callback(n * 10);
    return std::move(inner.d);
  });
  outer.promise.callback(3);
  EXPECT_EQ(value_of(d), 30);
}

TEST(Deferred, AFailureMovesToTheOuterAndNothingIsLogged) {
  UnhandledFailures unhandled;
  EXPECT_EQ(failure_of(succeed(1).add_callback([](int) { return fail<int>(Odd("fired")); })), "fired");
  Source<int> outer;
  Source<int> inner;
  auto d = std::move(outer.d).add_callback([&](int) { return std::move(inner.d); });
  outer.promise.callback(1);
  inner.promise.errback(Odd("later"));
  EXPECT_EQ(failure_of(std::move(d)), "later");
  EXPECT_THAT(unhandled.messages, IsEmpty());
}

TEST(Deferred, WaitingIsTransitiveAndInOrder) {
  std::vector<std::string> order;
  const auto note = [&](const std::string& what) {
    return [&order, what](int n) {
      order.push_back(what + std::to_string(n));
      return n + 1;
    };
  };
  Source<int> a;
  Source<int> b;
  Source<int> c;
  // Callbacks put on the inner one before it was returned run before the outer continues, at every level.
  c.d = std::move(c.d).add_callback(note("c"));
  b.d =
      std::move(b.d).add_callback(note("b")).add_callback([&](int) { return std::move(c.d); }).add_callback(note("b"));
  auto d =
      std::move(a.d).add_callback(note("a")).add_callback([&](int) { return std::move(b.d); }).add_callback(note("a"));
  a.promise.callback(1);
  b.promise.callback(10);
  EXPECT_THAT(order, ElementsAre("a1", "b10"));
  c.promise.callback(100);
  EXPECT_THAT(order, ElementsAre("a1", "b10", "c100", "b101", "a102"));
  EXPECT_EQ(value_of(d), 103);
}

// The innermost fires first: then nothing waits when its turn comes.
TEST(Deferred, WaitingInTheOtherOrderOfFiring) {
  Source<int> a;
  Source<int> b;
  Source<int> c;
  b.d = std::move(b.d).add_callback([&](int) { return std::move(c.d); });
  auto d = std::move(a.d).add_callback([&](int) { return std::move(b.d); }).add_callback([](int n) { return n + 1; });
  c.promise.callback(7);
  b.promise.callback(0);
  a.promise.callback(0);
  EXPECT_EQ(value_of(d), 8);
}

TEST(Deferred, CallbacksMayBeAddedWhileItWaits) {
  Source<int> outer;
  Source<int> inner;
  auto d = std::move(outer.d).add_callback([&](int) { return std::move(inner.d); });
  outer.promise.callback(1);
  auto e = std::move(d).add_callback([](int n) { return n + 1; });
  inner.promise.callback(5);
  EXPECT_EQ(value_of(e), 6);
}

TEST(Deferred, AnInnerOneMayBeReturnedWhileItsOwnCallbacksRun) {
  Source<int> outer;
  Source<int> inner;
  std::optional<Deferred<int>> held;
  std::vector<std::string> order;
  auto d = std::move(outer.d).add_callback([&](int) { return std::move(*held); }).add_callback([&](int n) {
    return order.push_back("outer"), n + 1;
  });
  held = std::move(inner.d)
             .add_callback([&](int n) {
               outer.promise.callback(0);  // which takes `held`, whose callback this is
               order.push_back("first");
               return n + 10;
             })
             .add_callback([&](int n) { return order.push_back("second"), n + 100; });
  inner.promise.callback(1000);
  EXPECT_THAT(order, ElementsAre("first", "second", "outer"));
  EXPECT_EQ(value_of(d), 1111);
}

TEST(Deferred, ReturnedFromItsOwnCallbackItIsAnErrorNotALoop) {
  Source<int> source;
  std::optional<Deferred<int>> held;
  std::string seen;
  held = std::move(source.d).add_callback([&](int) { return std::move(*held); }).add_errback([&](Failure&& f) {
    return seen = f.get_error_message(), 0;
  });
  source.promise.callback(1);
  EXPECT_THAT(seen, HasSubstr("returned the very Deferred"));
}

TEST(Deferred, ACallbackThatReturnsAMovedFromDeferredFails) {
  Source<int> spent;
  const Deferred<int> elsewhere = std::move(spent.d);
  EXPECT_THAT(failure_of(succeed(1).add_callback([&](int) { return std::move(spent.d); }).add_callback([](int n) {
                return n;
              })),
              HasSubstr("moved away"));
  Source<int> outer;
  auto d = std::move(outer.d).add_callback([&](int) { return std::move(spent.d); });
  outer.promise.callback(1);
  EXPECT_THAT(failure_of(std::move(d)), HasSubstr("moved away"));
}

TEST(Deferred, ACallbackMayDestroyTheLastHandleToItsOwnDeferred) {
  Source<int> source;
  std::vector<int> order;
  std::optional<Deferred<int>> held;
  held = std::move(source.d)
             .add_callback([&](int n) {
               held.reset();
               order.push_back(n);
               return n + 1;
             })
             .add_callback([&](int n) { return order.push_back(n), n; });
  source.promise.callback(1);
  EXPECT_THAT(order, ElementsAre(1, 2));
}

// 27, which Twisted shows in a Deferred's repr.
TEST(Deferred, SaysWhatItIsAt) {
  Source<int> outer;
  Source<int> inner;
  EXPECT_EQ(outer.d.describe(), "has not fired");
  std::optional<Deferred<int>> d;
  std::string inside;
  d = std::move(outer.d).add_callback([&](int) {
    inside = d->describe();
    return std::move(inner.d);
  });
  EXPECT_EQ(outer.d.describe(), "was moved away");
  outer.promise.callback(1);
  EXPECT_EQ(inside, "runs its callbacks");
  EXPECT_EQ(d->describe(), "waits for another Deferred");
  Pause pause = d->pause();
  inner.promise.callback(1);
  EXPECT_EQ(d->describe(), "is paused");
  pause.unpause();
  EXPECT_EQ(d->describe(), "has a value");
  EXPECT_EQ(fail<int>(Odd("x")).add_errback([](Failure&& f) { return f; }).tap([](const Result<int>&) {}).describe(),
            "has the failure prometheus_async::tx::(anonymous namespace)::Odd: x");
}

// --- Pausing: 23, 24, 28.

TEST(Deferred, APauseHoldsTheCallbacksBack) {
  Source<int> source;
  Pause pause = source.d.pause();
  auto d = std::move(source.d).add_callback([](int n) { return n + 1; });
  source.promise.callback(1);
  EXPECT_TRUE(d.called());
  EXPECT_FALSE(d.has_result());
  EXPECT_FALSE(d.take_result().has_value());
  pause.unpause();
  EXPECT_EQ(value_of(d), 2);
  pause.unpause();  // nothing more
}

TEST(Deferred, UndoneBeforeItFiredAPauseChangesNothing) {
  Source<int> source;
  {
    const Pause pause = source.d.pause();
  }
  source.promise.callback(1);
  EXPECT_EQ(value_of(source.d), 1);
}

TEST(Deferred, SeveralPausesHaveToBeUndone) {
  Deferred<int> d = succeed(1);
  Pause first = d.pause();
  Pause second = d.pause();
  auto e = std::move(d).add_callback([](int n) { return n + 1; });
  first.unpause();
  EXPECT_FALSE(e.has_result());
  second.unpause();
  EXPECT_EQ(value_of(e), 2);
}

TEST(Deferred, AnInnerOneThatIsPausedIsWaitedFor) {
  Source<int> outer;
  Deferred<int> inner = succeed(5);
  Pause pause = inner.pause();
  auto d =
      std::move(outer.d).add_callback([&](int) { return std::move(inner); }).add_callback([](int n) { return n + 1; });
  outer.promise.callback(0);
  EXPECT_FALSE(d.has_result());
  pause.unpause();
  EXPECT_EQ(value_of(d), 6);
}

TEST(Deferred, APausedOuterDoesNotStopTheInner) {
  Source<int> outer;
  Source<int> inner;
  int seen = 0;
  inner.d = std::move(inner.d).add_callback([&](int n) { return seen = n; });
  auto d = std::move(outer.d).add_callback([&](int) { return std::move(inner.d); }).add_callback([](int n) {
    return n + 1;
  });
  outer.promise.callback(0);
  Pause pause = d.pause();
  inner.promise.callback(5);
  EXPECT_EQ(seen, 5);
  EXPECT_FALSE(d.has_result());
  pause.unpause();
  EXPECT_EQ(value_of(d), 6);
}

TEST(Deferred, PausedByARunningCallbackTheRestStillRuns) {
  Source<int> source;
  std::optional<Pause> pause;
  std::optional<Deferred<int>> d;
  int seen = 0;
  d = std::move(source.d)
          .add_callback([&](int n) {
            pause = d->pause();
            return n;
          })
          .add_callback([&](int n) { return seen = n; });
  source.promise.callback(4);
  EXPECT_EQ(seen, 4);
}

// --- Types.

struct MoveOnly {
  explicit MoveOnly(int n) : value(std::make_unique<int>(n)) {}
  std::unique_ptr<int> value;
};

TEST(Deferred, ValuesNeedNoCopyAndNoDefault) {
  Source<MoveOnly> source;
  auto d = std::move(source.d).add_callback([](MoveOnly m) { return MoveOnly(*m.value + 1); });
  source.promise.callback(MoveOnly(4));
  EXPECT_EQ(*value_of(d).value, 5);
}

struct Large {
  std::array<int, 100> numbers{};
};
struct alignas(64) Aligned {
  double value = 0;
};

TEST(Deferred, LargeAndAlignedValuesWork) {
  Source<Large> source;
  auto d = std::move(source.d).add_callback([](const Large& large) {
    Aligned aligned;
    aligned.value = large.numbers[99];
    return aligned;
  });
  Large large;
  large.numbers[99] = 3;
  source.promise.callback(large);
  const Aligned aligned = value_of(d);
  EXPECT_EQ(aligned.value, 3);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&aligned) % 64, 0u);
}

TEST(Deferred, LargeCallbacksWork) {
  Source<int> source;
  Large large;
  large.numbers[50] = 8;
  auto d = std::move(source.d).add_callback([large](int n) { return large.numbers[50] + n; });
  source.promise.callback(1);
  EXPECT_EQ(value_of(d), 9);
}

TEST(Deferred, OfVoid) {
  Source<void> source;
  bool ran = false;
  auto d = std::move(source.d).add_callback([&] { ran = true; }).add_errback([](Failure&&) {});
  source.promise.callback();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(d.take_result()->has_value());
  EXPECT_EQ(value_of(succeed().add_callback([] { return 3; })), 3);
  EXPECT_TRUE(succeed(3).ignore_result().take_result()->has_value());
  EXPECT_EQ(failure_of(fail<int>(Odd("i")).ignore_result()), "i");
}

TEST(Deferred, WhatACallbackCapturedIsFreedWhenItHasRun) {
  const auto token = std::make_shared<int>(1);
  Source<int> source;
  Source<int> inner;
  auto d = std::move(source.d).add_callback([token](int n) { return n; }).add_callback([&](int) {
    EXPECT_EQ(token.use_count(), 1);
    return std::move(inner.d);
  });
  EXPECT_EQ(token.use_count(), 2);
  source.promise.callback(1);
  EXPECT_EQ(token.use_count(), 1);
  inner.promise.callback(1);
  EXPECT_EQ(value_of(d), 1);
}

TEST(Deferred, ACallbackThatIsSkippedIsFreedAsWell) {
  UnhandledFailures unhandled;
  const auto token = std::make_shared<int>(1);
  {
    Source<int> source;
    const Deferred<int> d = std::move(source.d).add_callback([token](int n) { return n; });
    source.promise.errback(Odd("skip"));
    EXPECT_EQ(token.use_count(), 1);
  }
  EXPECT_THAT(unhandled.messages, ElementsAre("skip"));
}

// --- Bad input.

TEST(Deferred, UsedAfterItWasMovedAwayItSaysSo) {
  Source<int> source;
  Deferred<int> d = std::move(source.d);
  const auto message = [](auto use) -> std::string {
    try {
      use();
    } catch (const MovedFromError& error) {
      return error.what();
    }
    return "nothing";
  };
  Deferred<int>& gone = source.d;
  EXPECT_THAT(message([&] { (void)std::move(gone).add_callback([](int) {}); }), HasSubstr("moved away"));
  EXPECT_THAT(message([&] { gone.add_errback([](Failure&&) { return 0; }); }), HasSubstr("moved away"));
  EXPECT_THAT(message([&] { gone.cancel(); }), HasSubstr("cancel on a Deferred"));
  EXPECT_THAT(message([&] { (void)gone.pause(); }), HasSubstr("pause"));
  EXPECT_THAT(message([&] { (void)gone.take_result(); }), HasSubstr("take_result"));
  EXPECT_THAT(message([&] { (void)gone.called(); }), HasSubstr("called"));
  source.promise.callback(1);
  EXPECT_EQ(value_of(d), 1);
  EXPECT_THAT(message([&] { (void)d.take_result(); }), HasSubstr("consumed"));
}

#ifndef NDEBUG
TEST(DeferredDeathTest, UsedOnAnotherThreadItEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Source<int> source;
        std::thread([&] { source.promise.callback(1); }).join();
      },
      "used on a thread other than the one that made it");
  EXPECT_DEATH(
      {
        Source<int> source;
        std::thread([&] { (void)std::move(source.d).add_callback([](int) {}); }).join();
      },
      "used on a thread other than the one that made it");
}
#endif

TEST(Deferred, OneThatNeverWaitedMayGoToAnotherThread) {
  Deferred<int> d = succeed(1);
  int seen = 0;
  std::thread([&] { seen = value_of(std::move(d).add_callback([](int n) { return n + 1; })); }).join();
  EXPECT_EQ(seen, 2);
}

// --- The example of the header.

struct Page {
  std::string text;
};
struct Document {
  std::string text;
  static Document empty() { return {"(empty)"}; }
};
Document parse(Page page) {
  if (page.text.empty()) throw Odd("nothing to parse");
  return {"<" + page.text + ">"};
}

Deferred<Document> load(Deferred<Page> fetched) {
  Page page = co_await std::move(fetched);
  co_return parse(page);
}

TEST(Deferred, TheExampleOfTheHeader) {
  std::string written;
  const auto show = [&](Deferred<Page> d) {
    std::move(d)
        .add_callback(parse)
        .add_errback<Odd>([](const Odd&) { return Document::empty(); })
        .add_callback([&](Document document) { written = document.text; })
        .detach();
  };
  show(succeed(Page{"page"}));
  EXPECT_EQ(written, "<page>");
  show(succeed(Page{""}));
  EXPECT_EQ(written, "(empty)");
  EXPECT_EQ(value_of(load(succeed(Page{"page"}))).text, "<page>");
}

}  // namespace
}  // namespace prometheus_async::tx
