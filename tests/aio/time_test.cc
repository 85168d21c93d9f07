// SPDX-License-Identifier: Apache-2.0
#include "aio/time.h"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include "metrics/registry.h"
#include "tests/testing/fake_metrics.h"
#include "tests/testing/run.h"
#include "tests/testing/stepping_clock.h"
#include "tests/testing/task.h"

namespace prometheus_async::aio {
namespace {

namespace asio = boost::asio;
using prometheus_async::testing::Event;
using prometheus_async::testing::FakeHistogram;
using prometheus_async::testing::SteppingClock;
using prometheus_async::testing::Task;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::run;
using namespace std::chrono_literals;

struct Failure : std::runtime_error {
  Failure() : runtime_error("failure") {}
};

constexpr auto timed = [](FakeHistogram& seconds) { return aio::time<SteppingClock>(seconds); };

asio::awaitable<int> answer() {
  SteppingClock::advance(2s);
  co_return 42;
}
asio::awaitable<int> fail() {
  SteppingClock::advance(2s);
  throw Failure();
  co_return 0;
}

// ---- plain functions

TEST(Time, ObservesAPlainFunction) {
  FakeHistogram seconds;
  const auto add = timed(seconds)([](int a, int b) {
    SteppingClock::advance(1s);
    return a + b;
  });
  EXPECT_THAT(seconds.observations, IsEmpty());
  EXPECT_EQ(add(40, 2), 42);
  EXPECT_THAT(seconds.observations, ElementsAre(1.0));
}

TEST(Time, ObservesAPlainFunctionThatThrows) {
  FakeHistogram seconds;
  const auto broken = timed(seconds)([]() -> int {
    SteppingClock::advance(1s);
    throw Failure();
  });
  EXPECT_THROW(broken(), Failure);
  EXPECT_THAT(seconds.observations, ElementsAre(1.0));
}

TEST(Time, ObservesWithTheRealClock) {
  FakeHistogram seconds;
  const auto start = std::chrono::steady_clock::now();
  aio::time(seconds)([&] {
    while (std::chrono::steady_clock::now() - start < 10ms) {
    }
  })();
  const double outside = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  ASSERT_EQ(seconds.observations.size(), 1u);
  EXPECT_GT(seconds.observations[0], 0.0);
  EXPECT_LE(seconds.observations[0], outside);
}

// ---- functions that return asio::awaitable

TEST(Time, ObservesACoroutineThatNeverSuspends) {
  asio::io_context context;
  FakeHistogram seconds;
  EXPECT_EQ(run(context, timed(seconds)(answer)()), 42);
  EXPECT_THAT(seconds.observations, ElementsAre(2.0));
}

TEST(Time, TheSameExceptionObjectComesOut) {
  asio::io_context context;
  FakeHistogram seconds;
  const Failure* thrown = nullptr;
  const auto broken = timed(seconds)([&]() -> asio::awaitable<void> {
    try {
      throw Failure();
    } catch (const Failure& failure) {
      thrown = &failure;
      throw;
    }
    co_return;
  });
  try {
    run(context, broken());
    FAIL() << "nothing was thrown";
  } catch (const Failure& failure) {
    EXPECT_EQ(&failure, thrown);
  }
  EXPECT_EQ(seconds.observations.size(), 1u);
}

// The original starts its clock at the call in one form and at the first await in the other (0.061 against 0.010 for
// the same code). Here both count from the call.
TEST(Time, BeginsAtTheCallInBothForms) {
  asio::io_context context;
  FakeHistogram decorated, wrapped;
  auto first = timed(decorated)(answer)();
  auto second = aio::time<SteppingClock>(wrapped, answer());
  SteppingClock::advance(5s);
  run(context, std::move(first));
  EXPECT_THAT(decorated.observations, ElementsAre(7.0));
  run(context, std::move(second));
  EXPECT_THAT(wrapped.observations, ElementsAre(9.0));
}

TEST(Time, ObservesWhatIsNeverAwaitedAsAbandoned) {
  FakeHistogram decorated, wrapped;
  {
    auto first = timed(decorated)(answer)();
    auto second = aio::time<SteppingClock>(wrapped, answer());
    SteppingClock::advance(5s);
    EXPECT_THAT(decorated.observations, IsEmpty());
  }
  EXPECT_THAT(decorated.observations, ElementsAre(5.0));
  EXPECT_THAT(wrapped.observations, ElementsAre(5.0));
}

TEST(Time, ObservesACoroutineDestroyedWhileItWaits) {
  FakeHistogram seconds;
  {
    asio::io_context context;
    const auto wait_for_ever = timed(seconds)([]() -> asio::awaitable<void> {
      asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
      co_await never.async_wait(asio::use_awaitable);
    });
    const auto pending = testing::start(context, wait_for_ever());
    context.poll();
    EXPECT_THAT(seconds.observations, IsEmpty());
  }
  EXPECT_EQ(seconds.observations.size(), 1u);
}

// ---- awaitables

TEST(Time, ObservesAnAsioAwaitable) {
  asio::io_context context;
  FakeHistogram seconds;
  EXPECT_EQ(run(context, aio::time<SteppingClock>(seconds, answer())), 42);
  EXPECT_THAT(seconds.observations, ElementsAre(2.0));
  EXPECT_THROW(run(context, aio::time<SteppingClock>(seconds, fail())), Failure);
  EXPECT_THAT(seconds.observations, ElementsAre(2.0, 2.0));
}

Task<int> await_event(FakeHistogram& seconds, Event& event) {
  co_await aio::time<SteppingClock>(seconds, event);
  co_return 1;
}

TEST(Time, ObservesAnyAwaitable) {
  FakeHistogram seconds;
  Event event;
  Task<int> waiting = await_event(seconds, event);
  waiting.start();
  EXPECT_FALSE(waiting.done());
  EXPECT_THAT(seconds.observations, IsEmpty());
  SteppingClock::advance(3s);
  event.set();
  EXPECT_TRUE(waiting.done());
  EXPECT_THAT(seconds.observations, ElementsAre(3.0));
}

TEST(Time, ObservesAnyAwaitableThatIsReady) {
  FakeHistogram seconds;
  Event event;
  event.set();
  Task<int> waiting = await_event(seconds, event);
  waiting.start();
  EXPECT_TRUE(waiting.done());
  EXPECT_EQ(seconds.observations.size(), 1u);
}

TEST(Time, ObservesAnyAwaitableDestroyedWhileItWaits) {
  FakeHistogram seconds;
  Event event;
  {
    Task<int> waiting = await_event(seconds, event);
    waiting.start();
    SteppingClock::advance(4s);
  }
  EXPECT_THAT(seconds.observations, ElementsAre(4.0));
}

TEST(Time, DecoratesAFunctionThatReturnsAnyAwaitable) {
  FakeHistogram seconds;
  const auto half = timed(seconds)([](int n) -> Task<std::unique_ptr<int>> {
    SteppingClock::advance(1s);
    if (n < 0) throw Failure();
    co_return std::make_unique<int>(n / 2);
  });
  const auto outer = [&](int n) -> Task<int> { co_return *co_await half(n); };
  Task<int> good = outer(84);
  good.start();
  EXPECT_EQ(good.result(), 42);
  EXPECT_THAT(seconds.observations, ElementsAre(1.0));
  Task<int> bad = outer(-1);
  bad.start();
  EXPECT_THROW(bad.result(), Failure);
  EXPECT_THAT(seconds.observations, ElementsAre(1.0, 1.0));
}

// ---- operations and tokens

TEST(Time, ObservesAnOperationFromItsInitiationToItsHandler) {
  asio::io_context context;
  FakeHistogram seconds;
  asio::steady_timer timer(context, 0s);
  bool called = false;
  timer.async_wait(aio::time<SteppingClock>(seconds, [&](boost::system::error_code ec) {
    EXPECT_FALSE(ec);
    EXPECT_EQ(seconds.observations.size(), 1u) << "the span ends before the handler runs";
    called = true;
  }));
  SteppingClock::advance(2s);
  EXPECT_THAT(seconds.observations, IsEmpty());
  context.run();
  EXPECT_TRUE(called);
  EXPECT_THAT(seconds.observations, ElementsAre(2.0));
}

TEST(Time, ObservesAnOperationThatIsAwaited) {
  asio::io_context context;
  FakeHistogram seconds;
  const auto body = [&]() -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 0s);
    co_await timer.async_wait(aio::time(seconds, asio::use_awaitable));
    EXPECT_EQ(seconds.observations.size(), 1u);
    const auto [ec] = co_await timer.async_wait(aio::time(seconds, asio::as_tuple(asio::use_awaitable)));
    EXPECT_FALSE(ec);
    co_await timer.async_wait(aio::time(seconds, asio::deferred));
  };
  run(context, body());
  EXPECT_EQ(seconds.observations.size(), 3u);
}

TEST(Time, ObservesAnOperationWithAFuture) {
  asio::io_context context;
  FakeHistogram seconds;
  asio::steady_timer timer(context, 0s);
  auto done = timer.async_wait(aio::time(seconds, asio::use_future));
  context.run();
  EXPECT_NO_THROW(done.get());
  EXPECT_EQ(seconds.observations.size(), 1u);
}

TEST(Time, ObservesEachLaunchOfADeferredOperation) {
  asio::io_context context;
  FakeHistogram seconds;
  asio::steady_timer timer(context, 0s);
  const auto wait = aio::time<SteppingClock>(seconds, timer.async_wait(asio::deferred));
  SteppingClock::advance(9s);  // it is not begun by being made
  for (int launch = 1; launch <= 2; ++launch) {
    wait([](boost::system::error_code) {});
    SteppingClock::advance(1s);
    context.restart();
    context.run();
  }
  EXPECT_THAT(seconds.observations, ElementsAre(1.0, 1.0));
}

TEST(Time, DecoratesAFunctionThatReturnsADeferredOperation) {
  asio::io_context context;
  FakeHistogram seconds;
  asio::steady_timer timer(context, 0s);
  const auto wait = timed(seconds)([&] { return timer.async_wait(asio::deferred); });
  const auto body = [&]() -> asio::awaitable<void> { co_await wait(); };
  run(context, body());
  EXPECT_EQ(seconds.observations.size(), 1u);
}

TEST(Time, ObservesAnOperationWhoseHandlerIsDestroyed) {
  FakeHistogram seconds;
  {
    asio::io_context context;
    asio::steady_timer timer(context, asio::steady_timer::time_point::max());
    timer.async_wait(aio::time<SteppingClock>(seconds, [](boost::system::error_code) { FAIL(); }));
    SteppingClock::advance(2s);
  }
  EXPECT_THAT(seconds.observations, ElementsAre(2.0));
}

// ---- labels by outcome

TEST(Time, ChoosesTheLabelByOutcome) {
  asio::io_context context;
  metrics::Registry registry;
  auto& calls = registry.histogram("call_seconds", "time of a call", {"outcome"});
  const auto call = aio::time(calls.by_outcome())([](int n) -> asio::awaitable<void> {
    if (n == 1) throw Failure();
    if (n == 2) throw boost::system::system_error(asio::error::operation_aborted);
    co_return;
  });
  run(context, call(0));
  EXPECT_THROW(run(context, call(1)), Failure);
  EXPECT_THROW(run(context, call(2)), boost::system::system_error);
  {
    auto dropped = call(0);
  }
  for (const char* const outcome : {"ok", "error", "cancelled", "abandoned"}) {
    EXPECT_EQ(registry.get_sample_value("call_seconds_count", {{"outcome", outcome}}), 1) << outcome;
  }
}

// The example of aio/time.h.
TEST(Time, ExampleOfTheHeader) {
  struct Request {};
  struct Reply {};
  struct Page {};
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::socket peer(context), socket(context);
  peer.connect(acceptor.local_endpoint());
  acceptor.accept(socket);
  asio::write(peer, asio::buffer("hello", 5));
  const auto fetch = [](const char*) -> asio::awaitable<Page> { co_return Page(); };
  const char* const url = "";
  char storage[16];
  const auto buffer = asio::buffer(storage);

  auto& req_time = metrics::histogram("req_time_seconds", "time spent in requests");
  const auto handler = aio::time(req_time)([](Request) -> asio::awaitable<Reply> { co_return Reply(); });
  const auto body = [&]() -> asio::awaitable<std::size_t> {
    co_await handler(Request());
    [[maybe_unused]] Page page = co_await aio::time(req_time, fetch(url));
    co_return co_await socket.async_read_some(buffer, aio::time(req_time, asio::use_awaitable));
  };
  EXPECT_EQ(run(context, body()), 5u);
  EXPECT_EQ(metrics::default_registry().get_sample_value("req_time_seconds_count"), 3);
}

}  // namespace
}  // namespace prometheus_async::aio
