// SPDX-License-Identifier: Apache-2.0
//
// Tests that leave unhandled failures, and others that do not.

#include <stdexcept>

#include "gtest/gtest.h"

#include "tx/deferred.h"
#include "tx/testing/unhandled_failures.h"
#include "tx/unhandled.h"

namespace prometheus_async::tx {
namespace {

void leave(const char* what) {
  {
    const Deferred<int> dropped = fail<int>(std::runtime_error(what));
  }
}

TEST(LeavesFailures, One) { leave("left by One"); }

TEST(LeavesFailures, Two) {
  leave("first of Two");
  leave("second of Two");
}

TEST(LeavesFailures, OneOfTwoFlushed) {
  leave("flushed");
  EXPECT_EQ(testing::flush_logged_errors().size(), 1u);
  leave("left after the flush");
}

TEST(LeavesFailures, TakesTheHookAway) {
  set_unhandled_failure_hook([](const UnhandledFailure&) {});
  leave("seen by a hook of the test");
}

TEST(LeavesFailures, AfterOneTookTheHookAway) { leave("left after the hook was taken away"); }

TEST(LeavesNone, Flushed) {
  leave("flushed");
  EXPECT_EQ(testing::flush_logged_errors<std::runtime_error>().size(), 1u);
}

TEST(LeavesNone, Handled) {
  const Deferred<int> handled = fail<int>(std::runtime_error("handled")).add_errback([](Failure&&) { return 0; });
}

class LeavesInItsSuite : public ::testing::Test {
 public:
  static void TearDownTestSuite() { leave("left by the suite"); }
};

TEST_F(LeavesInItsSuite, Nothing) {}

class LeavesInTheProgram : public ::testing::Environment {
 public:
  void TearDown() override { leave("left by the program"); }
};

// Only if asked for, as it fails every run.
TEST(LeavesInTheEnvironment, Nothing) {
  if (GTEST_FLAG_GET(filter) == "LeavesInTheEnvironment.*") {
    ::testing::AddGlobalTestEnvironment(new LeavesInTheProgram);
  }
}

}  // namespace
}  // namespace prometheus_async::tx
