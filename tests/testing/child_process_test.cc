// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/child_process.h"

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

namespace prometheus_async::testing {
namespace {

TEST(ChildProcess, FindsALineAndTheExitStatus) {
  ChildProcess child({"sh", "-c", "echo one; echo two $COLOUR >&2; exit 3"}, {"COLOUR=blue"});
  EXPECT_EQ(child.wait_for_line("two"), "two blue");
  EXPECT_EQ(child.wait_for_exit(), 3);
  EXPECT_EQ(child.output(), "one\ntwo blue\n");
  EXPECT_EQ(child.terminate(), 3);
}

TEST(ChildProcess, WaitingEndsWithTheProgram) {
  ChildProcess child({"sh", "-c", "printf unfinished"});
  EXPECT_EQ(child.wait_for_line("unfinished", std::chrono::hours(1)), std::nullopt);
  EXPECT_FALSE(child.wait_until([] { return false; }, std::chrono::hours(1)));
}

TEST(ChildProcess, EndsWithItsObject) {
  pid_t pid = 0;
  {
    ChildProcess child({"sleep", "3600"});
    pid = child.pid();
    EXPECT_EQ(::kill(pid, 0), 0);
    EXPECT_EQ(child.wait_for_exit(std::chrono::milliseconds(0)), std::nullopt);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(ChildProcess, TellsTheSignalThatKilled) {
  ChildProcess child({"sleep", "3600"});
  EXPECT_EQ(child.terminate(), 128 + SIGTERM);
}

TEST(ChildProcess, NamesAProgramThatCannotStart) {
  try {
    ChildProcess child({"no-such-program"});
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("no-such-program"), std::string::npos) << error.what();
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  }
}

TEST(ReservedPort, GivesDistinctPorts) {
  const ReservedPort one;
  const ReservedPort other;
  EXPECT_NE(one.number(), 0);
  EXPECT_NE(one.number(), other.number());
}

}  // namespace
}  // namespace prometheus_async::testing
