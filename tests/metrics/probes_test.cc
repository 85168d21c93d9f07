// SPDX-License-Identifier: Apache-2.0
#include "metrics/probes.h"

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/summary.h>

#include "metrics/ending.h"
#include "metrics/filter.h"
#include "metrics/probe.h"
#include "metrics/registry.h"
#include "metrics/span.h"
#include "tests/testing/fake_metrics.h"
#include "tests/testing/stepping_clock.h"

namespace prometheus_async::metrics {
namespace {

using prometheus_async::testing::BrokenMetric;
using prometheus_async::testing::FakeCounter;
using prometheus_async::testing::FakeGauge;
using prometheus_async::testing::FakeHistogram;
using prometheus_async::testing::LoggingMetric;
using prometheus_async::testing::SteppingClock;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

// A code base that uses prometheus-cpp changes nothing.
static_assert(Observer<prometheus::Histogram> && Observer<prometheus::Summary>);
static_assert(Incrementer<prometheus::Counter> && IncDecrementer<prometheus::Gauge>);
static_assert(!Observer<prometheus::Gauge> && !Observer<prometheus::Counter>);
static_assert(Family<prometheus::Family<prometheus::Counter>> && Family<CounterFamily<2>>);
static_assert(!Family<prometheus::Counter> && !Family<Counter>);

struct Timeout : std::runtime_error {
  Timeout() : runtime_error("timeout") {}
};
struct SlowTimeout : Timeout {};
struct Stopped : std::exception, Cancellation {};

template <class F>
bool counts(const F& filter, const std::exception_ptr& exception) {
  return filter(Ending::thrown(exception));
}
template <class E>
std::exception_ptr made(E error) {
  return std::make_exception_ptr(error);
}
const std::exception_ptr kCancelled = made(std::system_error(std::make_error_code(std::errc::operation_canceled)));

TEST(TimeProbe, ObservesSecondsHoweverItEnds) {
  FakeHistogram seconds;
  const auto probe = time_probe<SteppingClock>(seconds);
  for (const Ending& ending : {Ending::value(), Ending::cancelled(), Ending::unnamed_error()}) {
    Span span(probe);
    SteppingClock::advance(1500ms);
    EXPECT_TRUE(seconds.observations.empty());
    span.end(ending);
    EXPECT_THAT(seconds.observations, ElementsAre(1.5));
    seconds.observations.clear();
  }
  {
    Span abandoned(probe);
    SteppingClock::advance(2s);
  }
  EXPECT_THAT(seconds.observations, ElementsAre(2.0));
}

// Python's library was wrong for a year because every test replaced the timer.
TEST(TimeProbe, MeasuresWithTheRealClock) {
  FakeHistogram seconds;
  const auto before = std::chrono::steady_clock::now();
  Span span(time_probe(seconds));
  while (std::chrono::steady_clock::now() - before < 20ms) {
  }
  span.finish();
  const double outside = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  ASSERT_EQ(seconds.observations.size(), 1u);
  EXPECT_GT(seconds.observations[0], 0.0);
  EXPECT_LE(seconds.observations[0], outside);
}

TEST(ExceptionProbe, CountsErrorsOnly) {
  FakeCounter errors;
  const auto probe = exception_probe(errors);
  Span(probe).finish();
  Span(probe).cancel();
  {
    Span dropped(probe);
  }
  EXPECT_EQ(errors.value, 0);
  Span(probe).fail(made(Timeout()));
  Span(probe).fail(std::make_error_code(std::errc::connection_reset));
  Span(probe).fail(made(42));
  EXPECT_EQ(errors.value, 3);
  Span(probe).fail(kCancelled);
  Span(probe).fail(std::make_error_code(std::errc::operation_canceled));
  Span(probe).fail(made(Stopped()));
  EXPECT_EQ(errors.value, 3);
}

TEST(InProgressProbe, LowersWhatItRaised) {
  FakeGauge gauge;
  {
    Span span(in_progress_probe(gauge));
    EXPECT_EQ(gauge.value, 1);
    Span moved(std::move(span));
    EXPECT_EQ(gauge.value, 1);
  }
  EXPECT_EQ(gauge.value, 0);
  EXPECT_EQ(gauge.calls, 2);
}

TEST(Span, EndsOnce) {
  FakeHistogram seconds;
  Span span(time_probe<SteppingClock>(seconds));
  span.finish();
  span.fail(made(Timeout()));
  span.cancel();
  EXPECT_EQ(seconds.observations.size(), 1u);
}

TEST(BothProbes, ReadTheClockOnceAtEachEndAndNestLikeCalls) {
  std::vector<std::string> log;
  LoggingMetric t{"t", log}, c{"c", log}, g{"g", log};
  const auto timing = time_probe<SteppingClock>(t);
  const auto counting = exception_probe(c);
  const auto tracking = in_progress_probe(g);
  const BothProbes inner(counting, tracking);
  const BothProbes probe(timing, inner);
  SteppingClock::readings = 0;
  Span span(probe);
  EXPECT_EQ(SteppingClock::readings, 1);
  span.fail(made(Timeout()));
  EXPECT_EQ(SteppingClock::readings, 2);
  EXPECT_THAT(log, ElementsAre("g.inc", "g.dec", "c.inc", "t.observe"));
}

TEST(BothProbes, TwoTimersShareOneReading) {
  FakeHistogram a, b;
  SteppingClock::readings = 0;
  {
    Span span(BothProbes(time_probe<SteppingClock>(a), time_probe<SteppingClock>(b)));
    SteppingClock::advance(3s);
  }
  EXPECT_EQ(SteppingClock::readings, 2);
  EXPECT_THAT(a.observations, ElementsAre(3.0));
  EXPECT_THAT(b.observations, ElementsAre(3.0));
}

TEST(Probes, MetricsThatThrowAreIgnored) {
  BrokenMetric broken;
  Span(time_probe(broken)).finish();
  Span(exception_probe(broken)).fail(made(Timeout()));
  Span(in_progress_probe(broken)).finish();
  FakeCounter errors;
  Span(exception_probe(errors, when([](const Ending&) -> bool { throw 1; }))).fail(made(Timeout()));
  EXPECT_EQ(errors.value, 0);
}

TEST(Probes, ASelectorChoosesAtTheEnd) {
  FakeHistogram good, bad;
  const auto probe = time_probe<SteppingClock>(
      choose([&](const Ending& ending) -> FakeHistogram& { return ending.is_value() ? good : bad; }));
  Span(probe).finish();
  Span(probe).fail(made(Timeout()));
  Span(probe).cancel();
  EXPECT_EQ(good.observations.size(), 1u);
  EXPECT_EQ(bad.observations.size(), 2u);

  FakeCounter some, others;
  Span(exception_probe(choose([&](const Ending& e) -> FakeCounter& {
    return e.code() == std::errc::timed_out ? some : others;
  }))).fail(std::make_error_code(std::errc::timed_out));
  EXPECT_EQ(some.value, 1);
  EXPECT_EQ(others.value, 0);
}

TEST(Scope, EndsWithItsBlock) {
  FakeHistogram seconds;
  FakeCounter errors;
  FakeGauge running;
  const BothProbes counting_and_tracking(exception_probe(errors), in_progress_probe(running));
  {
    const Scope timing(time_probe<SteppingClock>(seconds));
    const Scope scope(counting_and_tracking);
    SteppingClock::advance(1s);
    EXPECT_EQ(running.value, 1);
  }
  EXPECT_EQ(running.value, 0);
  EXPECT_EQ(errors.value, 0);
  EXPECT_THAT(seconds.observations, ElementsAre(1.0));
  try {
    const Scope scope(counting_and_tracking);
    throw Timeout();
  } catch (const Timeout&) {
  }
  EXPECT_EQ(running.value, 0);
  EXPECT_EQ(errors.value, 1);
}

// In a destructor that runs while an exception is under way, leaving a block is still not an error.
TEST(Scope, IsNotFooledByAnExceptionOutside) {
  FakeCounter errors;
  struct CleansUp {
    FakeCounter& errors;
    ~CleansUp() { const Scope scope(exception_probe(errors)); }
  };
  try {
    CleansUp cleanup{errors};
    throw Timeout();
  } catch (const Timeout&) {
  }
  EXPECT_EQ(errors.value, 0);
}

// The example of metrics/span.h.
struct Session {
  Span<InProgressProbe<Gauge>> open;
};
TEST(Span, LivesInASession) {
  Gauge sessions;
  std::optional<Session> session(Session{Span(in_progress_probe(sessions))});
  EXPECT_EQ(sessions.Value(), 1);
  session->open.finish();
  EXPECT_EQ(sessions.Value(), 0);
  session.emplace(Session{Span(in_progress_probe(sessions))});
  EXPECT_EQ(sessions.Value(), 1);
  session.reset();
  EXPECT_EQ(sessions.Value(), 0);
}

// The example of metrics/probe.h.
class BytesProbe {
 public:
  using clock = NoClock;
  struct State {};
  explicit BytesProbe(int& ends) : ends_(&ends) {}
  State begin(clock::time_point) const noexcept { return {}; }
  void end(State&, clock::time_point, const Ending&) const noexcept { ++*ends_; }

 private:
  int* ends_;
};
static_assert(Probe<BytesProbe>);
TEST(Probe, CanBeWrittenByAUser) {
  int ends = 0;
  FakeHistogram seconds;
  Span(BothProbes(time_probe(seconds), BytesProbe(ends))).finish();
  EXPECT_EQ(ends, 1);
  EXPECT_EQ(seconds.observations.size(), 1u);
}

TEST(Filter, ByType) {
  EXPECT_TRUE(counts(of_type<Timeout>(), made(Timeout())));
  EXPECT_TRUE(counts(of_type<Timeout>(), made(SlowTimeout())));
  EXPECT_FALSE(counts(of_type<SlowTimeout>(), made(Timeout())));
  EXPECT_TRUE((counts(of_type<std::logic_error, Timeout>(), made(Timeout()))));
  EXPECT_FALSE((counts(of_type<std::logic_error, Timeout>(), made(std::runtime_error("x")))));
  EXPECT_TRUE(counts(of_type<int>(), made(7)));
}

TEST(Filter, ByPredicate) {
  const auto seven = when<int>([](const int& value) { return value == 7; });
  EXPECT_TRUE(counts(seven, made(7)));
  EXPECT_FALSE(counts(seven, made(8)));
  EXPECT_FALSE(counts(seven, made(Timeout())));
  const auto reset = when([](const Ending& e) { return e.code() == std::errc::connection_reset; });
  EXPECT_TRUE(reset(Ending::failed(std::make_error_code(std::errc::connection_reset))));
  EXPECT_TRUE(counts(reset, made(std::system_error(std::make_error_code(std::errc::connection_reset)))));
  EXPECT_FALSE(counts(reset, made(Timeout())));
}

TEST(Filter, CancellationCountsWhereItIsNamed) {
  EXPECT_FALSE(counts(any_error, kCancelled));
  EXPECT_FALSE(counts(of_type<std::system_error>(), kCancelled));
  EXPECT_TRUE(counts(cancelled, kCancelled));
  EXPECT_TRUE(counts(any_error | cancelled, kCancelled));
  EXPECT_TRUE(counts(any_error | cancelled, made(Timeout())));
  EXPECT_FALSE(counts(cancelled, made(Timeout())));
  EXPECT_TRUE((of_type<Timeout>() | abandoned)(Ending::abandoned()));
  EXPECT_FALSE((any_error | cancelled)(Ending::abandoned()));
}

TEST(Filter, AnErrorCodeIsTheExceptionThatItWouldBe) {
  const auto code = std::make_error_code(std::errc::connection_reset);
  EXPECT_TRUE(of_type<std::system_error>()(Ending::failed(code)));
  EXPECT_FALSE(of_type<Timeout>()(Ending::failed(code)));
  EXPECT_TRUE(
      when<std::system_error>([&](const std::system_error& e) { return e.code() == code; })(Ending::failed(code)));
}

TEST(Filter, AnUnnamedErrorHasNoType) {
  EXPECT_TRUE(any_error(Ending::unnamed_error()));
  EXPECT_FALSE(of_type<std::exception>()(Ending::unnamed_error()));
}

TEST(Ending, OutcomesHaveNames) {
  EXPECT_EQ(to_string(Outcome::kValue), "ok");
  EXPECT_EQ(to_string(Outcome::kError), "error");
  EXPECT_EQ(to_string(Outcome::kCancelled), "cancelled");
  EXPECT_EQ(to_string(Outcome::kAbandoned), "abandoned");
}

}  // namespace
}  // namespace prometheus_async::metrics
