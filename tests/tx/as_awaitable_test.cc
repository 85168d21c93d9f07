// SPDX-License-Identifier: Apache-2.0
#include "tx/as_awaitable.h"

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "tests/testing/run.h"
#include "tx/clock.h"
#include "tx/defer_later.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/from_awaitable.h"
#include "tx/promise.h"
#include "tx/testing/result_of.h"
#include "tx/testing/unhandled_failures.h"

namespace prometheus_async::tx {
namespace {

namespace run_on = prometheus_async::testing;
using namespace std::chrono_literals;

class AsAwaitableTest : public ::testing::Test {
 protected:
  asio::io_context context_;
};

using Page = std::string;
using Url = std::string;

// The header's example, which is given its fetch().
template <class Fetch>
asio::awaitable<std::string> show(Fetch fetch, Url url) {
  Page page = co_await tx::as_awaitable(fetch(url));
  co_return "shown: " + page;
}

TEST_F(AsAwaitableTest, GivesTheValueOnceItIsThere) {
  Clock clock;
  const auto fetch = [&](const Url& url) { return defer_later(clock, 1s, [url] { return "page of " + url; }); };
  const auto pending = run_on::start(context_, show(fetch, "a"));
  context_.poll();
  EXPECT_FALSE(pending->done());
  clock.advance(1s);
  EXPECT_FALSE(pending->done());  // in a later turn
  EXPECT_EQ(run_on::finish(context_, *pending), "shown: page of a");
}

TEST_F(AsAwaitableTest, GivesAValueThatIsThereAlreadyInALaterTurn) {
  const auto fetch = [](const Url& url) { return succeed("page of " + url); };
  const auto pending = run_on::start(context_, show(fetch, "a"));
  context_.poll_one();
  EXPECT_FALSE(pending->done());
  EXPECT_EQ(run_on::finish(context_, *pending), "shown: page of a");
}

TEST_F(AsAwaitableTest, GivesNothingForADeferredOfVoid) {
  Promise<void> promise;
  const auto pending = run_on::start(context_, as_awaitable(promise.get_deferred()));
  context_.poll();
  promise.callback();
  run_on::finish(context_, *pending);
}

struct NotDefault {
  explicit NotDefault(int n) : number(std::make_unique<int>(n)) {}
  std::unique_ptr<int> number;
};

asio::awaitable<int> number_of(Deferred<NotDefault> deferred) {
  NotDefault value = co_await as_awaitable(std::move(deferred));
  co_return *value.number;
}

TEST_F(AsAwaitableTest, NeitherCopiesNorDefaultConstructsTheValue) {
  Promise<NotDefault> promise;
  const auto pending = run_on::start(context_, number_of(promise.get_deferred()));
  context_.poll();
  promise.callback(NotDefault(7));
  EXPECT_EQ(run_on::finish(context_, *pending), 7);
}

TEST_F(AsAwaitableTest, ThrowsTheVeryExceptionOfTheFailure) {
  const std::exception_ptr exception = std::make_exception_ptr(std::out_of_range("no"));
  for (const bool has_fired : {false, true}) {
    Promise<int> promise;
    Deferred<int> deferred = promise.get_deferred();
    if (has_fired) promise.errback(Failure(exception));
    const auto pending = run_on::start(context_, as_awaitable(std::move(deferred)));
    context_.restart();
    context_.poll();
    if (!has_fired) promise.errback(Failure(exception));
    try {
      run_on::finish(context_, *pending);
      FAIL() << "nothing was thrown";
    } catch (const std::out_of_range& error) {
      EXPECT_EQ(&error, Failure(exception).check<std::out_of_range>());
    }
  }
}

TEST_F(AsAwaitableTest, ThrowsWhenTheProducerIsGone) {
  std::optional<Promise<int>> promise(std::in_place);
  const auto pending = run_on::start(context_, as_awaitable(promise->get_deferred()));
  context_.poll();
  promise.reset();
  EXPECT_THROW(run_on::finish(context_, *pending), AbandonedError);
}

TEST_F(AsAwaitableTest, KeepsTheIoContextRunningWhileItWaits) {
  Promise<int> promise;
  const auto pending = run_on::start(context_, as_awaitable(promise.get_deferred()));
  context_.poll();
  EXPECT_FALSE(context_.stopped());
  promise.callback(1);
  run_on::finish(context_, *pending);
}

// --- Cancelling.

TEST_F(AsAwaitableTest, CancelsTheDeferredWithTheCoroutine) {
  Clock clock;
  const auto pending = run_on::start(context_, as_awaitable(defer_later(clock, 1h)));
  context_.poll();
  EXPECT_EQ(clock.pending_calls(), 1U);
  pending->cancel(asio::cancellation_type::terminal);
  context_.poll();
  EXPECT_EQ(clock.pending_calls(), 0U);
  EXPECT_THROW(run_on::finish(context_, *pending), CancelledError);
}

TEST_F(AsAwaitableTest, LeavesTheOutcomeOfACancellationToTheProducer) {
  Promise<int> promise([](Promise<int>& cancelled) { cancelled.callback(7); });
  const auto pending = run_on::start(context_, as_awaitable(promise.get_deferred()));
  context_.poll();
  pending->cancel(asio::cancellation_type::terminal);
  EXPECT_EQ(run_on::finish(context_, *pending), 7);
}

TEST_F(AsAwaitableTest, ReportsACancellerThatThrowsAndWaitsOn) {
  Promise<int> promise([] { throw std::runtime_error("no"); });
  const auto pending = run_on::start(context_, as_awaitable(promise.get_deferred()));
  context_.poll();
  pending->cancel(asio::cancellation_type::terminal);
  context_.poll();
  EXPECT_EQ(testing::flush_logged_errors<std::runtime_error>().size(), 1U);
  EXPECT_FALSE(pending->done());
  promise.callback(7);
  EXPECT_EQ(run_on::finish(context_, *pending), 7);
}

// --- There and back.

asio::awaitable<int> wait_for(Deferred<int> deferred) { co_return co_await as_awaitable(std::move(deferred)); }

TEST_F(AsAwaitableTest, PassesThroughBothBridges) {
  Clock clock;
  Deferred<int> d = from_awaitable(context_, wait_for(defer_later(clock, 1s, [] { return 7; })));
  context_.poll();
  clock.advance(1s);
  context_.poll();
  EXPECT_EQ(testing::success_result_of(d), 7);
}

TEST_F(AsAwaitableTest, PassesACancellationThroughBothBridges) {
  Clock clock;
  Deferred<int> d = from_awaitable(context_, wait_for(defer_later(clock, 1h, [] { return 7; })));
  context_.poll();
  d.cancel();
  context_.poll();
  EXPECT_EQ(clock.pending_calls(), 0U);
  testing::failure_result_of<CancelledError>(d);
}

}  // namespace
}  // namespace prometheus_async::tx
