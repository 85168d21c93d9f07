// SPDX-License-Identifier: Apache-2.0
//
// What the delayed calls of a clock cost.
#include "tx/internal/schedule.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#include "gtest/gtest.h"

#include "tx/clock.h"
#include "tx/delayed_call.h"
#include "tx/reactor_time.h"

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace prometheus_async::tx::internal {
namespace {

using namespace std::chrono_literals;

class ScheduleTest : public ::testing::Test {
 protected:
  DelayedCall add(Duration delay) {
    return schedule_.add(delay, make_call([] {}));
  }

  Clock time_;
  Schedule schedule_{time_, [] {}};
};

TEST_F(ScheduleTest, SweepsOutWhatWasCancelled) {
  for (int i = 0; i < 10'000; ++i) add(2h).cancel();
  EXPECT_LE(schedule_.size(), 51U);
  EXPECT_EQ(schedule_.active(), 0U);
}

TEST_F(ScheduleTest, SweepsOutTheOldPlacesOfAMovedCall) {
  DelayedCall call = add(1h);
  for (int i = 0; i < 10'000; ++i) call.delay(1ns);
  EXPECT_LE(schedule_.size(), 52U);
  EXPECT_EQ(schedule_.active(), 1U);
  EXPECT_EQ(schedule_.next(), call.get_time());
}

// At most half of the entries are stale, for many calls.
TEST_F(ScheduleTest, KeepsFewerStaleEntriesThanActiveOnes) {
  for (int i = 0; i < 10'000; ++i) {
    add(1h);
    add(2h).cancel();
  }
  EXPECT_EQ(schedule_.active(), 10'000U);
  EXPECT_LE(schedule_.size(), 20'000U);
}

TEST_F(ScheduleTest, PassesOverCancelledCallsAtTheFront) {
  DelayedCall first = add(1s);
  const DelayedCall second = add(2s);
  first.cancel();
  EXPECT_EQ(schedule_.next(), second.get_time());
}

TEST_F(ScheduleTest, GivesOnlyCallsThatAreOlderThanARound) {
  add(0s);
  const Schedule::Order round = schedule_.next_order();
  add(0s);
  EXPECT_NE(schedule_.pop_due(time_.now(), round), nullptr);
  EXPECT_EQ(schedule_.pop_due(time_.now(), round), nullptr);
  EXPECT_NE(schedule_.pop_due(time_.now()), nullptr);
}

// With a function of any size, and whatever is done with the call.
TEST(ScheduleCost, IsOneAllocationForEachCall) {
  Clock clock;
  for (int i = 0; i < 100; ++i) clock.call_later(1s, [] {});  // room in the heap
  clock.advance(1s);
  std::array<char, 200> large{};
  int ran = 0;
  const std::size_t before = allocations;
  DelayedCall call = clock.call_later(1s, [&ran, large] { ran += 1 + large[0]; });
  call.delay(1s);
  call.reset(1s);
  clock.call_later(2s, [](int, int) {}, 1, 2).cancel();
  clock.advance(1s);
  EXPECT_EQ(allocations - before, 2U);
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace prometheus_async::tx::internal
