// SPDX-License-Identifier: Apache-2.0
//
// What the three wrappers have in common, and the weaknesses of the original that are gone.
#include "tx/wrapper.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/filter.h"
#include "metrics/registry.h"
#include "tests/testing/fake_metrics.h"
#include "tests/testing/stepping_clock.h"
#include "tests/tx/unhandled_failures.h"
#include "tx/count_exceptions.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/promise.h"
#include "tx/time.h"
#include "tx/track_inprogress.h"

namespace prometheus_async::tx {
namespace {

using namespace std::chrono_literals;
using ::prometheus_async::testing::BrokenMetric;
using ::prometheus_async::testing::FakeCounter;
using ::prometheus_async::testing::FakeGauge;
using ::prometheus_async::testing::FakeHistogram;
using ::prometheus_async::testing::LoggingMetric;
using ::prometheus_async::testing::SteppingClock;
using ::prometheus_async::testing::UnhandledFailures;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct PaymentError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Declined : PaymentError {
  using PaymentError::PaymentError;
};

template <class T>
void forget(Deferred<T>&& d) {
  (void)d.take_result();
}

// --- time

TEST(Time, ObservesAFiredDeferredAtOnceWithTwoReadings) {
  FakeHistogram histogram;
  SteppingClock::readings = 0;
  Deferred<int> d = succeed(1);
  Deferred<int>& same = time<SteppingClock>(histogram, d);
  EXPECT_EQ(&same, &d);
  EXPECT_THAT(histogram.observations, ElementsAre(0));
  EXPECT_EQ(SteppingClock::readings, 2);
  forget(std::move(d));
}

TEST(Time, ObservesAPendingDeferredWhenItFires) {
  FakeHistogram histogram;
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  time<SteppingClock>(histogram, d);
  SteppingClock::advance(2s);
  EXPECT_THAT(histogram.observations, IsEmpty());
  promise.callback(1);
  EXPECT_THAT(histogram.observations, ElementsAre(2));
}

TEST(Time, MeasuresTheChainUpToThePointOfWrapping) {
  FakeHistogram histogram;
  Promise<int> promise;
  Promise<int> inner;
  Promise<int> later;
  auto d = promise.get_deferred().add_callback([&](int) { return inner.get_deferred(); });
  auto e = time<SteppingClock>(histogram, std::move(d)).add_callback([&](int) { return later.get_deferred(); });
  SteppingClock::advance(1s);
  promise.callback(1);
  SteppingClock::advance(2s);
  inner.callback(1);
  SteppingClock::advance(4s);
  later.callback(1);
  EXPECT_THAT(histogram.observations, ElementsAre(3));
  forget(std::move(e));
}

TEST(Time, ObservesFailuresCancellationsAndAbandonment) {
  FakeHistogram histogram;
  forget(std::move(time(histogram, fail<int>(PaymentError("f")))));
  {
    Promise<int> cancelled;
    Deferred<int> d = cancelled.get_deferred();
    time(histogram, d).cancel();
    forget(std::move(d));
  }
  {
    std::optional<Promise<int>> abandoned(std::in_place);
    Deferred<int> d = abandoned->get_deferred();
    time(histogram, d);
    abandoned.reset();
    forget(std::move(d));
  }
  EXPECT_THAT(histogram.observations, SizeIs(3));
}

TEST(Time, ByOutcome) {
  metrics::Registry registry;
  auto& calls = registry.histogram("call_seconds", "time of a call", {"outcome"});
  const auto timed = time(calls.by_outcome());
  forget(std::move(timed(succeed(1))));
  forget(std::move(timed(fail<int>(PaymentError("f")))));
  Promise<int> cancelled;
  forget(std::move(timed(fail<int>(CancelledError()))));
  {
    std::optional<Promise<int>> promise(std::in_place);
    Deferred<int> d = promise->get_deferred();
    timed(d);
    promise.reset();
    forget(std::move(d));
  }
  for (const char* outcome : {"ok", "error", "cancelled", "abandoned"}) {
    EXPECT_EQ(registry.get_sample_value("call_seconds_count", {{"outcome", outcome}}), 1) << outcome;
  }
}

Deferred<int> raw_call(Deferred<int> d, int add) { co_return co_await std::move(d) + add; }

TEST(Time, DecoratesAFunctionThatReturnsADeferred) {
  FakeHistogram histogram;
  const auto call = time<SteppingClock>(histogram)(raw_call);
  Promise<int> promise;
  Deferred<int> d = call(promise.get_deferred(), 2);
  SteppingClock::advance(5s);
  promise.callback(1);
  EXPECT_THAT(histogram.observations, ElementsAre(5));
  EXPECT_EQ(**d.take_result(), 3);
}

TEST(Time, CountsTheWorkDoneBeforeTheDeferredIsReturned) {
  FakeHistogram histogram;
  const auto call = time<SteppingClock>(histogram)([] {
    SteppingClock::advance(3s);
    return succeed();
  });
  forget(call());
  EXPECT_THAT(histogram.observations, ElementsAre(3));
}

TEST(Time, DecoratesPlainFunctionsAndMembers) {
  FakeHistogram histogram;
  struct Account {
    int balance() const { return 7; }
    Deferred<int> fetch(int n) { return succeed(n); }
  } account;
  EXPECT_EQ(time(histogram)([](int n) { return n + 1; })(1), 2);
  time(histogram)([] {})();
  EXPECT_EQ(time(histogram)(&Account::balance)(account), 7);
  EXPECT_EQ(**time(histogram)(&Account::fetch)(account, 9).take_result(), 9);
  EXPECT_THAT(histogram.observations, SizeIs(4));
}

TEST(Time, AReferenceComesBackAsOne) {
  FakeHistogram histogram;
  int number = 1;
  const auto refer = time(histogram)([&]() -> int& { return number; });
  EXPECT_EQ(&refer(), &number);
  Deferred<int> kept = succeed(1);
  const auto keep = time(histogram)([&]() -> Deferred<int>& { return kept; });
  EXPECT_EQ(&keep(), &kept);
  forget(std::move(kept));
}

// W4: the original observes nothing then.
TEST(Time, ObservesASynchronousException) {
  FakeHistogram histogram;
  const auto call = time(histogram)([](bool fails) -> Deferred<int> {
    if (fails) throw PaymentError("sync");
    return succeed(1);
  });
  EXPECT_THROW((void)call(true), PaymentError);
  EXPECT_THAT(histogram.observations, SizeIs(1));
  EXPECT_THROW(time(histogram)([]() -> int { throw PaymentError("plain"); })(), PaymentError);
  EXPECT_THAT(histogram.observations, SizeIs(2));
}

// --- count_exceptions

// W1: the original's default filter never counts a failing Deferred.
TEST(CountExceptions, CountsEveryErrorByDefault) {
  FakeCounter counter;
  forget(std::move(count_exceptions(counter, fail<int>(PaymentError("fired")))));
  EXPECT_EQ(counter.value, 1);
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  count_exceptions(counter, d);
  promise.errback(PaymentError("pending"));
  EXPECT_EQ(counter.value, 2);
  forget(std::move(d));
  const auto call = count_exceptions(counter)([]() -> Deferred<int> { throw PaymentError("sync"); });
  EXPECT_THROW((void)call(), PaymentError);
  EXPECT_EQ(counter.value, 3);
}

TEST(CountExceptions, CountsNoValueNoCancellationNoAbandonment) {
  FakeCounter counter;
  forget(std::move(count_exceptions(counter, succeed(1))));
  Promise<int> cancelled;
  Deferred<int> d = cancelled.get_deferred();
  count_exceptions(counter, d).cancel();
  forget(std::move(d));
  {
    std::optional<Promise<int>> abandoned(std::in_place);
    Deferred<int> e = abandoned->get_deferred();
    count_exceptions(counter, e);
    abandoned.reset();
    forget(std::move(e));
  }
  EXPECT_EQ(counter.value, 0);
}

TEST(CountExceptions, AFilterCountsThem) {
  FakeCounter counter;
  forget(std::move(count_exceptions(counter, metrics::any_error | metrics::cancelled, fail<int>(CancelledError()))));
  forget(std::move(count_exceptions(counter, metrics::abandoned, fail<int>(AbandonedError()))));
  EXPECT_EQ(counter.value, 2);
}

// W2: in the original a tuple of types matches synchronous exceptions only.
TEST(CountExceptions, TypesMatchOnEveryPath) {
  FakeCounter counter;
  const auto counted = count_exceptions<PaymentError, std::logic_error>(counter);
  forget(std::move(counted(fail<int>(Declined("derived")))));
  forget(std::move(counted(fail<int>(std::out_of_range("logic")))));
  forget(std::move(counted(fail<int>(std::runtime_error("other")))));
  EXPECT_THROW(counted([] { throw Declined("sync"); })(), Declined);
  EXPECT_EQ(counter.value, 3);
}

TEST(CountExceptions, ThePredicateSeesTheException) {
  FakeCounter counter;
  const auto long_ones =
      metrics::when<PaymentError>([](const PaymentError& e) { return std::string(e.what()).size() > 3; });
  forget(std::move(count_exceptions(counter, long_ones, fail<int>(PaymentError("no")))));
  forget(std::move(count_exceptions(counter, long_ones, fail<int>(PaymentError("long enough")))));
  EXPECT_EQ(counter.value, 1);
}

TEST(CountExceptions, TheVeryExceptionPassesOn) {
  FakeCounter counter;
  const std::exception_ptr original = std::make_exception_ptr(PaymentError("same"));
  Deferred<int> d = fail<int>(Failure(original));
  count_exceptions(counter, d);
  EXPECT_EQ(d.take_result()->failure().value(), original);
}

// A failure that was only looked at is still unhandled.
TEST(CountExceptions, CountingIsNotHandling) {
  UnhandledFailures unhandled;
  FakeCounter counter;
  {
    count_exceptions(counter, fail<int>(PaymentError("dropped")));
  }
  EXPECT_THAT(unhandled.messages, ElementsAre("dropped"));
}

// --- track_inprogress

TEST(TrackInprogress, IsUpUntilItFires) {
  FakeGauge gauge;
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  track_inprogress(gauge, d);
  EXPECT_EQ(gauge.value, 1);
  promise.callback(1);
  EXPECT_EQ(gauge.value, 0);
  EXPECT_EQ(gauge.calls, 2);
}

// W3: the original's gauge stays up.
TEST(TrackInprogress, FallsAfterASynchronousException) {
  FakeGauge gauge;
  const auto call = track_inprogress(gauge)([&]() -> Deferred<int> {
    EXPECT_EQ(gauge.value, 1);
    throw PaymentError("sync");
  });
  EXPECT_THROW((void)call(), PaymentError);
  EXPECT_EQ(gauge.value, 0);
}

TEST(TrackInprogress, FallsWhenThePromiseIsDroppedAndWhenItIsCancelled) {
  FakeGauge gauge;
  {
    Promise<int> promise;
    Deferred<int> d = promise.get_deferred();
    track_inprogress(gauge, d);
    d.cancel();
    EXPECT_EQ(gauge.value, 0);
    forget(std::move(d));
  }
  Deferred<int> d = [&] {
    Promise<int> promise;
    Deferred<int> made = promise.get_deferred();
    track_inprogress(gauge, made);
    EXPECT_EQ(gauge.value, 1);
    return made;
  }();
  EXPECT_EQ(gauge.value, 0);
  forget(std::move(d));
}

TEST(TrackInprogress, SeveralAtOnce) {
  FakeGauge gauge;
  const auto call = track_inprogress(gauge)(raw_call);
  Promise<int> first;
  Promise<int> second;
  Deferred<int> d = call(first.get_deferred(), 1);
  Deferred<int> e = call(second.get_deferred(), 1);
  EXPECT_EQ(gauge.value, 2);
  second.callback(1);
  first.callback(1);
  EXPECT_EQ(gauge.value, 0);
  forget(std::move(d));
  forget(std::move(e));
}

// --- Composition

TEST(Wrapper, ComposedTheyBeginLeftToRightAndEndRightToLeft) {
  std::vector<std::string> log;
  LoggingMetric a{"a", log};
  LoggingMetric b{"b", log};
  LoggingMetric c{"c", log};
  SteppingClock::readings = 0;
  const auto call =
      time<SteppingClock>(a) | track_inprogress(b) | count_exceptions(c) | [](Deferred<int> d) { return d; };
  Promise<int> promise;
  Deferred<int> d = call(promise.get_deferred());
  EXPECT_THAT(log, ElementsAre("b.inc"));
  promise.errback(PaymentError("e"));
  EXPECT_THAT(log, ElementsAre("b.inc", "c.inc", "b.dec", "a.observe"));
  EXPECT_EQ(SteppingClock::readings, 2);
  forget(std::move(d));
}

TEST(Wrapper, ComposedOntoADeferredItGivesThatOneBack) {
  FakeHistogram histogram;
  FakeGauge gauge;
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  Deferred<int>& same = time(histogram) | track_inprogress(gauge) | d;
  EXPECT_EQ(&same, &d);
  EXPECT_EQ(gauge.value, 1);
  promise.callback(1);
  EXPECT_EQ(gauge.value, 0);
  EXPECT_THAT(histogram.observations, SizeIs(1));
}

TEST(Wrapper, AMetricThatThrowsChangesNothing) {
  BrokenMetric broken;
  const auto all = time(broken) | track_inprogress(broken) | count_exceptions(broken);
  EXPECT_EQ(**all(succeed(3)).take_result(), 3);
  Deferred<int> failed = fail<int>(PaymentError("kept"));
  EXPECT_EQ(all(failed).take_result()->failure().get_error_message(), "kept");
}

TEST(Wrapper, SpansAndScopesForTheRest) {
  FakeGauge gauge;
  auto span = track_inprogress(gauge).start();
  EXPECT_EQ(gauge.value, 1);
  span.finish();
  EXPECT_EQ(gauge.value, 0);
  FakeHistogram histogram;
  {
    const auto scope = time(histogram).scope();
  }
  EXPECT_THAT(histogram.observations, SizeIs(1));
}

TEST(Wrapper, OnADeferredThatWasMovedAwayItSaysSo) {
  FakeHistogram histogram;
  Deferred<int> d = succeed(1);
  Deferred<int> elsewhere = std::move(d);
  EXPECT_THROW(time(histogram, d), MovedFromError);
  EXPECT_THAT(histogram.observations, IsEmpty());
  forget(std::move(elsewhere));
}

// The examples of the headers.
struct Order {};
struct Receipt {
  int number;
};

TEST(Wrapper, TheExampleOfTheHeader) {
  FakeHistogram seconds;
  FakeCounter declined;
  FakeGauge in_flight;
  const auto charge = tx::time(seconds) | tx::count_exceptions<PaymentError>(declined) |
                      tx::track_inprogress(in_flight) | [](Order) -> tx::Deferred<Receipt> { co_return Receipt{5}; };
  tx::Deferred<Receipt> receipt = charge(Order());
  EXPECT_EQ((*receipt.take_result())->number, 5);
  const auto render = [](int n) { return std::to_string(n); };
  auto text = tx::time(seconds, succeed(4)).add_callback(render);
  EXPECT_EQ(**text.take_result(), "4");
}

}  // namespace
}  // namespace prometheus_async::tx
