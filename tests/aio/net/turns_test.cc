// SPDX-License-Identifier: Apache-2.0

#include "aio/net/turns.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

class TurnsTest : public ::testing::Test {
 protected:
  void note_at_next_turn(char name) {
    turns_->next()([this, name] { order_ += name; });
  }

  asio::io_context io_context_{1};
  std::optional<Turns> turns_{io_context_.get_executor()};
  std::string order_;
};

// The example of the header.
asio::awaitable<void> count_after_the_others(Turns& turns, int& count) {
  co_await turns.next();
  ++count;
}

TEST_F(TurnsTest, AreAwaited) {
  int count = 0;
  asio::co_spawn(io_context_, count_after_the_others(*turns_, count), asio::detached);
  asio::co_spawn(io_context_, count_after_the_others(*turns_, count), asio::detached);
  io_context_.run();
  EXPECT_EQ(count, 2);
}

TEST_F(TurnsTest, ComeAfterWhatIsReady) {
  asio::post(io_context_, [&] {
    note_at_next_turn('1');
    note_at_next_turn('2');
    order_ += 'a';
  });
  asio::post(io_context_, [&] { order_ += 'b'; });
  io_context_.run();
  EXPECT_EQ(order_, "ab12");
}

TEST_F(TurnsTest, ShareOneHandlerOfTheLoop) {
  for (const char name : {'1', '2', '3'}) note_at_next_turn(name);
  EXPECT_EQ(io_context_.poll(), 1u);
  EXPECT_EQ(order_, "123");
}

TEST_F(TurnsTest, WaitForTheNextOneWithinATurn) {
  turns_->next()([&] {
    note_at_next_turn('2');
    asio::post(io_context_, [&] { order_ += 'a'; });
    order_ += '1';
  });
  EXPECT_EQ(io_context_.run_one(), 1u);
  EXPECT_EQ(order_, "1");
  io_context_.run();
  EXPECT_EQ(order_, "12a");
}

TEST_F(TurnsTest, OutliveAnExceptionOfOneBeforeThem) {
  note_at_next_turn('1');
  turns_->next()([&] {
    note_at_next_turn('4');
    throw std::runtime_error("one");
  });
  note_at_next_turn('2');
  turns_->next()([] { throw std::runtime_error("another"); });
  note_at_next_turn('3');
  EXPECT_THROW(io_context_.run(), std::runtime_error);
  EXPECT_THROW(io_context_.run(), std::runtime_error);
  io_context_.run();
  EXPECT_EQ(order_, "1234");
}

TEST_F(TurnsTest, ComeThoughTheirObjectHasGone) {
  note_at_next_turn('1');
  turns_.reset();
  io_context_.run();
  EXPECT_EQ(order_, "1");
}

// As a connection's coroutine owns its service, which owns the Turns.
TEST(TurnsEndTest, WaitersGoWithALoopThatEnds) {
  auto io_context = std::make_unique<asio::io_context>(1);
  auto turns = std::make_shared<Turns>(io_context->get_executor());
  const std::weak_ptr<Turns> observer = turns;
  turns->next()([turns] { ADD_FAILURE(); });
  turns->next()([turns] { ADD_FAILURE(); });
  turns.reset();
  EXPECT_FALSE(observer.expired());
  io_context.reset();
  EXPECT_TRUE(observer.expired());
}

}  // namespace
}  // namespace prometheus_async::aio::net
