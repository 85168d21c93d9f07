// SPDX-License-Identifier: Apache-2.0
#include "aio/track_inprogress.h"

#include <stdexcept>

#include "gtest/gtest.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/testing/fake_metrics.h"
#include "tests/testing/run.h"
#include "tests/testing/task.h"

namespace prometheus_async::aio {
namespace {

namespace asio = boost::asio;
using prometheus_async::testing::Event;
using prometheus_async::testing::FakeGauge;
using prometheus_async::testing::Task;
using testing::run;

asio::awaitable<void> wait_for_ever() {
  asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await never.async_wait(asio::use_awaitable);
}

TEST(TrackInprogress, IsUpWhileACoroutineRuns) {
  asio::io_context context;
  FakeGauge gauge;
  const auto call = aio::track_inprogress(gauge)([&]() -> asio::awaitable<int> { co_return gauge.value; });
  EXPECT_EQ(run(context, call()), 1);
  EXPECT_EQ(gauge.value, 0);
  EXPECT_EQ(gauge.calls, 2);
}

TEST(TrackInprogress, IsUpWhileAPlainFunctionRuns) {
  FakeGauge gauge;
  EXPECT_EQ(aio::track_inprogress(gauge)([&] { return gauge.value; })(), 1);
  EXPECT_EQ(gauge.value, 0);
}

TEST(TrackInprogress, FallsWhenTheFunctionThrows) {
  FakeGauge gauge;
  const auto plain = aio::track_inprogress(gauge)([]() -> int { throw std::runtime_error("x"); });
  EXPECT_THROW(plain(), std::runtime_error);
  // Not a coroutine: it throws before there is anything to await.
  const auto eager = aio::track_inprogress(gauge)([](bool fail) {
    if (fail) throw 1;
    return wait_for_ever();
  });
  EXPECT_THROW((void)eager(true), int);
  EXPECT_EQ(gauge.value, 0);
}

TEST(TrackInprogress, AnAwaitableCountsFromTheCall) {
  asio::io_context context;
  FakeGauge gauge;
  auto pending = aio::track_inprogress(gauge, [](FakeGauge& g) -> asio::awaitable<int> { co_return g.value; }(gauge));
  EXPECT_EQ(gauge.value, 1);
  EXPECT_EQ(run(context, std::move(pending)), 1);
  EXPECT_EQ(gauge.value, 0);
}

// The original leaves the gauge up for ever.
TEST(TrackInprogress, WhatIsNeverAwaitedFalls) {
  FakeGauge gauge;
  Event event;
  {
    auto asio_form = aio::track_inprogress(gauge, wait_for_ever());
    auto any_form = aio::track_inprogress(gauge, event);
    auto decorated = aio::track_inprogress(gauge)(wait_for_ever)();
    EXPECT_EQ(gauge.value, 3);
  }
  EXPECT_EQ(gauge.value, 0);
  EXPECT_EQ(gauge.calls, 6);
}

TEST(TrackInprogress, FallsWhenCancelled) {
  asio::io_context context;
  FakeGauge gauge;
  const auto pending = testing::start(context, aio::track_inprogress(gauge)(wait_for_ever)());
  context.poll();
  EXPECT_EQ(gauge.value, 1);
  pending->cancel(asio::cancellation_type::terminal);
  EXPECT_ANY_THROW(testing::finish(context, *pending));
  EXPECT_EQ(gauge.value, 0);
}

// Cancelled before its first step, it never runs at all.
TEST(TrackInprogress, FallsWhenCancelledBeforeItRan) {
  asio::io_context context;
  FakeGauge gauge;
  const auto pending = testing::start(context, aio::track_inprogress(gauge)(wait_for_ever)());
  pending->cancel(asio::cancellation_type::terminal);
  EXPECT_ANY_THROW(testing::finish(context, *pending));
  EXPECT_EQ(gauge.value, 0);
  EXPECT_EQ(gauge.calls, 2);
}

TEST(TrackInprogress, FallsWithTheContext) {
  FakeGauge gauge;
  {
    asio::io_context context;
    const auto pending = testing::start(context, aio::track_inprogress(gauge)(wait_for_ever)());
    asio::steady_timer timer(context, asio::steady_timer::time_point::max());
    timer.async_wait(aio::track_inprogress(gauge, [](boost::system::error_code) {}));
    context.poll();
    EXPECT_EQ(gauge.value, 2);
  }
  EXPECT_EQ(gauge.value, 0);
}

TEST(TrackInprogress, AnOperationCountsFromItsInitiation) {
  asio::io_context context;
  FakeGauge gauge;
  asio::steady_timer timer(context, std::chrono::seconds(0));
  timer.async_wait(aio::track_inprogress(gauge, [&](boost::system::error_code) { EXPECT_EQ(gauge.value, 0); }));
  EXPECT_EQ(gauge.value, 1);
  context.run();
  EXPECT_EQ(gauge.value, 0);
}

TEST(TrackInprogress, CountsSeveralAtOnce) {
  FakeGauge gauge;
  Event first, second;
  const auto wait = [&](Event& event) -> Task<int> {
    co_await aio::track_inprogress(gauge, event);
    co_return 0;
  };
  Task<int> a = wait(first), b = wait(second);
  a.start();
  b.start();
  EXPECT_EQ(gauge.value, 2);
  first.set();
  EXPECT_EQ(gauge.value, 1);
  second.set();
  EXPECT_EQ(gauge.value, 0);
}

// The example of aio/track_inprogress.h.
TEST(TrackInprogress, ExampleOfTheHeader) {
  struct Page {};
  asio::io_context context;
  FakeGauge in_flight;
  const auto raw_handler = [](int n) -> asio::awaitable<int> { co_return n; };
  const auto fetch = [](const char*) -> asio::awaitable<Page> { co_return Page(); };
  const char* const url = "";

  const auto handler = aio::track_inprogress(in_flight)(raw_handler);
  const auto body = [&]() -> asio::awaitable<int> {
    [[maybe_unused]] Page page = co_await aio::track_inprogress(in_flight, fetch(url));
    co_return co_await handler(42);
  };
  EXPECT_EQ(run(context, body()), 42);
  EXPECT_EQ(in_flight.calls, 4);
}

}  // namespace
}  // namespace prometheus_async::aio
