// SPDX-License-Identifier: Apache-2.0

#include "aio/net/connection_group.h"

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

using namespace std::chrono_literals;
using Clock = ConnectionGroup::Clock;
using Seat = ConnectionGroup::Seat;

class ConnectionGroupTest : public ::testing::Test {
 protected:
  // A connection that waits until its timer is cancelled, by stop() or by itself.
  asio::awaitable<void> wait(Seat& seat) {
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    seat.on_stop([&] { timer.cancel(); });
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    ++ended_;
  }

  asio::awaitable<void> wait_for_ever() {
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
  }

  asio::awaitable<void> wait_twice(Seat& seat) {
    co_await wait(seat);
    EXPECT_TRUE(seat.is_aborted());
    co_await wait(seat);  // throws at once if it was
    ADD_FAILURE();
  }

  std::future<bool> wait_until_at_most(std::size_t count, Clock::time_point deadline) {
    return asio::co_spawn(io_context_, group_->wait_until_at_most(count, deadline), asio::use_future);
  }

  asio::io_context io_context_{1};
  std::optional<ConnectionGroup> group_{io_context_.get_executor()};
  int ended_ = 0;
};

TEST_F(ConnectionGroupTest, CountsAndStops) {
  for (int i = 0; i < 3; ++i) group_->spawn([this](Seat& seat) { return wait(seat); });
  EXPECT_EQ(group_->size(), 3u);
  auto empty = wait_until_at_most(0, Clock::time_point::max());
  io_context_.poll();
  EXPECT_EQ(empty.wait_for(0s), std::future_status::timeout);
  group_->stop();
  io_context_.run();
  EXPECT_TRUE(empty.get());
  EXPECT_EQ(group_->size(), 0u);
  EXPECT_EQ(ended_, 3);
}

TEST_F(ConnectionGroupTest, AbortsAtAnyAwait) {
  group_->spawn([this](Seat& seat) { return wait_twice(seat); });
  io_context_.poll();
  group_->abort();
  io_context_.run();
  EXPECT_EQ(ended_, 1);
  EXPECT_EQ(group_->size(), 0u);
}

TEST_F(ConnectionGroupTest, TellsOfAnAbortBesideTheCancellation) {
  int calls = 0;
  group_->spawn([&](Seat& seat) {
    seat.on_abort([&] { ++calls; });
    return wait_for_ever();
  });
  io_context_.poll();
  group_->stop();
  EXPECT_EQ(calls, 0);
  group_->abort();
  EXPECT_EQ(calls, 1);
  io_context_.run();
  EXPECT_EQ(group_->size(), 0u);
}

TEST_F(ConnectionGroupTest, WaitsNoLongerThanTheDeadline) {
  group_->spawn([this](Seat& seat) { return wait(seat); });
  auto empty = wait_until_at_most(0, Clock::now() + 5ms);
  while (empty.wait_for(0s) != std::future_status::ready) io_context_.run_one();
  EXPECT_FALSE(empty.get());
  EXPECT_EQ(group_->size(), 1u);
}

TEST_F(ConnectionGroupTest, WaitsForRoom) {
  group_->spawn([this](Seat& seat) { return wait(seat); });
  group_->spawn([this](Seat& seat) { return wait(seat); });
  auto room = wait_until_at_most(1, Clock::time_point::max());
  auto empty = wait_until_at_most(0, Clock::time_point::max());
  io_context_.poll();
  group_->stop();
  io_context_.run();
  EXPECT_TRUE(room.get());
  EXPECT_TRUE(empty.get());
}

TEST_F(ConnectionGroupTest, DropsExceptions) {
  group_->spawn([](Seat&) -> asio::awaitable<void> {
    throw std::runtime_error("dropped");
    co_return;
  });
  io_context_.run();
  EXPECT_EQ(group_->size(), 0u);
}

TEST_F(ConnectionGroupTest, MayGoBeforeItsConnections) {
  group_->spawn([this](Seat& seat) { return wait(seat); });
  io_context_.poll();
  group_.reset();
  EXPECT_EQ(io_context_.poll(), 0u);
  EXPECT_EQ(ended_, 0);
}

struct AbortAtEnd {
  std::shared_ptr<ConnectionGroup> group;
  ~AbortAtEnd() { group->abort(); }
};

asio::awaitable<void> wait_and_abort(std::shared_ptr<ConnectionGroup> group) {
  const AbortAtEnd end{std::move(group)};
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

// The frames are destroyed with the io_context, one of them holding the group: nothing is cancelled through a frame
// that is gone.
TEST(ConnectionGroup, MayGoWithTheIoContext) {
  asio::io_context io_context(1);
  auto group = std::make_shared<ConnectionGroup>(io_context.get_executor());
  for (int i = 0; i < 3; ++i) {
    group->spawn([&](Seat&) { return wait_and_abort(group); });
  }
  io_context.poll();
  EXPECT_EQ(group->size(), 3u);
}

}  // namespace
}  // namespace prometheus_async::aio::net
