// SPDX-License-Identifier: Apache-2.0
#include "tx/use_deferred.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "gtest/gtest.h"
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/pause.h"
#include "tx/testing/result_of.h"

namespace prometheus_async::tx {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;

// An operation with any signature, which completes with `args` when the context runs.
template <class Signature, class Token, class... Args>
auto complete_with(asio::io_context& context, Token&& token, Args... args) {
  const auto initiate = [&context](auto handler, auto... values) {
    asio::post(context, [handler = std::move(handler), ... kept = std::move(values)]() mutable {
      std::move(handler)(std::move(kept)...);
    });
  };
  return asio::async_initiate<Token, Signature>(initiate, token, std::move(args)...);
}

class UseDeferredTest : public ::testing::Test {
 protected:
  asio::io_context context_;
};

// The header's examples.
TEST_F(UseDeferredTest, WaitsForATimer) {
  asio::steady_timer timer(context_, 1ms);
  tx::Deferred<void> waited = timer.async_wait(tx::use_deferred);
  testing::assert_no_result(waited);
  context_.run();
  testing::success_result_of(waited);
}

TEST_F(UseDeferredTest, GivesTheValueOfTheOperation) {
  asio::local::stream_protocol::socket socket(context_);
  asio::local::stream_protocol::socket peer(context_);
  asio::local::connect_pair(socket, peer);
  asio::write(peer, asio::buffer("hello", 5));
  std::array<char, 16> bytes{};
  const auto buffer = asio::buffer(bytes);
  tx::Deferred<std::size_t> read = socket.async_read_some(buffer, tx::use_deferred);
  context_.run();
  EXPECT_EQ(testing::success_result_of(read), 5U);
  EXPECT_EQ(std::string(bytes.data(), 5), "hello");
}

TEST_F(UseDeferredTest, GivesSeveralValuesAsATuple) {
  Deferred<std::tuple<int, std::string>> both =
      complete_with<void(error_code, int, std::string)>(context_, use_deferred, error_code(), 7, std::string("x"));
  context_.run();
  EXPECT_EQ(testing::success_result_of(both), std::tuple(7, std::string("x")));
}

TEST_F(UseDeferredTest, GivesWhatAnOperationWithoutAnErrorCompletesWith) {
  Deferred<int> one = complete_with<void(int)>(context_, use_deferred, 7);
  Deferred<void> none = complete_with<void()>(context_, use_deferred);
  context_.run();
  EXPECT_EQ(testing::success_result_of(one), 7);
  testing::success_result_of(none);
}

struct NotDefault {
  explicit NotDefault(int n) : number(std::make_unique<int>(n)) {}
  std::unique_ptr<int> number;
};

TEST_F(UseDeferredTest, NeitherCopiesNorDefaultConstructsTheValue) {
  Deferred<NotDefault> one =
      complete_with<void(error_code, NotDefault)>(context_, use_deferred, error_code(), NotDefault(7));
  context_.run();
  EXPECT_EQ(*testing::success_result_of(one).number, 7);
}

TEST_F(UseDeferredTest, TurnsAnErrorCodeIntoASystemError) {
  Deferred<int> failed =
      complete_with<void(error_code, int)>(context_, use_deferred, error_code(asio::error::connection_refused), 0);
  context_.run();
  const Failure failure = testing::failure_result_of<boost::system::system_error>(failed);
  EXPECT_EQ(failure.check<boost::system::system_error>()->code(), asio::error::connection_refused);
}

TEST_F(UseDeferredTest, TurnsAStandardErrorCodeIntoASystemError) {
  Deferred<void> failed =
      complete_with<void(std::error_code)>(context_, use_deferred, std::make_error_code(std::errc::broken_pipe));
  Deferred<void> cancelled =
      complete_with<void(std::error_code)>(context_, use_deferred, std::make_error_code(std::errc::operation_canceled));
  context_.run();
  EXPECT_EQ(testing::failure_result_of<std::system_error>(failed).check<std::system_error>()->code(),
            std::errc::broken_pipe);
  testing::failure_result_of<CancelledError>(cancelled);
}

TEST_F(UseDeferredTest, FailsWithTheExceptionOfTheOperation) {
  const std::exception_ptr exception = std::make_exception_ptr(std::out_of_range("no"));
  Deferred<int> failed = complete_with<void(std::exception_ptr, int)>(context_, use_deferred, exception, 0);
  context_.run();
  EXPECT_EQ(testing::failure_result_of(failed).value(), exception);
}

TEST_F(UseDeferredTest, TakesAnAbortedOperationForCancelled) {
  asio::steady_timer timer(context_, 1h);
  Deferred<void> waited = timer.async_wait(use_deferred);
  timer.cancel();
  context_.run();
  testing::failure_result_of<CancelledError>(waited);
}

// --- Cancelling.

TEST_F(UseDeferredTest, EndsTheOperationWhenItIsCancelledAndWaitsForTheEnd) {
  asio::steady_timer timer(context_, 1h);
  asio::steady_timer other(context_, 1ms);
  Deferred<void> waited = timer.async_wait(use_deferred);
  Deferred<void> not_cancelled = other.async_wait(use_deferred);
  waited.cancel();
  testing::assert_no_result(waited);  // its handler has not run
  context_.run();
  testing::failure_result_of<CancelledError>(waited);
  testing::success_result_of(not_cancelled);
}

TEST_F(UseDeferredTest, CancelsTheCallbacksBehindIt) {
  asio::steady_timer timer(context_, 1h);
  int recovered = 0;
  Deferred<int> chain = timer.async_wait(use_deferred)
                            .add_callback([] { return 1; })
                            .add_errback<CancelledError>([&](const CancelledError&) {
                              ++recovered;
                              return 2;
                            });
  chain.cancel();
  EXPECT_EQ(recovered, 0);
  context_.run();
  EXPECT_EQ(testing::success_result_of(chain), 2);
}

TEST_F(UseDeferredTest, MayBeCancelledAgain) {
  asio::steady_timer timer(context_, 1h);
  Deferred<void> waited = timer.async_wait(use_deferred);
  waited.cancel();
  waited.cancel();
  context_.run();
  testing::failure_result_of<CancelledError>(waited);
}

// The outcome of the operation is the outcome: too late is too late.
TEST_F(UseDeferredTest, KeepsAValueThatWasOnItsWayWhenItWasCancelled) {
  Deferred<int> value = complete_with<void(error_code, int)>(context_, use_deferred, error_code(), 7);
  value.cancel();
  context_.run();
  EXPECT_EQ(testing::success_result_of(value), 7);
}

TEST_F(UseDeferredTest, WaitsThroughAPauseWhenItIsCancelled) {
  asio::steady_timer timer(context_, 1h);
  Deferred<void> waited = timer.async_wait(use_deferred);
  {
    const Pause pause = waited.pause();
    waited.cancel();
    context_.run();
    testing::assert_no_result(waited);
  }
  testing::failure_result_of<CancelledError>(waited);
}

// --- Dropping.

TEST_F(UseDeferredTest, LetsTheOperationGoOnWhenItIsDropped) {
  asio::steady_timer timer(context_, 1ms);
  bool was_called = false;
  {
    const Deferred<void> dropped = timer.async_wait(use_deferred).add_callback([&] { was_called = true; });
  }
  context_.run();
  EXPECT_TRUE(was_called);
}

TEST(UseDeferredLifetime, IsAbandonedWhenTheHandlerIsDestroyed) {
  std::optional<asio::io_context> context(std::in_place);
  std::optional<asio::steady_timer> timer(std::in_place, *context, 1h);
  std::optional<asio::steady_timer> other(std::in_place, *context, 1h);
  Deferred<void> waited = timer->async_wait(use_deferred);
  Deferred<void> cancelled = other->async_wait(use_deferred);
  cancelled.cancel();
  timer.reset();
  other.reset();
  context.reset();
  testing::failure_result_of<AbandonedError>(waited);
  testing::failure_result_of<AbandonedError>(cancelled);
}

}  // namespace
}  // namespace prometheus_async::tx
