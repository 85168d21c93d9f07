// SPDX-License-Identifier: Apache-2.0
#include "sd/deregister_within.h"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include "tests/testing/run.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using testing::run;
using testing::run_until;

asio::awaitable<void> at_once() { co_return; }

asio::awaitable<void> fail() {
  throw std::runtime_error("no");
  co_return;
}

struct Seen {
  bool is_cancelled = false;
  bool is_gone = false;
};

asio::awaitable<void> hang(std::shared_ptr<Seen> seen) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
  boost::system::error_code woken;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  seen->is_cancelled = woken == asio::error::operation_aborted;
}

// Takes no cancellation, as an operation that is not Asio's.
asio::awaitable<void> hang_on(std::shared_ptr<Seen> seen) {
  struct Mark {
    ~Mark() { seen->is_gone = true; }
    std::shared_ptr<Seen> seen;
  } mark{seen};
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

TEST(DeregisterWithin, EndsWithTheDeregistration) {
  asio::io_context context;
  EXPECT_NO_THROW(run(context, sd::deregister_within(std::chrono::hours(1), sd::Deregister(at_once))));
  EXPECT_THROW(run(context, sd::deregister_within(std::chrono::hours(1), sd::Deregister(fail))), std::runtime_error);
}

TEST(DeregisterWithin, WhatTakesTooLongIsCancelledAndAnError) {
  asio::io_context context;
  const auto seen = std::make_shared<Seen>();
  try {
    run(context, sd::deregister_within(std::chrono::milliseconds(1), [seen] { return hang(seen); }));
    FAIL() << "no error";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out);
    EXPECT_EQ(std::string(error.what()).find("deregistering did not end within 1 ms"), 0u);
  }
  EXPECT_TRUE(run_until(context, [&] { return seen->is_cancelled; }));
}

TEST(DeregisterWithin, WhatTakesNoCancellationIsLeftBehindAlive) {
  const auto seen = std::make_shared<Seen>();
  {
    asio::io_context context;
    EXPECT_THROW(run(context, sd::deregister_within(std::chrono::milliseconds(1), [seen] { return hang_on(seen); })),
                 std::system_error);
    context.poll();
    EXPECT_FALSE(seen->is_gone);
  }
  EXPECT_TRUE(seen->is_gone);
}

TEST(DeregisterWithin, CancelledCancelsTheDeregistration) {
  asio::io_context context;
  const auto seen = std::make_shared<Seen>();
  const auto pending =
      testing::start(context, sd::deregister_within(std::chrono::hours(1), [seen] { return hang(seen); }));
  context.poll();
  pending->cancel(asio::cancellation_type::terminal);
  EXPECT_THROW(testing::finish(context, *pending), boost::system::system_error);
  EXPECT_TRUE(run_until(context, [&] { return seen->is_cancelled; }));
}

}  // namespace
}  // namespace prometheus_async
