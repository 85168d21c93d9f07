// SPDX-License-Identifier: Apache-2.0

#include "aio/net/reloading.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/testing/temporary_folder.h"

namespace prometheus_async::aio::net {
namespace {

using namespace std::chrono_literals;
using prometheus_async::testing::TemporaryFolder;

// A number in a file.
class ReloadingTest : public ::testing::Test {
 protected:
  ReloadOptions options() {
    return {.log = [this](std::string_view line) { log_.emplace_back(line); }, .now = [this] { return now_; }};
  }

  std::shared_ptr<const int> make(const std::vector<WatchedFile>& files) {
    ++makes_;
    if (files.front().error != 0) throw std::runtime_error("no file");
    return std::make_shared<const int>(std::stoi(files.front().content));
  }

  TemporaryFolder folder_;
  ReloadOptions::Clock::time_point now_{};
  std::vector<std::string> log_;
  int makes_ = 0;
  Reloading<const int> number_{
      {folder_.write("number", "1")}, [this](const std::vector<WatchedFile>& files) { return make(files); }, options()};
};

TEST_F(ReloadingTest, ReadsAtOnce) {
  EXPECT_EQ(*number_.current(), 1);
  EXPECT_TRUE(number_.state().is_last_successful);
  EXPECT_GT(number_.state().last_success.time_since_epoch(), 0s);
}

TEST_F(ReloadingTest, ThrowsWhatTheFirstMakingThrows) {
  const auto make_one = [this] {
    Reloading<const int> number(
        {folder_.path_of("none")}, [this](const std::vector<WatchedFile>& files) { return make(files); }, options());
  };
  EXPECT_THROW(make_one(), std::runtime_error);
}

TEST_F(ReloadingTest, LooksOnceASecond) {
  folder_.write("number", "2");
  now_ += 1s - 1ns;
  EXPECT_EQ(*number_.current(), 1);
  now_ += 1ns;
  EXPECT_EQ(*number_.current(), 2);
  folder_.write("number", "3");
  now_ += 1s - 1ns;
  EXPECT_EQ(*number_.current(), 2);
  now_ += 1ns;
  EXPECT_EQ(*number_.current(), 3);
}

TEST_F(ReloadingTest, MakesNothingAnewWithoutAChange) {
  const auto before = number_.current();
  for (int i = 0; i < 3; ++i) {
    now_ += 1s;
    EXPECT_EQ(number_.current(), before);
  }
  EXPECT_EQ(makes_, 1);
}

TEST_F(ReloadingTest, KeepsTheLastGoodOneAndSaysSoOnce) {
  const auto success = number_.state().last_success;
  folder_.write("number", "x");
  for (int i = 0; i < 3; ++i) {
    now_ += 1s;
    EXPECT_EQ(*number_.current(), 1);
    EXPECT_FALSE(number_.state().is_last_successful);
  }
  EXPECT_EQ(number_.state().last_success, success);
  EXPECT_EQ(log_, std::vector<std::string>{"not reloaded, the last good one is used: stoi"});

  folder_.remove("number");
  now_ += 1s;
  EXPECT_EQ(*number_.current(), 1);
  EXPECT_EQ(log_.size(), 2u);
  EXPECT_EQ(log_.back(), "not reloaded, the last good one is used: no file");
}

TEST_F(ReloadingTest, RecoversEvenToWhatItWas) {
  folder_.write("number", "x");
  now_ += 1s;
  number_.current();
  folder_.write("number", "1");
  now_ += 1s;
  EXPECT_EQ(*number_.current(), 1);
  EXPECT_TRUE(number_.state().is_last_successful);

  folder_.write("number", "x");
  now_ += 1s;
  number_.current();
  EXPECT_EQ(log_.size(), 2u);
}

// What it needs may be more than its files.
TEST_F(ReloadingTest, TriesAgainWhatFailed) {
  folder_.write("number", "x");
  now_ += 1s;
  number_.current();
  now_ += 1s;
  number_.current();
  EXPECT_EQ(makes_, 3);
}

TEST_F(ReloadingTest, WhatItGaveStays) {
  const auto before = number_.current();
  folder_.write("number", "2");
  now_ += 1s;
  EXPECT_EQ(*number_.current(), 2);
  EXPECT_EQ(*before, 1);
}

TEST(Reloading, ServesSeveralThreads) {
  const TemporaryFolder folder;
  Reloading<const int> number({folder.write("number", "0")},
                              [](const std::vector<WatchedFile>& files) {
                                return std::make_shared<const int>(std::stoi("0" + files.front().content));
                              },
                              {.interval = 0s});
  std::atomic<bool> is_over = false;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!is_over) {
        EXPECT_NE(number.current(), nullptr);
        EXPECT_TRUE(number.state().is_last_successful);
      }
    });
  }
  for (int i = 1; i <= 20; ++i) folder.write("number", std::to_string(i));
  while (*number.current() != 20) std::this_thread::yield();
  is_over = true;
}

}  // namespace
}  // namespace prometheus_async::aio::net
