// SPDX-License-Identifier: Apache-2.0

#include "aio/net/deadlines.h"

#include <chrono>
#include <memory>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "aio/net/stream.h"

namespace prometheus_async::aio::net {
namespace {

using namespace std::chrono_literals;
using Clock = Deadlines::Clock;

class DeadlinesTest : public ::testing::Test {
 protected:
  asio::io_context io_context_{1};
  Deadlines deadlines_{io_context_.get_executor(), 1ms};
};

// The example of the header.
asio::awaitable<bool> read_in_time(Stream& stream, asio::any_io_executor executor, asio::mutable_buffer buffer) {
  Deadlines deadlines(executor);
  Deadline deadline(deadlines, [&] { stream.cancel(); });
  deadline.expire_after(10ms);
  co_await stream.read_some(buffer);
  if (deadline.has_expired()) co_return false;
  co_return true;
}

TEST_F(DeadlinesTest, ReadsAsInTheHeader) {
  asio::ip::tcp::acceptor acceptor(io_context_, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::socket silent(io_context_);
  silent.connect(acceptor.local_endpoint());
  Stream stream(acceptor.accept(), nullptr);
  char buffer[16];
  auto result = asio::co_spawn(io_context_, read_in_time(stream, io_context_.get_executor(), asio::buffer(buffer)),
                               asio::use_future);
  io_context_.run();
  EXPECT_FALSE(result.get());
}

TEST_F(DeadlinesTest, PassesOnceAndNotBeforeItsTime) {
  int calls = 0;
  Deadline deadline(deadlines_, [&] { ++calls; });
  const auto begin = Clock::now();
  deadline.expire_after(20ms);
  EXPECT_FALSE(deadline.has_expired());
  io_context_.run();
  EXPECT_GE(Clock::now() - begin, 20ms);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(deadline.has_expired());
}

TEST_F(DeadlinesTest, PassesAlone) {
  int calls = 0;
  Deadline late(deadlines_, [] { FAIL(); });
  Deadline early(deadlines_, [&] { ++calls; });
  late.expire_after(1h);
  early.expire_after(5ms);
  while (calls == 0) io_context_.run_one();
  EXPECT_FALSE(late.has_expired());
}

// The last setting counts, whether later or earlier than the one before.
TEST_F(DeadlinesTest, CanBeMoved) {
  int calls = 0;
  Deadline postponed(deadlines_, [&] { ++calls; });
  Deadline hastened(deadlines_, [&] { ++calls; });
  postponed.expire_after(1ms);
  postponed.expire_after(1h);
  hastened.expire_after(1h);
  hastened.expire_after(10ms);
  while (calls == 0) io_context_.run_one();
  EXPECT_TRUE(hastened.has_expired());
  EXPECT_FALSE(postponed.has_expired());
  postponed.expire_after(1ms);
  io_context_.run();
  EXPECT_EQ(calls, 2);
}

TEST_F(DeadlinesTest, CanBeClearedAndUsedAgain) {
  int calls = 0;
  Deadline deadline(deadlines_, [&] { ++calls; });
  deadline.expire_after(1ms);
  deadline.clear();
  io_context_.run();
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(deadline.has_expired());
  io_context_.restart();
  deadline.expire_after(1ms);
  io_context_.run();
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(deadline.has_expired());
  deadline.expire_after(1h);
  EXPECT_FALSE(deadline.has_expired());
}

TEST_F(DeadlinesTest, MayBeSetAgainByItself) {
  int calls = 0;
  Deadline* self = nullptr;
  Deadline deadline(deadlines_, [&] {
    if (++calls < 3) self->expire_after(1ms);
  });
  self = &deadline;
  deadline.expire_after(1ms);
  io_context_.run();
  EXPECT_EQ(calls, 3);
}

TEST_F(DeadlinesTest, MayBeNever) {
  Deadline deadline(deadlines_, [] { FAIL(); });
  deadline.expire_after(Clock::duration::max());
  io_context_.run();  // nothing to wait for
  EXPECT_FALSE(deadline.has_expired());
}

// An io_context with nothing but deadlines that are gone, cleared or past runs out of work.
TEST_F(DeadlinesTest, DoesNotKeepTheIoContextForItself) {
  {
    Deadline deadline(deadlines_, [] { FAIL(); });
    deadline.expire_after(1h);
    EXPECT_EQ(io_context_.poll(), 0u);
    EXPECT_FALSE(io_context_.stopped());
  }
  io_context_.run();
  EXPECT_TRUE(io_context_.stopped());
}

TEST_F(DeadlinesTest, WorksAfterTheLastWentAndANewOneCame) {
  std::optional<Deadline> first(std::in_place, deadlines_, [] { FAIL(); });
  first->expire_after(1ms);
  first.reset();
  int calls = 0;
  Deadline second(deadlines_, [&] { ++calls; });
  second.expire_after(1ms);
  io_context_.run();
  EXPECT_EQ(calls, 1);
}

TEST(Deadlines, MayGoWhileItsTimerWaits) {
  asio::io_context io_context(1);
  auto deadlines = std::make_unique<Deadlines>(io_context.get_executor(), 1ms);
  {
    Deadline deadline(*deadlines, [] { FAIL(); });
    deadline.expire_after(1ms);
    deadlines.reset();
  }
  io_context.run();
}

}  // namespace
}  // namespace prometheus_async::aio::net
