// SPDX-License-Identifier: Apache-2.0
//
// Streams under the wrappers: aio/wrapper.h, Wrapper::stream.

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/coro.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "aio/count_exceptions.h"
#include "aio/time.h"
#include "aio/track_inprogress.h"
#include "metrics/filter.h"
#include "metrics/registry.h"
#include "tests/testing/fake_metrics.h"
#include "tests/testing/run.h"
#include "tests/testing/stepping_clock.h"
#include "tests/testing/task.h"

namespace prometheus_async::aio {
namespace {

namespace asio = boost::asio;
using prometheus_async::testing::Event;
using prometheus_async::testing::FakeCounter;
using prometheus_async::testing::FakeGauge;
using prometheus_async::testing::FakeHistogram;
using prometheus_async::testing::LoggingMetric;
using prometheus_async::testing::run;
using prometheus_async::testing::start;
using prometheus_async::testing::SteppingClock;
using prometheus_async::testing::Task;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

// Gives 1, 2, 3, each after a second, and then no more; or fails after the second.
class Counting {
 public:
  explicit Counting(bool fails = false) : fails_(fails) {}

  asio::awaitable<std::optional<int>> next() {
    SteppingClock::advance(1s);
    if (fails_ && last_ == 2) throw std::runtime_error("no three");
    if (last_ == 3) co_return std::nullopt;
    co_return ++last_;
  }

 private:
  bool fails_;
  int last_ = 0;
};

// Everything that it gives.
template <class Next>
asio::awaitable<std::vector<int>> collect(Next& next) {
  std::vector<int> pieces;
  for (;;) {
    const std::optional<int> piece = co_await next();
    if (!piece) break;
    pieces.push_back(*piece);
  }
  co_return pieces;
}

asio::awaitable<std::optional<int>> wait_for_ever() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
  co_return std::nullopt;
}

// --- When it ends.

TEST(Stream, IsObservedOnceWithItsLastPiece) {
  asio::io_context context;
  FakeHistogram seconds;
  Counting counting;
  auto next = aio::time<SteppingClock>(seconds).stream([&] { return counting.next(); });
  EXPECT_EQ(*run(context, next()), 1);
  EXPECT_THAT(seconds.observations, IsEmpty());
  EXPECT_THAT(run(context, collect(next)), ElementsAre(2, 3));
  EXPECT_THAT(seconds.observations, ElementsAre(4));
}

TEST(Stream, BeginsWhereItIsWrapped) {
  asio::io_context context;
  FakeHistogram seconds;
  Counting counting;
  auto next = aio::time<SteppingClock>(seconds).stream([&] { return counting.next(); });
  SteppingClock::advance(10s);
  run(context, collect(next));
  EXPECT_THAT(seconds.observations, ElementsAre(14));
}

TEST(Stream, IsInProgressFromItsWrappingToItsEnd) {
  asio::io_context context;
  FakeGauge streams;
  Counting counting;
  auto next = aio::track_inprogress(streams).stream([&] { return counting.next(); });
  EXPECT_EQ(streams.value, 1);
  run(context, next());
  EXPECT_EQ(streams.value, 1);
  run(context, collect(next));
  EXPECT_EQ(streams.value, 0);
  EXPECT_EQ(streams.calls, 2);
}

TEST(Stream, PassesOnWhatComesAfterItsEnd) {
  asio::io_context context;
  FakeHistogram seconds;
  Counting counting;
  auto next = aio::time<SteppingClock>(seconds).stream([&] { return counting.next(); });
  run(context, collect(next));
  EXPECT_EQ(run(context, next()), std::nullopt);
  EXPECT_EQ(seconds.observations.size(), 1u);
}

// --- How it ends.

TEST(Stream, EndsWithTheFirstExceptionWhichPassesThrough) {
  asio::io_context context;
  FakeHistogram seconds;
  FakeCounter failures;
  FakeGauge streams;
  Counting counting(true);
  auto next = (aio::time<SteppingClock>(seconds) | aio::count_exceptions<std::runtime_error>(failures) |
               aio::track_inprogress(streams))
                  .stream([&] { return counting.next(); });
  EXPECT_THROW(run(context, collect(next)), std::runtime_error);
  EXPECT_THROW(run(context, next()), std::runtime_error);
  EXPECT_THAT(seconds.observations, ElementsAre(3));
  EXPECT_EQ(failures.value, 1);
  EXPECT_EQ(streams.value, 0);
  EXPECT_EQ(streams.calls, 2);
}

TEST(Stream, EndsWithAnExceptionOfTheCallItself) {
  FakeCounter failures;
  auto next = aio::count_exceptions(failures).stream(
      []() -> asio::awaitable<std::optional<int>> { throw std::runtime_error("no stream"); });
  EXPECT_THROW((void)next(), std::runtime_error);
  EXPECT_EQ(failures.value, 1);
}

TEST(Stream, EndsCancelledWhenAPieceIs) {
  asio::io_context context;
  FakeCounter failures;
  FakeCounter cancelled;
  FakeGauge streams;
  auto next = (aio::count_exceptions(failures) | aio::count_exceptions(cancelled, metrics::cancelled) |
               aio::track_inprogress(streams))
                  .stream(wait_for_ever);
  const auto pending = start(context, next());
  context.poll();
  pending->cancel(asio::cancellation_type::terminal);
  EXPECT_THROW(finish(context, *pending), boost::system::system_error);
  EXPECT_EQ(failures.value, 0);
  EXPECT_EQ(cancelled.value, 1);
  EXPECT_EQ(streams.value, 0);
}

TEST(Stream, EndsAbandonedWhenItIsLeftBeforeItsLastPiece) {
  asio::io_context context;
  FakeHistogram seconds;
  FakeCounter abandoned;
  {
    Counting counting;
    auto next = (aio::time<SteppingClock>(seconds) | aio::count_exceptions(abandoned, metrics::abandoned)).stream([&] {
      return counting.next();
    });
    run(context, next());
    EXPECT_EQ(abandoned.value, 0);
  }
  EXPECT_THAT(seconds.observations, ElementsAre(1));
  EXPECT_EQ(abandoned.value, 1);
}

TEST(Stream, ChoosesItsMetricByItsOutcome) {
  metrics::Registry registry;
  auto& seconds = registry.histogram("stream_seconds", "Time of a stream.", {"outcome"});
  asio::io_context context;
  Counting counting(true);
  auto next = aio::time(seconds.by_outcome()).stream([&] { return counting.next(); });
  EXPECT_THROW(run(context, collect(next)), std::runtime_error);
  EXPECT_EQ(registry.get_sample_value("stream_seconds_count", {{"outcome", "error"}}), 1);
  EXPECT_EQ(registry.get_sample_value("stream_seconds_count", {{"outcome", "ok"}}), 0);
}

TEST(Stream, EndsItsProbesFromTheInside) {
  std::vector<std::string> log;
  LoggingMetric time{"time", log};
  LoggingMetric track{"track", log};
  auto next = (aio::time(time) | aio::track_inprogress(track)).stream([] { return std::optional<int>(); });
  (void)next();
  EXPECT_THAT(log, ElementsAre("track.inc", "track.dec", "time.observe"));
}

// --- What it is made of.

TEST(Stream, MayGiveItsPiecesAtOnce) {
  FakeHistogram seconds;
  int left = 2;
  auto next = aio::time(seconds).stream([&] { return left-- > 0; });
  EXPECT_TRUE(next());
  EXPECT_TRUE(next());
  EXPECT_THAT(seconds.observations, IsEmpty());
  EXPECT_FALSE(next());
  EXPECT_EQ(seconds.observations.size(), 1u);
}

TEST(Stream, MayKnowItsEndByAFunction) {
  FakeHistogram seconds;
  std::vector<std::string> lines{"", "one"};
  auto next = aio::time(seconds).stream(
      [&]() -> std::string_view {
        const std::string_view line = lines.back();
        return line;
      },
      [](std::string_view line) { return line.empty(); });
  EXPECT_EQ(next(), "one");
  EXPECT_THAT(seconds.observations, IsEmpty());
  lines.pop_back();
  EXPECT_EQ(next(), "");
  EXPECT_EQ(seconds.observations.size(), 1u);
}

TEST(Stream, MayTakeArguments) {
  FakeHistogram seconds;
  auto next = aio::time(seconds).stream([](std::unique_ptr<int> piece) { return piece; });
  EXPECT_EQ(*next(std::make_unique<int>(7)), 7);
  EXPECT_EQ(next(nullptr), nullptr);
  EXPECT_EQ(seconds.observations.size(), 1u);
}

Task<std::optional<int>> count_down(Event& event, int& left) {
  co_await event;
  if (left == 0) throw std::runtime_error("no more");
  co_return left--;
}

template <class Next>
Task<int> take_one_of_two(Next& next) {
  const std::optional<int> first = co_await next();
  try {
    co_await next();
  } catch (const std::runtime_error&) {
  }
  co_return *first;
}

TEST(Stream, MayBeOfAnyAwaitable) {
  FakeHistogram seconds;
  FakeCounter failures;
  Event event;
  int left = 1;
  auto next = (aio::time(seconds) | aio::count_exceptions(failures)).stream([&] { return count_down(event, left); });
  Task<int> consumer = take_one_of_two(next);
  consumer.start();
  EXPECT_FALSE(consumer.done());
  EXPECT_THAT(seconds.observations, IsEmpty());
  event.set();
  ASSERT_TRUE(consumer.done());
  EXPECT_EQ(consumer.result(), 1);
  EXPECT_EQ(seconds.observations.size(), 1u);
  EXPECT_EQ(failures.value, 1);
}

// Asio's own generators: of C++20's kind there is none in the standard.
asio::experimental::coro<int> count_to_three(asio::io_context&) {
  for (int i = 1; i <= 3; ++i) co_yield i;
}

TEST(Stream, MayBeAnAsioGenerator) {
  asio::io_context context;
  FakeHistogram seconds;
  asio::experimental::coro<int> numbers = count_to_three(context);
  auto next = aio::time(seconds).stream([&] { return numbers.async_resume(asio::use_awaitable); });
  EXPECT_EQ(*run(context, next()), 1);
  EXPECT_THAT(seconds.observations, IsEmpty());
  EXPECT_THAT(run(context, collect(next)), ElementsAre(2, 3));
  EXPECT_EQ(seconds.observations.size(), 1u);
}

}  // namespace
}  // namespace prometheus_async::aio
