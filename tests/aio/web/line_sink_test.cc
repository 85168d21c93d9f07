// SPDX-License-Identifier: Apache-2.0

#include "aio/web/line_sink.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prometheus_async::aio::web {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A path where no file is.
std::string new_path(const std::string& name) {
  std::string path = ::testing::TempDir() + "/" + name;
  std::filesystem::remove(path);
  return path;
}

// --- At once.

// Each message of such a socket is what one system call wrote.
TEST(LinesToFd, WritesALineAndItsEndInOneCall) {
  std::array<int, 2> ends;
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends.data()), 0);
  const net::Log log = lines_to_fd(ends[0]);
  log("one");
  log("");
  std::array<char, 16> bytes;
  EXPECT_EQ(::read(ends[1], bytes.data(), bytes.size()), 4);
  EXPECT_EQ(std::string_view(bytes.data(), 4), "one\n");
  EXPECT_EQ(::read(ends[1], bytes.data(), bytes.size()), 1);
  EXPECT_EQ(bytes[0], '\n');
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(LinesToFd, DropsWhatTheSystemRefuses) { lines_to_fd(-1)("lost"); }

// A pipe takes 64 KiB at a time.
TEST(LinesToFd, WritesLinesLongerThanWhatTheSystemTakes) {
  std::array<int, 2> ends;
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const std::string line(300'000, 'x');
  std::thread writer([&] {
    lines_to_fd(ends[1])(line);
    ::close(ends[1]);
  });
  std::string read;
  std::array<char, 4096> bytes;
  for (ssize_t size; (size = ::read(ends[0], bytes.data(), bytes.size())) > 0;) {
    read.append(bytes.data(), static_cast<std::size_t>(size));
  }
  writer.join();
  EXPECT_EQ(read, line + "\n");
  ::close(ends[0]);
}

TEST(LinesToFile, AppendsToWhatIsThere) {
  const std::string path = new_path("append.log");
  lines_to_file(path)("one");
  {
    const net::Log log = lines_to_file(path);
    const net::Log copy = log;
    log("two");
    copy("three");
  }
  EXPECT_EQ(content(path), "one\ntwo\nthree\n");
}

TEST(LinesToFile, GoesOnInAFileThatWasTruncated) {
  const std::string path = new_path("rotated.log");
  const net::Log log = lines_to_file(path);
  log("one");
  std::filesystem::resize_file(path, 0);
  log("two");
  EXPECT_EQ(content(path), "two\n");
}

TEST(LinesToFile, NamesAFileThatCannotBeOpened) {
  try {
    lines_to_file("/nowhere/access.log");
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/access.log"));
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  }
}

TEST(LinesToFile, DoesNotMixTheLinesOfSeveralThreads) {
  const std::string path = new_path("threads.log");
  {
    const net::Log log = lines_to_file(path);
    std::vector<std::jthread> threads;
    for (char c = 'a'; c < 'e'; ++c) {
      threads.emplace_back([&log, line = std::string(200, c)] {
        for (int i = 0; i < 200; ++i) log(line);
      });
    }
  }
  std::ifstream file(path);
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) EXPECT_EQ(line, std::string(200, line[0]));
  EXPECT_EQ(lines, 800);
}

// --- From a thread.

// A sink that waits until it is let go.
class Gate {
 public:
  net::Log log() {
    return [this](std::string_view line) {
      if (lines_.empty()) entered_.set_value();
      opened_.wait();
      lines_.emplace_back(line);
    };
  }
  void wait_until_entered() { entered_.get_future().wait(); }
  void open() { open_.set_value(); }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::promise<void> entered_;
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
  std::vector<std::string> lines_;
};

TEST(BackgroundLines, GivesLinesOnInOrder) {
  std::vector<std::string> got;
  {
    const BackgroundLines lines([&](std::string_view line) { got.emplace_back(line); });
    const net::Log log = lines.log();
    log("one");
    log("");
    log("three\nstill three");
  }
  EXPECT_THAT(got, ElementsAre("one", "", "three\nstill three"));
}

TEST(BackgroundLines, NeverWaitsForItsSink) {
  Gate gate;
  {
    const BackgroundLines lines(gate.log());
    const net::Log log = lines.log();
    log("one");
    gate.wait_until_entered();
    log("two");
    log("three");
    EXPECT_EQ(lines.dropped(), 0U);
    gate.open();
  }
  EXPECT_THAT(gate.lines(), ElementsAre("one", "two", "three"));
}

TEST(BackgroundLines, DropsAndCountsWhatDoesNotFit) {
  Gate gate;
  {
    const BackgroundLines lines(gate.log(), 10);
    const net::Log log = lines.log();
    log("0");
    gate.wait_until_entered();
    log("1234567");  // 8 bytes with its end
    log("8");        // 10
    EXPECT_EQ(lines.dropped(), 0U);
    log("");
    EXPECT_EQ(lines.dropped(), 1U);
    gate.open();
  }
  EXPECT_THAT(gate.lines(), ElementsAre("0", "1234567", "8"));
}

TEST(BackgroundLines, CountsLinesThatItsSinkThrowsOut) {
  std::promise<void> second;
  const BackgroundLines lines([&](std::string_view line) {
    if (line == "one") throw std::runtime_error("disk full");
    second.set_value();
  });
  const net::Log log = lines.log();
  log("one");
  log("two");
  second.get_future().wait();
  EXPECT_EQ(lines.dropped(), 1U);
}

TEST(BackgroundLines, TakesNoLinesAfterItsEnd) {
  int count = 0;
  std::optional<BackgroundLines> lines(std::in_place, [&](std::string_view) { ++count; });
  const net::Log log = lines->log();
  lines.reset();
  log("late");
  EXPECT_EQ(count, 0);
}

TEST(BackgroundLines, TakesLinesOfSeveralThreads) {
  std::size_t count = 0;
  {
    const BackgroundLines lines([&](std::string_view) { ++count; });
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([log = lines.log()] {
        for (int j = 0; j < 1000; ++j) log("line");
      });
    }
    threads.clear();
    EXPECT_EQ(lines.dropped(), 0U);
  }
  EXPECT_EQ(count, 4000U);
}

}  // namespace
}  // namespace prometheus_async::aio::web
