// SPDX-License-Identifier: Apache-2.0
#include "aio/count_exceptions.h"

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

#include "gtest/gtest.h"
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>

#include "metrics/filter.h"
#include "tests/testing/fake_metrics.h"
#include "tests/testing/run.h"
#include "tests/testing/task.h"

namespace prometheus_async::aio {
namespace {

namespace asio = boost::asio;
using prometheus_async::testing::FakeCounter;
using prometheus_async::testing::Task;
using testing::run;

struct TypeError : std::runtime_error {
  TypeError() : runtime_error("type") {}
};
struct ValueError : std::runtime_error {
  ValueError() : runtime_error("value") {}
};

asio::awaitable<int> answer() { co_return 42; }
asio::awaitable<int> raise_value_error() {
  throw ValueError();
  co_return 0;
}
asio::awaitable<void> wait_for_ever() {
  asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await never.async_wait(asio::use_awaitable);
}

// ---- the original's tests, as decorator and with an awaitable

TEST(CountExceptions, NoExceptionNoCount) {
  asio::io_context context;
  FakeCounter errors;
  EXPECT_EQ(run(context, aio::count_exceptions(errors)(answer)()), 42);
  EXPECT_EQ(run(context, aio::count_exceptions(errors, answer())), 42);
  EXPECT_EQ(errors.value, 0);
}

TEST(CountExceptions, IgnoresOtherTypes) {
  asio::io_context context;
  FakeCounter errors;
  EXPECT_THROW(run(context, aio::count_exceptions<TypeError>(errors)(raise_value_error)()), ValueError);
  EXPECT_THROW(run(context, aio::count_exceptions<TypeError>(errors, raise_value_error())), ValueError);
  EXPECT_EQ(errors.value, 0);
}

TEST(CountExceptions, CountsItsType) {
  asio::io_context context;
  FakeCounter errors;
  EXPECT_THROW(run(context, aio::count_exceptions<ValueError>(errors)(raise_value_error)()), ValueError);
  EXPECT_EQ(errors.value, 1);
  EXPECT_THROW(run(context, aio::count_exceptions<ValueError>(errors, raise_value_error())), ValueError);
  EXPECT_EQ(errors.value, 2);
}

TEST(CountExceptions, CountsOneOfSeveralTypes) {
  asio::io_context context;
  FakeCounter errors;
  const auto call = aio::count_exceptions<TypeError, ValueError>(errors)(raise_value_error);
  EXPECT_THROW(run(context, call()), ValueError);
  EXPECT_EQ(errors.value, 1);
}

TEST(CountExceptions, CountsEveryErrorByDefault) {
  asio::io_context context;
  FakeCounter errors;
  const auto call = aio::count_exceptions(errors)([](int n) -> asio::awaitable<void> {
    if (n == 1) throw 1;
    if (n == 2) throw std::string("not a std::exception");
    throw TypeError();
    co_return;
  });
  for (int n = 1; n <= 3; ++n) EXPECT_ANY_THROW(run(context, call(n)));
  EXPECT_EQ(errors.value, 3);
}

TEST(CountExceptions, CountsBeforeTheFirstAwaitAndFromPlainFunctions) {
  asio::io_context context;
  FakeCounter errors;
  // Not a coroutine: it throws before there is anything to await.
  const auto eager = aio::count_exceptions(errors)([](bool fail) {
    if (fail) throw TypeError();
    return answer();
  });
  EXPECT_THROW((void)eager(true), TypeError);
  EXPECT_EQ(errors.value, 1);
  EXPECT_EQ(run(context, eager(false)), 42);
  const auto plain = aio::count_exceptions(errors)([]() -> int { throw TypeError(); });
  EXPECT_THROW(plain(), TypeError);
  EXPECT_EQ(errors.value, 2);
}

TEST(CountExceptions, CountsInAnyAwaitable) {
  FakeCounter errors;
  const auto inner = []() -> Task<int> {
    throw ValueError();
    co_return 0;
  };
  const auto outer = [&]() -> Task<int> { co_return co_await aio::count_exceptions<ValueError>(errors, inner()); };
  Task<int> task = outer();
  task.start();
  EXPECT_THROW(task.result(), ValueError);
  EXPECT_EQ(errors.value, 1);
}

// An awaiter may throw before it ever suspends.
TEST(CountExceptions, CountsAnAwaiterThatThrowsEarly) {
  struct ThrowsWhenAsked {
    bool await_ready() { throw ValueError(); }
    void await_suspend(std::coroutine_handle<>) {}
    int await_resume() { return 0; }
  };
  struct ThrowsWhenSuspended {
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<>) { throw ValueError(); }
    int await_resume() { return 0; }
  };
  FakeCounter errors;
  const auto ready = [&]() -> Task<int> { co_return co_await aio::count_exceptions(errors, ThrowsWhenAsked()); };
  const auto suspend = [&]() -> Task<int> { co_return co_await aio::count_exceptions(errors, ThrowsWhenSuspended()); };
  Task<int> first = ready(), second = suspend();
  first.start();
  EXPECT_THROW(first.result(), ValueError);
  EXPECT_EQ(errors.value, 1);
  second.start();
  EXPECT_THROW(second.result(), ValueError);
  EXPECT_EQ(errors.value, 2);
}

// ---- cancelled and abandoned

TEST(CountExceptions, CancellationIsNoErrorUnlessNamed) {
  asio::io_context context;
  FakeCounter errors, with_cancellations, cancellations;
  const auto plain = aio::count_exceptions(errors)(wait_for_ever);
  const auto both = aio::count_exceptions(with_cancellations, metrics::any_error | metrics::cancelled)(wait_for_ever);
  const auto only = aio::count_exceptions(cancellations, metrics::cancelled)(wait_for_ever);
  const auto cancel = [&](asio::awaitable<void> operation) {
    const auto pending = testing::start(context, std::move(operation));
    context.restart();
    context.poll();
    pending->cancel(asio::cancellation_type::terminal);
    EXPECT_THROW(testing::finish(context, *pending), boost::system::system_error);
  };
  cancel(plain());
  cancel(both());
  cancel(only());
  EXPECT_EQ(errors.value, 0);
  EXPECT_EQ(with_cancellations.value, 1);
  EXPECT_EQ(cancellations.value, 1);
}

TEST(CountExceptions, AnAbandonedOperationIsNoErrorUnlessNamed) {
  FakeCounter errors, abandoned;
  {
    auto a = aio::count_exceptions(errors)(answer)();
    auto b = aio::count_exceptions(abandoned, metrics::abandoned)(answer)();
  }
  EXPECT_EQ(errors.value, 0);
  EXPECT_EQ(abandoned.value, 1);
}

// ---- error codes

// Completes with `code` on the context.
template <class Token>
auto async_complete(asio::io_context& context, boost::system::error_code code, Token&& token) {
  return asio::async_initiate<Token, void(boost::system::error_code, int)>(
      [&context, code](auto handler) {
        asio::post(context, [handler = std::move(handler), code]() mutable { std::move(handler)(code, 7); });
      },
      token);
}
const boost::system::error_code kReset = asio::error::connection_reset;

TEST(CountExceptions, AnErrorCodeIsAnError) {
  asio::io_context context;
  FakeCounter errors;
  int calls = 0;
  const auto handler = [&](boost::system::error_code code, int value) {
    ++calls;
    EXPECT_EQ(value, 7);
    EXPECT_EQ(errors.value, code ? 1 : 0);
  };
  async_complete(context, {}, aio::count_exceptions(errors, handler));
  context.run();
  async_complete(context, kReset, aio::count_exceptions(errors, handler));
  context.restart();
  context.run();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(errors.value, 1);
}

TEST(CountExceptions, AnErrorCodeMatchesTheTypeThatItWouldBeThrownAs) {
  asio::io_context context;
  FakeCounter by_type, other_type, by_code;
  const auto body = [&]() -> asio::awaitable<void> {
    const auto& token = asio::as_tuple(asio::use_awaitable);
    co_await async_complete(context, kReset, aio::count_exceptions<boost::system::system_error>(by_type, token));
    co_await async_complete(context, kReset, aio::count_exceptions<TypeError>(other_type, token));
    const auto reset = metrics::when([](const metrics::Ending& e) { return e.code() == std::errc::connection_reset; });
    co_await async_complete(context, kReset, aio::count_exceptions(by_code, reset, token));
  };
  run(context, body());
  EXPECT_EQ(by_type.value, 1);
  EXPECT_EQ(other_type.value, 0);
  EXPECT_EQ(by_code.value, 1);
}

// Thrown out of a co_await, the code is found in the exception.
TEST(CountExceptions, AThrownCodeIsSeenByAPredicate) {
  asio::io_context context;
  FakeCounter errors;
  const auto reset = metrics::when([](const metrics::Ending& e) { return e.code() == std::errc::connection_reset; });
  const auto call = aio::count_exceptions(errors, reset)(
      [&]() -> asio::awaitable<int> { co_return co_await async_complete(context, kReset, asio::use_awaitable); });
  EXPECT_THROW(run(context, call()), boost::system::system_error);
  EXPECT_EQ(errors.value, 1);
}

TEST(CountExceptions, TheErrorReachesTheTokenUnchanged) {
  asio::io_context context;
  FakeCounter errors;
  auto future = async_complete(context, kReset, aio::count_exceptions(errors, asio::use_future));
  context.run();
  try {
    future.get();
    FAIL() << "nothing was thrown";
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), kReset);
  }
  EXPECT_EQ(errors.value, 1);
}

TEST(CountExceptions, AnAbortedOperationIsCancelled) {
  asio::io_context context;
  FakeCounter errors, cancellations;
  asio::steady_timer timer(context, asio::steady_timer::time_point::max());
  int calls = 0;
  const auto handler = [&](boost::system::error_code ec) {
    ++calls;
    EXPECT_EQ(ec, asio::error::operation_aborted);
  };
  timer.async_wait(aio::count_exceptions(errors, handler));
  timer.async_wait(aio::count_exceptions(cancellations, metrics::cancelled, handler));
  timer.cancel();
  context.run();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(errors.value, 0);
  EXPECT_EQ(cancellations.value, 1);
}

// The example of aio/count_exceptions.h.
TEST(CountExceptions, ExampleOfTheHeader) {
  struct PaymentError : std::exception {};
  struct Page {};
  asio::io_context context;
  asio::steady_timer timer(context);
  FakeCounter errors, declined;
  const auto raw_fetch = [](const char*) -> asio::awaitable<Page> { co_return Page(); };
  const auto raw_charge = []() -> asio::awaitable<int> {
    throw PaymentError();
    co_return 0;
  };
  const auto fetch = aio::count_exceptions(errors)(raw_fetch);
  const auto charge = aio::count_exceptions<PaymentError>(declined)(raw_charge);
  const auto body = [&]() -> asio::awaitable<void> {
    [[maybe_unused]] Page page = co_await aio::count_exceptions(errors, fetch("url"));
    co_await charge();
  };
  timer.async_wait(aio::count_exceptions(errors, [](boost::system::error_code) {}));
  EXPECT_THROW(run(context, body()), PaymentError);
  EXPECT_EQ(errors.value, 0);
  EXPECT_EQ(declined.value, 1);
}

}  // namespace
}  // namespace prometheus_async::aio
