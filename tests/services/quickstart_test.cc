// SPDX-License-Identifier: Apache-2.0
//
// services/quickstart as its user sees it: the program, its output, its pages, its end.
#include "tests/services/quickstart.h"

#include <signal.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/child_process.h"
#include "tests/testing/http_get.h"

namespace prometheus_async {
namespace {

using testing::ChildProcess;
using ::testing::HasSubstr;
using testing::http_get;
using ::testing::MatchesRegex;
using testing::Quickstart;
using testing::ReservedPort;
using ::testing::StartsWith;

TEST(Quickstart, TheFirstLineSaysWhereItListens) {
  Quickstart quickstart({});
  EXPECT_THAT(quickstart.first_line(), MatchesRegex("listening on http://127\\.0\\.0\\.1:[0-9]+/"));
  EXPECT_EQ(http_get(quickstart.url()).body, "hello\n");
}

TEST(Quickstart, ItsRequestsAreTimedCountedAndTracked) {
  Quickstart quickstart({});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(http_get(quickstart.url()).status, 200);
  EXPECT_EQ(http_get(quickstart.url() + "fail").status, 500);
  EXPECT_EQ(http_get(quickstart.url() + "nowhere").status, 404);
  const auto page = http_get(quickstart.url() + "metrics");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("\nquickstart_request_seconds_count{outcome=\"ok\"} 3\n"));
  EXPECT_THAT(page.body, HasSubstr("\nquickstart_request_seconds_count{outcome=\"error\"} 1\n"));
  EXPECT_THAT(page.body, HasSubstr("\nquickstart_request_errors_total 1\n"));
  EXPECT_THAT(page.body, HasSubstr("\nquickstart_requests_in_progress 0\n"));
}

// A handler that sleeps on holds up the first signal, as it should, but not the second.
TEST(Quickstart, ASecondSignalEndsItAtOnce) {
  Quickstart quickstart({"--delay=1h"});
  ChildProcess curl({"curl", "--silent", quickstart.url()});
  ASSERT_TRUE(quickstart.process().wait_until([&] {
    return absl::StrContains(http_get(quickstart.url() + "metrics").body, "\nquickstart_requests_in_progress 1\n");
  }));
  quickstart.process().send_signal(SIGTERM);
  ASSERT_TRUE(quickstart.process().wait_until([&] { return http_get(quickstart.url()).status == 0; }));
  quickstart.process().send_signal(SIGTERM);
  EXPECT_EQ(quickstart.process().wait_for_exit(), 128 + SIGTERM);
}

TEST(Quickstart, MetricsMayHaveAPortOfTheirOwn) {
  Quickstart quickstart({"--metrics_port=0"});
  const auto line = quickstart.process().wait_for_line("metrics at ");
  ASSERT_TRUE(line.has_value()) << quickstart.process().output();
  const std::string url(absl::StripPrefix(*line, "metrics at "));
  EXPECT_THAT(http_get(url).body, HasSubstr("quickstart_request_seconds_count"));
  EXPECT_EQ(quickstart.process().terminate(), 0);
}

TEST(Quickstart, EndsCleanlyOnSigintAndSigterm) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Quickstart quickstart({});
    quickstart.process().send_signal(signal);
    EXPECT_EQ(quickstart.process().wait_for_exit(), 0) << quickstart.process().output();
    EXPECT_EQ(http_get(quickstart.url()).status, 0);
  }
}

// ---- what cannot work says so and leaves nothing behind

struct Refusal {
  std::vector<std::string> arguments;
  std::string said;
};

void expect_refusal(const Refusal& refusal) {
  std::vector<std::string> argv{std::getenv("QUICKSTART")};
  argv.insert(argv.end(), refusal.arguments.begin(), refusal.arguments.end());
  ChildProcess quickstart(argv);
  EXPECT_EQ(quickstart.wait_for_exit(), 1) << quickstart.output();
  EXPECT_THAT(quickstart.output(), HasSubstr(refusal.said));
}

TEST(Quickstart, AUsedPortIsNamed) {
  Quickstart first({});
  const std::string port(absl::StripSuffix(first.url().substr(first.url().rfind(':') + 1), "/"));
  expect_refusal({{"--port=" + port}, "quickstart: listen on 127.0.0.1:" + port + ": Address already in use"});
  expect_refusal({{"--port=0", "--metrics_port=" + port}, "listen on 127.0.0.1:" + port + ": Address already in use"});
}

TEST(Quickstart, AnAddressThatCannotBeResolvedIsNamed) {
  expect_refusal({{"--port=0", "--addr=no-such-host.invalid"}, "quickstart: listen on no-such-host.invalid:0: "});
}

TEST(Quickstart, AnUnreachableConsulIsNamed) {
  const ReservedPort nobody;
  const std::string agent = "http://127.0.0.1:" + nobody.text();
  expect_refusal({{"--port=0", "--consul=" + agent}, agent});
  expect_refusal({{"--port=0", "--metrics_port=0", "--consul=" + agent}, agent});
}

TEST(Quickstart, AWrongFlagIsNamed) {
  expect_refusal({{"--port=70000"}, "port"});
  expect_refusal({{"--no_such_flag"}, "no_such_flag"});
}

}  // namespace
}  // namespace prometheus_async
