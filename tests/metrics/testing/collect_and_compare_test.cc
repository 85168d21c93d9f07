// SPDX-License-Identifier: Apache-2.0
#include "metrics/testing/collect_and_compare.h"

#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <prometheus/collectable.h>

#include "metrics/registry.h"

namespace prometheus_async {
namespace {

using metrics::testing::collect_and_compare;
using ::testing::HasSubstr;
using ::testing::Not;

std::string difference(const ::testing::AssertionResult& result) { return result.message(); }

// The example of metrics/testing/collect_and_compare.h.
TEST(CollectAndCompare, ExampleOfTheHeader) {
  metrics::Registry registry;
  registry.counter("cards_accepted_total", "Accepted.").Increment();
  auto& declined = registry.counter("cards_declined_total", "Declined.", {"reason"});
  declined.labels("stolen");
  declined.labels("limit").Increment(2);
  EXPECT_TRUE(metrics::testing::collect_and_compare(registry, R"(
      # TYPE cards_declined_total counter
      cards_declined_total{reason="limit"} 2
      cards_declined_total{reason="stolen"} 0
  )",
                                                    {"cards_declined_total"}));
}

class Compared : public ::testing::Test {
 protected:
  Compared() {
    registry_.counter("hits_total", "Hits.").Increment(3);
    auto& seconds = registry_.histogram("seconds", "Time.", {"path", "code"}, {.buckets = metrics::Buckets({0.5, 1})});
    seconds.labels("/", "200").Observe(0.7);
    registry_.gauge("level", "Level.").Set(std::numeric_limits<double>::quiet_NaN());
  }

  metrics::Registry registry_;
};

constexpr char kWhole[] = R"(
    level NaN
    seconds_bucket{code="200",path="/",le="1"} 1
    seconds_bucket{code="200",path="/",le="0.50"} 0
    seconds_bucket{code="200",path="/",le="+Inf"} 1.0
    seconds_sum{path="/",code="200"} 0.7
    seconds_count{path="/",code="200"} 1
    # HELP hits_total Hits.
    # TYPE hits_total counter
    hits_total 3
)";

TEST_F(Compared, TheSameInAnotherOrderIsTheSame) { EXPECT_TRUE(collect_and_compare(registry_, kWhole)); }

TEST_F(Compared, AnotherValueIsShownBesideTheExpectedOne) {
  const auto result = collect_and_compare(registry_, "hits_total 4", {"hits_total"});
  EXPECT_FALSE(result);
  EXPECT_EQ(difference(result),
            "the registry is not as expected (- expected, + there):\n"
            "- hits_total 4\n"
            "+ hits_total 3\n");
}

TEST_F(Compared, WhatIsMissingIsListed) {
  const auto result = collect_and_compare(registry_, std::string(kWhole) + "misses_total 0\n");
  EXPECT_FALSE(result);
  EXPECT_THAT(difference(result), HasSubstr("- misses_total 0\n"));
  EXPECT_THAT(difference(result), Not(HasSubstr("hits_total")));
}

TEST_F(Compared, WhatIsTooMuchIsListed) {
  const auto result = collect_and_compare(registry_, "level NaN\nhits_total 3\n");
  EXPECT_FALSE(result);
  EXPECT_THAT(difference(result), HasSubstr("+ seconds_sum{path=\"/\",code=\"200\"} 0.7\n"));
  EXPECT_THAT(difference(result), Not(HasSubstr("level")));
}

TEST_F(Compared, OtherFamiliesThanTheNamedOnesDoNotCount) {
  EXPECT_TRUE(collect_and_compare(registry_, "hits_total 3\nlevel NaN\n", {"hits_total", "level"}));
  EXPECT_FALSE(collect_and_compare(registry_, "hits_total 3\nlevel NaN\n", {"hits_total"}));
}

TEST_F(Compared, AnotherLabelIsAnotherSeries) {
  const auto result = collect_and_compare(registry_, R"(
      seconds_bucket{path="/",code="404",le="0.5"} 0
      seconds_bucket{path="/",code="200",le="1"} 1
      seconds_bucket{path="/",code="200",le="+Inf"} 1
      seconds_sum{path="/",code="200"} 0.7
      seconds_count{path="/",code="200"} 1
  )",
                                          {"seconds"});
  EXPECT_FALSE(result);
  EXPECT_THAT(difference(result), HasSubstr("- seconds_bucket{path=\"/\",code=\"404\",le=\"0.5\"} 0\n"));
  EXPECT_THAT(difference(result), HasSubstr("+ seconds_bucket{path=\"/\",code=\"200\",le=\"0.5\"} 0\n"));
}

TEST_F(Compared, ASeriesThatComesTwiceIsNotExpected) {
  EXPECT_FALSE(collect_and_compare(registry_, "hits_total 3\nhits_total 3\n", {"hits_total"}));
}

TEST_F(Compared, CommentsCountWhereTheyAreWritten) {
  EXPECT_TRUE(collect_and_compare(registry_, "# HELP hits_total Hits.\nhits_total 3\n", {"hits_total"}));
  const auto result = collect_and_compare(
      registry_, "# HELP hits_total Blows.\n# TYPE hits_total gauge\nhits_total 3\n", {"hits_total"});
  EXPECT_FALSE(result);
  EXPECT_THAT(difference(result), HasSubstr("- # HELP hits_total Blows.\n+ # HELP hits_total Hits.\n"));
  EXPECT_THAT(difference(result), HasSubstr("- # TYPE hits_total gauge\n+ # TYPE hits_total counter\n"));
}

TEST_F(Compared, ABadExpectationNamesItsLine) {
  const auto result = collect_and_compare(registry_, "hits_total 3\nlevel\n");
  EXPECT_FALSE(result);
  EXPECT_THAT(difference(result), HasSubstr("line 2: a value is missing: level"));
}

TEST_F(Compared, AnEmptyExpectationWantsAnEmptyRegistry) {
  EXPECT_FALSE(collect_and_compare(registry_, ""));
  EXPECT_TRUE(collect_and_compare(metrics::Registry(), ""));
}

TEST(CollectAndCompare, TakesNamesInQuotesAsTheyAre) {
  metrics::Registry registry;
  registry.counter("http.requests_total", "Requests.", {"status code"}).labels("200").Increment();
  EXPECT_TRUE(collect_and_compare(registry, R"(
      # TYPE "http.requests_total" counter
      {"http.requests_total","status code"="200"} 1
  )"));
  EXPECT_FALSE(collect_and_compare(registry, "http_requests_total{status_code=\"200\"} 1"));
}

struct Broken : prometheus::Collectable {
  std::vector<prometheus::MetricFamily> Collect() const override { throw std::runtime_error("the disk is gone"); }
};

TEST_F(Compared, ACollectorThatThrowsIsAFailureThatSaysSo) {
  registry_.adopt(std::make_shared<Broken>());
  const auto result = collect_and_compare(registry_, kWhole);
  EXPECT_FALSE(result);
  EXPECT_THAT(difference(result), HasSubstr("the disk is gone"));
}

}  // namespace
}  // namespace prometheus_async
