// SPDX-License-Identifier: Apache-2.0
#include "tx/from_awaitable.h"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "aio/sleep.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/reactor.h"
#include "tx/testing/result_of.h"

namespace prometheus_async::tx {
namespace {

using namespace std::chrono_literals;

class FromAwaitableTest : public ::testing::Test {
 protected:
  asio::io_context context_;
};

using Page = std::string;
using Url = std::string;

asio::awaitable<Page> fetch(Url url) {
  co_await aio::sleep(1ms);
  co_return "page of " + url;
}

// The header's example.
TEST(FromAwaitable, GivesWhatTheCoroutineReturns) {
  Reactor reactor;
  const Url url = "a";
  tx::Deferred<Page> d = tx::from_awaitable(reactor.context(), fetch(url));
  testing::assert_no_result(d);
  d.tap([&](const Result<Page>&) { reactor.stop(); });
  reactor.run({.install_signal_handlers = false});
  EXPECT_EQ(testing::success_result_of(d), "page of a");
}

asio::awaitable<void> sleep_and_count(int& count) {
  co_await aio::sleep(1ms);
  ++count;
}

TEST_F(FromAwaitableTest, GivesNothingForACoroutineOfVoid) {
  int count = 0;
  Deferred<void> d = from_awaitable(context_.get_executor(), sleep_and_count(count));
  context_.run();
  testing::success_result_of(d);
  EXPECT_EQ(count, 1);
}

struct NotDefault {
  explicit NotDefault(int n) : number(std::make_unique<int>(n)) {}
  std::unique_ptr<int> number;
};

asio::awaitable<NotDefault> make(int number) { co_return NotDefault(number); }

TEST_F(FromAwaitableTest, NeitherCopiesNorDefaultConstructsTheValue) {
  Deferred<NotDefault> d = from_awaitable(context_, make(7));
  testing::assert_no_result(d);
  context_.run();
  EXPECT_EQ(*testing::success_result_of(d).number, 7);
}

asio::awaitable<int> refuse() {
  throw std::out_of_range("no");
  co_return 1;
}

TEST_F(FromAwaitableTest, FailsWithWhatTheCoroutineThrows) {
  Deferred<int> d = from_awaitable(context_, refuse());
  context_.run();
  testing::failure_result_of<std::out_of_range>(d);
}

// --- Cancelling.

asio::awaitable<int> sleep_long() {
  co_await aio::sleep(1h);
  co_return 1;
}

TEST_F(FromAwaitableTest, CancelsTheCoroutineAndWaitsForItsEnd) {
  Deferred<int> d = from_awaitable(context_, sleep_long());
  context_.poll();
  d.cancel();
  testing::assert_no_result(d);
  context_.run();
  testing::failure_result_of<CancelledError>(d);
}

TEST_F(FromAwaitableTest, WhatIsCancelledBeforeItBeginsDoesNotBegin) {
  int count = 0;
  Deferred<void> d = from_awaitable(context_, sleep_and_count(count));
  d.cancel();
  context_.run();
  testing::failure_result_of<CancelledError>(d);
  EXPECT_EQ(count, 0);
}

asio::awaitable<int> recover_from_cancellation() {
  co_await asio::this_coro::throw_if_cancelled(false);
  try {
    co_await aio::sleep(1h);
  } catch (const boost::system::system_error&) {
    co_return 7;
  }
  co_return 1;
}

TEST_F(FromAwaitableTest, LeavesTheOutcomeToTheCoroutine) {
  Deferred<int> d = from_awaitable(context_, recover_from_cancellation());
  context_.poll();
  d.cancel();
  context_.run();
  EXPECT_EQ(testing::success_result_of(d), 7);
}

asio::awaitable<int> fail_when_cancelled() {
  try {
    co_await aio::sleep(1h);
  } catch (const boost::system::system_error&) {
    throw std::out_of_range("no");
  }
  co_return 1;
}

TEST_F(FromAwaitableTest, KeepsAnotherExceptionOfACancelledCoroutine) {
  Deferred<int> d = from_awaitable(context_, fail_when_cancelled());
  context_.poll();
  d.cancel();
  context_.run();
  testing::failure_result_of<std::out_of_range>(d);
}

asio::awaitable<int> abort_itself() {
  throw boost::system::system_error(asio::error::operation_aborted);
  co_return 1;
}

TEST_F(FromAwaitableTest, KeepsAnAbortThatNobodyAskedFor) {
  Deferred<int> d = from_awaitable(context_, abort_itself());
  context_.run();
  testing::failure_result_of<boost::system::system_error>(d);
}

// --- Dropping.

TEST_F(FromAwaitableTest, LetsTheCoroutineGoOnWhenItIsDropped) {
  int count = 0;
  {
    const Deferred<void> dropped = from_awaitable(context_, sleep_and_count(count));
  }
  context_.run();
  EXPECT_EQ(count, 1);
}

TEST(FromAwaitableLifetime, IsAbandonedWhenTheCoroutineIsDestroyed) {
  std::optional<asio::io_context> context(std::in_place);
  Deferred<int> d = from_awaitable(*context, sleep_long());
  context->poll();
  context.reset();
  testing::failure_result_of<AbandonedError>(d);
}

}  // namespace
}  // namespace prometheus_async::tx
