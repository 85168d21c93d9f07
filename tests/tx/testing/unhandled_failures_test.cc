// SPDX-License-Identifier: Apache-2.0
#include "tx/testing/unhandled_failures.h"

#include <stdexcept>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/child_process.h"
#include "tx/deferred.h"

namespace prometheus_async::tx {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Run {
  int exit_status;
  std::string output;
};

// Those of leaves_failures.cc's tests that the filter lets through.
Run run(const std::string& filter) {
  prometheus_async::testing::ChildProcess program({"tests/tx/testing/leaves_failures", "--gtest_filter=" + filter});
  const int status = program.wait_for_exit().value_or(-1);
  return {status, program.output()};
}

TEST(UnhandledFailures, FailTheTestThatLeftOne) {
  const auto [status, output] = run("LeavesFailures.One:LeavesNone.*");
  EXPECT_EQ(status, 1);
  EXPECT_THAT(output,
              AllOf(HasSubstr("the test left an unhandled failure in a Deferred: std::runtime_error: left by One"),
                    HasSubstr("[  FAILED  ] LeavesFailures.One"), HasSubstr("[       OK ] LeavesNone.Flushed"),
                    HasSubstr("[       OK ] LeavesNone.Handled")));
}

TEST(UnhandledFailures, PassTestsThatHandleOrFlush) {
  const auto [status, output] = run("LeavesNone.*");
  EXPECT_EQ(status, 0) << output;
}

TEST(UnhandledFailures, AreEachNamed) {
  const auto [status, output] = run("LeavesFailures.Two");
  EXPECT_EQ(status, 1);
  EXPECT_THAT(output, AllOf(HasSubstr("first of Two"), HasSubstr("second of Two")));
}

TEST(UnhandledFailures, FailATestThatFlushedAnother) {
  const auto [status, output] = run("LeavesFailures.OneOfTwoFlushed");
  EXPECT_EQ(status, 1);
  EXPECT_THAT(output, AllOf(HasSubstr("std::runtime_error: left after the flush"),
                            Not(HasSubstr("std::runtime_error: flushed"))));
}

TEST(UnhandledFailures, AreSeenAgainAfterATestTookTheHookAway) {
  const auto [status, output] = run("LeavesFailures.TakesTheHookAway:LeavesFailures.AfterOneTookTheHookAway");
  EXPECT_EQ(status, 1);
  EXPECT_THAT(output, AllOf(HasSubstr("[       OK ] LeavesFailures.TakesTheHookAway"),
                            HasSubstr("std::runtime_error: left after the hook was taken away")));
}

TEST(UnhandledFailures, FailTheRunIfTheyComeBetweenTests) {
  const auto [status, output] = run("LeavesInItsSuite.*");
  EXPECT_EQ(status, 1);
  EXPECT_THAT(output, HasSubstr("the suite, outside of its tests, left an unhandled failure in a Deferred: "
                                "std::runtime_error: left by the suite"));
  const auto [program_status, program_output] = run("LeavesInTheEnvironment.*");
  EXPECT_EQ(program_status, 1);
  EXPECT_THAT(program_output, HasSubstr("the program, outside of its tests, left an unhandled failure in a Deferred: "
                                        "std::runtime_error: left by the program"));
}

// --- Switched on by a call, in the program of this test.

struct SendError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Mail {};
void send_and_forget(Mail) { const Deferred<void> sent = fail<void>(SendError("no such address")); }

class Mailer : public ::testing::Test {
 public:
  static void SetUpTestSuite() {
    tx::testing::fail_tests_on_unhandled_failures();
    tx::testing::fail_tests_on_unhandled_failures();
  }
};

TEST_F(Mailer, ReportsWhatItCannotSend) {
  const Mail broken_mail;
  send_and_forget(broken_mail);
  EXPECT_EQ(tx::testing::flush_logged_errors<SendError>().size(), 1u);
}

TEST_F(Mailer, FlushesOnlyTheTypesAskedFor) {
  send_and_forget(Mail());
  {
    const Deferred<void> other = fail<void>(std::domain_error("other"));
  }
  send_and_forget(Mail());
  EXPECT_TRUE(tx::testing::flush_logged_errors<std::range_error>().empty());
  EXPECT_EQ(tx::testing::flush_logged_errors<SendError>().size(), 2u);
  EXPECT_EQ((tx::testing::flush_logged_errors<std::range_error, std::domain_error>().size()), 1u);
  EXPECT_TRUE(tx::testing::flush_logged_errors().empty());
}

}  // namespace
}  // namespace prometheus_async::tx
