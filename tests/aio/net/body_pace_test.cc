// SPDX-License-Identifier: Apache-2.0

#include "aio/net/body_pace.h"

#include <chrono>

#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

using namespace std::chrono_literals;

TEST(BodyPace, CountsAsInTheHeader) {
  BodyPace pace(5s, 240);
  EXPECT_EQ(pace.patience(), 5s);
  pace.has_waited(2s, 480);
  EXPECT_EQ(pace.patience(), 5s);
}

// At the rate for ever; a byte a second below it, for as long as the grace lasts.
TEST(BodyPace, AsksForTheRateAndNoMore) {
  for (const std::uint64_t rate : {239u, 240u, 241u}) {
    BodyPace pace(5s, 240);
    for (int second = 0; second < 1200; ++second) pace.has_waited(1s, rate);
    EXPECT_EQ(pace.patience() < 1s, rate < 240) << rate;
    EXPECT_EQ(pace.patience() > 5s, rate > 240) << rate;
  }
}

TEST(BodyPace, EndsWithTheGrace) {
  BodyPace pace(5s, 240);
  pace.has_waited(5s - 1ns, 0);
  EXPECT_EQ(pace.patience(), 1ns);
  pace.has_waited(1ns, 0);
  EXPECT_EQ(pace.patience(), 0ns);
  pace.has_waited(1s, 0);
  EXPECT_EQ(pace.patience(), 0ns);
}

TEST(BodyPace, AsksForNothingWithoutARate) {
  BodyPace pace(0s, 0);
  pace.has_waited(1h, 0);
  EXPECT_GT(pace.patience(), 24h);
}

TEST(BodyPace, TakesLargePieces) {
  BodyPace pace(5s, 1);
  pace.has_waited(0s, std::uint64_t{1} << 33);
  EXPECT_GT(pace.patience(), 24h);
}

}  // namespace
}  // namespace prometheus_async::aio::net
