// SPDX-License-Identifier: Apache-2.0
#include "aio/wrapper.h"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/count_exceptions.h"
#include "aio/time.h"
#include "aio/track_inprogress.h"
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
using prometheus_async::testing::SteppingClock;
using prometheus_async::testing::Task;
using ::testing::ElementsAre;
using testing::run;

struct PaymentError : std::runtime_error {
  PaymentError() : runtime_error("declined") {}
};

// ---- arguments and results

int free_function(int a, int b) { return a - b; }
int overloaded(int) { return 1; }
int overloaded(std::string_view) { return 2; }

struct Service {
  int base = 40;
  asio::awaitable<int> fetch(int n) { co_return base + n; }
  int size() const { return base; }
};

struct Overloads {
  int operator()(int) const { return 1; }
  std::string operator()(std::string_view text) const { return std::string(text) + "!"; }
};

TEST(Decorator, TakesEveryKindOfCallable) {
  asio::io_context context;
  FakeHistogram seconds;
  const auto wrap = aio::time(seconds);
  EXPECT_EQ(wrap(free_function)(44, 2), 42);
  EXPECT_EQ(wrap(&free_function)(44, 2), 42);
  EXPECT_EQ(wrap([](int n) { return n; })(42), 42);
  EXPECT_EQ(wrap(std::function<int(int)>([](int n) { return n + 1; }))(41), 42);

  Service service;
  const Service fixed;
  EXPECT_EQ(run(context, wrap(&Service::fetch)(service, 2)), 42);
  EXPECT_EQ(run(context, wrap(&Service::fetch)(&service, 2)), 42);
  EXPECT_EQ(wrap(&Service::size)(fixed), 40);

  const auto overloads = wrap(Overloads());
  EXPECT_EQ(overloads(1), 1);
  EXPECT_EQ(overloads("hey"), "hey!");
  const auto lifted = wrap([](auto&&... args) { return overloaded(std::forward<decltype(args)>(args)...); });
  EXPECT_EQ(lifted(1), 1);
  EXPECT_EQ(lifted("x"), 2);

  EXPECT_EQ(seconds.observations.size(), 11u);
}

TEST(Decorator, IsCallableWithWhatTheFunctionTakes) {
  FakeHistogram seconds;
  const auto wrapped = aio::time(seconds)(free_function);
  static_assert(std::is_invocable_r_v<int, decltype(wrapped), int, int>);
  static_assert(!std::is_invocable_v<decltype(wrapped), int>);
  static_assert(!std::is_invocable_v<decltype(wrapped), int, std::string>);
  auto counting = aio::time(seconds)([n = 0]() mutable { return ++n; });
  static_assert(!std::is_invocable_v<const decltype(counting)&>);
  counting();
  EXPECT_EQ(counting(), 2);
}

// Counts its copies and moves.
struct Parcel {
  Parcel() = default;
  Parcel(const Parcel& other) : copies(other.copies + 1), moves(other.moves) {}
  Parcel(Parcel&& other) noexcept : copies(other.copies), moves(other.moves + 1) {}
  int copies = 0;
  int moves = 0;
};

TEST(Decorator, ForwardsArgumentsAsTheyCame) {
  asio::io_context context;
  FakeHistogram seconds;
  const auto plain = aio::time(seconds)([](Parcel parcel) { return std::pair(parcel.copies, parcel.moves); });
  EXPECT_EQ(plain(Parcel()), std::pair(0, 1));
  Parcel named;
  EXPECT_EQ(plain(named), std::pair(1, 0));

  // What a coroutine is given by value lives in its frame, as without the wrapper, until it is awaited.
  const auto body = [](std::string text, const int& reference) -> asio::awaitable<std::pair<std::string, const int*>> {
    co_return std::pair(text, &reference);
  };
  int number = 7;
  auto later = aio::time(seconds)(body)(std::string("a text that is long enough to live on the heap"), number);
  const auto [text, address] = run(context, std::move(later));
  EXPECT_EQ(text, "a text that is long enough to live on the heap");
  EXPECT_EQ(address, &number);
}

struct Immovable {
  explicit Immovable(int n) : value(n) {}
  Immovable(const Immovable&) = delete;
  int value;
};

TEST(Decorator, ReturnsWhatTheFunctionReturns) {
  asio::io_context context;
  FakeHistogram seconds;
  const auto wrap = aio::time(seconds);
  int number = 1;
  const auto reference = wrap([&]() -> int& { return number; });
  static_assert(std::is_same_v<decltype(reference()), int&>);
  EXPECT_EQ(&reference(), &number);
  const auto constant = wrap([&]() -> const int& { return number; });
  static_assert(std::is_same_v<decltype(constant()), const int&>);

  wrap([] {})();
  run(context, wrap([]() -> asio::awaitable<void> { co_return; })());
  EXPECT_EQ(*wrap([] { return std::make_unique<int>(3); })(), 3);
  EXPECT_EQ(
      *run(context, wrap([]() -> asio::awaitable<std::unique_ptr<int>> { co_return std::make_unique<int>(4); })()), 4);
  EXPECT_EQ(wrap([] { return Immovable(5); })().value, 5);
  EXPECT_EQ(seconds.observations.size(), 6u);
}

TEST(Awaitable, KeepsReferencesAndResultsThatCannotMove) {
  struct Ready {
    int& value;
    bool await_ready() { return true; }
    void await_suspend(std::coroutine_handle<>) {}
    int& await_resume() { return value; }
  };
  struct ReadyImmovable {
    bool await_ready() { return true; }
    void await_suspend(std::coroutine_handle<>) {}
    Immovable await_resume() { return Immovable(6); }
  };
  FakeHistogram seconds;
  int number = 1;
  const auto body = [&]() -> Task<int> {
    int& reference = co_await aio::time(seconds, Ready{number});
    EXPECT_EQ(&reference, &number);
    const Immovable fixed = co_await aio::time(seconds, ReadyImmovable());
    co_return fixed.value;
  };
  Task<int> task = body();
  task.start();
  EXPECT_EQ(task.result(), 6);
  EXPECT_EQ(seconds.observations.size(), 2u);
}

// An awaiter whose await_suspend says "go on" or hands over to another coroutine keeps saying so.
TEST(Awaitable, KeepsTheKindOfSuspension) {
  struct GoesOn {
    bool await_ready() { return false; }
    bool await_suspend(std::coroutine_handle<>) { return false; }
    int await_resume() { return 1; }
  };
  struct HandsBack {
    bool await_ready() { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) { return awaiting; }
    int await_resume() { return 2; }
  };
  FakeHistogram seconds;
  const auto body = [&]() -> Task<int> {
    const int a = co_await aio::time(seconds, GoesOn());
    const int b = co_await aio::time(seconds, HandsBack());
    co_return a + b;
  };
  Task<int> task = body();
  task.start();
  EXPECT_EQ(task.result(), 3);
}

// ---- composition

struct Order {};
struct Receipt {
  int number = 0;
};

TEST(Composition, OneFrameOneReadingAtEachEnd) {
  asio::io_context context;
  FakeHistogram seconds;
  FakeCounter declined;
  FakeGauge in_flight;
  const auto charge = aio::time<SteppingClock>(seconds) | aio::count_exceptions<PaymentError>(declined) |
                      aio::track_inprogress(in_flight) | [&](Order, bool decline) -> asio::awaitable<Receipt> {
    EXPECT_EQ(in_flight.value, 1);
    if (decline) throw PaymentError();
    co_return Receipt{42};
  };
  SteppingClock::readings = 0;
  EXPECT_EQ(run(context, charge(Order(), false)).number, 42);
  EXPECT_EQ(SteppingClock::readings, 2);
  EXPECT_THROW(run(context, charge(Order(), true)), PaymentError);
  EXPECT_EQ(SteppingClock::readings, 4);
  EXPECT_EQ(seconds.observations.size(), 2u);
  EXPECT_EQ(declined.value, 1);
  EXPECT_EQ(in_flight.value, 0);
}

TEST(Composition, EndsFromTheInside) {
  std::vector<std::string> log;
  LoggingMetric t{"t", log}, c{"c", log}, g{"g", log};
  const auto call = aio::time(t) | aio::count_exceptions(c) | aio::track_inprogress(g) | [] { throw PaymentError(); };
  EXPECT_THROW(call(), PaymentError);
  EXPECT_THAT(log, ElementsAre("g.inc", "g.dec", "c.inc", "t.observe"));
}

TEST(Composition, NestedDecoratorsDoTheSame) {
  std::vector<std::string> log;
  LoggingMetric t{"t", log}, c{"c", log}, g{"g", log};
  const auto call = aio::time(t)(aio::count_exceptions(c)(aio::track_inprogress(g)([] { throw PaymentError(); })));
  EXPECT_THROW(call(), PaymentError);
  EXPECT_THAT(log, ElementsAre("g.inc", "g.dec", "c.inc", "t.observe"));
}

TEST(Composition, GoesOntoAwaitablesAndTokens) {
  asio::io_context context;
  FakeHistogram seconds;
  FakeGauge in_flight;
  const auto both = aio::time(seconds) | aio::track_inprogress(in_flight);
  Event event;
  const auto body = [&]() -> Task<int> {
    co_await (both | event);
    co_return 0;
  };
  Task<int> task = body();
  task.start();
  EXPECT_EQ(in_flight.value, 1);
  event.set();
  EXPECT_EQ(in_flight.value, 0);

  asio::steady_timer timer(context, std::chrono::seconds(0));
  const auto wait = [&]() -> asio::awaitable<void> { co_await timer.async_wait(both.token(asio::use_awaitable)); };
  run(context, wait());
  EXPECT_EQ(in_flight.calls, 4);
  EXPECT_EQ(seconds.observations.size(), 2u);
}

TEST(Composition, BeginsSpansAndScopes) {
  FakeHistogram seconds;
  FakeGauge in_flight;
  const auto both = aio::time(seconds) | aio::track_inprogress(in_flight);
  {
    const auto scope = both.scope();
    EXPECT_EQ(in_flight.value, 1);
  }
  EXPECT_EQ(in_flight.value, 0);
  auto span = both.start();
  EXPECT_EQ(in_flight.value, 1);
  span.finish();
  EXPECT_EQ(in_flight.value, 0);
  EXPECT_EQ(seconds.observations.size(), 2u);
}

// ---- tokens

// What an operation sees of its handler's associations.
struct Seen {
  asio::any_io_executor executor;
  bool allocator = false;
  bool slot = false;
};

template <class T>
struct MarkedAllocator {
  using value_type = T;
  MarkedAllocator() = default;
  template <class U>
  MarkedAllocator(const MarkedAllocator<U>&) {}
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* pointer, std::size_t n) { std::allocator<T>().deallocate(pointer, n); }
  friend bool operator==(const MarkedAllocator&, const MarkedAllocator&) { return true; }
};

template <class Token>
auto async_look(asio::io_context& context, Seen& seen, Token&& token) {
  return asio::async_initiate<Token, void(int)>(
      [&context, &seen](auto handler) {
        seen.executor = asio::get_associated_executor(handler, context.get_executor());
        using Allocator = asio::associated_allocator_t<decltype(handler)>;
        seen.allocator =
            std::is_same_v<typename std::allocator_traits<Allocator>::template rebind_alloc<int>, MarkedAllocator<int>>;
        seen.slot = asio::get_associated_cancellation_slot(handler).is_connected();
        std::move(handler)(7);
      },
      token);
}

TEST(Token, KeepsExecutorAllocatorAndCancellationSlot) {
  asio::io_context context;
  auto strand = asio::make_strand(context);
  asio::cancellation_signal signal;
  FakeHistogram seconds;
  int got = 0;
  const auto handler = asio::bind_executor(
      strand, asio::bind_allocator(MarkedAllocator<int>(),
                                   asio::bind_cancellation_slot(signal.slot(), [&](int value) { got = value; })));
  Seen seen;
  async_look(context, seen, aio::time(seconds, handler));
  EXPECT_EQ(got, 7);
  EXPECT_EQ(seen.executor, asio::any_io_executor(strand));
  EXPECT_TRUE(seen.allocator);
  EXPECT_TRUE(seen.slot);

  // and where there are none, the operation's own defaults
  Seen plain;
  async_look(context, plain, aio::time(seconds, [](int) {}));
  EXPECT_EQ(plain.executor, asio::any_io_executor(context.get_executor()));
  EXPECT_FALSE(plain.allocator);
  EXPECT_FALSE(plain.slot);
  EXPECT_EQ(seconds.observations.size(), 2u);
}

TEST(Token, CancellationReachesTheOperation) {
  asio::io_context context;
  asio::cancellation_signal signal;
  FakeCounter cancellations;
  asio::steady_timer timer(context, asio::steady_timer::time_point::max());
  timer.async_wait(
      aio::count_exceptions(cancellations, metrics::cancelled,
                            asio::bind_cancellation_slot(signal.slot(), [](boost::system::error_code) {})));
  context.poll();
  signal.emit(asio::cancellation_type::total);
  context.restart();
  EXPECT_GT(context.poll(), 0u);
  EXPECT_EQ(cancellations.value, 1);
}

TEST(Token, TakesHandlersThatOnlyMove) {
  asio::io_context context;
  FakeHistogram seconds;
  asio::steady_timer timer(context, std::chrono::seconds(0));
  int got = 0;
  timer.async_wait(
      aio::time(seconds, [&got, owned = std::make_unique<int>(9)](boost::system::error_code) { got = *owned; }));
  context.run();
  EXPECT_EQ(got, 9);
}

// Asking a generic handler whether it is an operation would instantiate it with what it cannot take.
TEST(Token, TakesGenericHandlers) {
  asio::io_context context;
  FakeHistogram seconds;
  asio::steady_timer timer(context, std::chrono::seconds(0));
  std::string message;
  timer.async_wait(aio::time(seconds, [&](auto code) { message = code.message(); }));
  context.run();
  EXPECT_EQ(message, "Success");
}

TEST(Composition, GoesOntoOperationsThatWaitForTheirToken) {
  asio::io_context context;
  FakeHistogram seconds;
  FakeGauge in_flight;
  asio::steady_timer timer(context, std::chrono::seconds(0));
  auto wait = aio::time(seconds) | aio::track_inprogress(in_flight) | timer.async_wait(asio::deferred);
  wait([](boost::system::error_code) {});
  EXPECT_EQ(in_flight.value, 1);
  EXPECT_TRUE(seconds.observations.empty());
  context.run();
  EXPECT_EQ(in_flight.value, 0);
  EXPECT_EQ(seconds.observations.size(), 1u);
}

TEST(Token, MayBeUsedAgain) {
  asio::io_context context;
  FakeHistogram seconds;
  const auto token = aio::time(seconds, asio::use_awaitable);
  const auto body = [&]() -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::seconds(0));
    co_await timer.async_wait(token);
    co_await timer.async_wait(token);
  };
  run(context, body());
  EXPECT_EQ(seconds.observations.size(), 2u);
}

}  // namespace
}  // namespace prometheus_async::aio
