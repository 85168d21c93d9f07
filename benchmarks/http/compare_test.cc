// SPDX-License-Identifier: Apache-2.0
//
// The driver of `tools/bench http`, run for a moment: the servers that Bazel builds answer as they should, wrk's output
// is understood, and what is missing is named. No figure is judged.
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/child_process.h"

namespace prometheus_async {
namespace {

using ::prometheus_async::testing::ChildProcess;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr std::chrono::minutes kLimit(3);

std::vector<std::string> command(const std::string& programs) {
  return {"/usr/bin/python3",
          "-B",
          "benchmarks/http/compare.py",
          "--programs=" + programs,
          "--python=false",
          "--rounds=1",
          "--seconds=1",
          "--warm_up=0",
          "--series=100"};
}

TEST(Compare, MeasuresWhatIsHereAndNamesWhatIsNot) {
  ChildProcess compare(command("benchmarks/http"));
  ASSERT_EQ(compare.wait_for_exit(kLimit), 0) << compare.output();
  const std::string output = compare.output();
  EXPECT_THAT(output, ContainsRegex("hello: CPU of aio/web / raw Asio +at most 1.15 +[0-9.]+ +(yes|NO)"));
  EXPECT_THAT(output, ContainsRegex("hello: CPU of Beast / aio/web +at least 1.3 +[0-9.]+ +(yes|NO)"));
  EXPECT_THAT(output, ContainsRegex("/metrics, 100 series: CPU of Exposer / aio/web +at least 25 +[0-9.]+ +(yes|NO)"));
  EXPECT_THAT(output, ContainsRegex("100 series, gzip, 16 scrapers: .* +at least 20 +[0-9.]+ +(yes|NO)"));
  EXPECT_THAT(output,
              ContainsRegex("hello: CPU of restinio .* - +\\? +not measured: no benchmarks/http/hello_restinio"));
  EXPECT_THAT(output, ContainsRegex("hello: CPU of nginx .* - +\\? +not measured: nginx is not here"));
  EXPECT_THAT(output, ContainsRegex("hello: CPU of aiohttp .* - +\\? +not measured: aiohttp is not here"));
  EXPECT_THAT(output, ContainsRegex("routing: .* - +\\? +not measured: no router benchmark"));
}

// A server that dies at its start costs its own rows alone, and the rows say which it was.
TEST(Compare, NamesAServerThatDoesNotStart) {
  const std::string folder = ::testing::TempDir() + "/servers";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  for (const char* const name : {"/hello_aio_web", "/metrics_aio_web"}) {
    std::ofstream(folder + name) << "#!/bin/sh\nexit 1\n";
    ASSERT_EQ(chmod((folder + name).c_str(), 0700), 0);
  }
  ChildProcess compare(command(folder));
  ASSERT_EQ(compare.wait_for_exit(kLimit), 0) << compare.output();
  EXPECT_THAT(compare.output(), ContainsRegex("not measured: aio/web: no port .* from .*/hello_aio_web"));
  EXPECT_THAT(compare.output(), HasSubstr("\n0 of "));
}

TEST(Compare, SaysThatWrkIsMissing) {
  ChildProcess compare(command("benchmarks/http"), {"PATH=/nowhere"});
  EXPECT_EQ(compare.wait_for_exit(kLimit), 1);
  EXPECT_THAT(compare.output(), HasSubstr("wrk is not installed"));
}

}  // namespace
}  // namespace prometheus_async
