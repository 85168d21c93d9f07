// SPDX-License-Identifier: Apache-2.0
//
// The program, run for a moment with few series: each row is there and has its scrapes. No figure is judged.
#include <chrono>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/child_process.h"

namespace prometheus_async {
namespace {

using ::prometheus_async::testing::ChildProcess;
using ::testing::ContainsRegex;

TEST(ScrapeLatency, PrintsARowForEachScrapeOnTheSameLoopAndOnAnother) {
  ChildProcess program({"benchmarks/aio/web/scrape_latency", "0.1", "1000"});
  ASSERT_EQ(program.wait_for_exit(std::chrono::minutes(1)), 0) << program.output();
  const std::string output = program.output();
  const std::string waits = " +([0-9]+\\.[0-9]{2} +){4}[0-9]+";
  EXPECT_THAT(output, ContainsRegex("\nnothing" + waits));
  for (const std::string loop : {", same loop", ", another loop"}) {
    EXPECT_THAT(output, ContainsRegex("\n1000 series" + loop + waits + " +[1-9][0-9]* +[1-9][0-9]*\n"));
    EXPECT_THAT(output, ContainsRegex("\n1000 series, gzip" + loop + waits + " +[1-9][0-9]* +[1-9][0-9]*\n"));
    EXPECT_THAT(output, ContainsRegex("\na collector that takes 1 s" + loop + waits));
  }
}

}  // namespace
}  // namespace prometheus_async
