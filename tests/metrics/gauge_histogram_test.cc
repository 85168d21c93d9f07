// SPDX-License-Identifier: Apache-2.0
#include "metrics/gauge_histogram.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/refused.h"
#include "metrics/registry.h"
#include "tests/testing/error_of.h"
#include "tests/testing/recording_sink.h"

namespace prometheus_async::metrics {
namespace {

using prometheus_async::testing::error_of;
using prometheus_async::testing::RecordingSink;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Counts = std::vector<std::uint64_t>;

// The example of metrics/gauge_histogram.h.
TEST(GaugeHistogram, ShowsWhatWasSetLast) {
  const auto sizes =
      std::make_shared<metrics::GaugeHistogram>("queued_bytes", "sizes of queued jobs", metrics::Buckets{1024, 65536});
  Registry registry;
  registry.add(sizes);
  EXPECT_THAT(RecordingSink(*sizes).lines, ElementsAre("gaugehistogram queued_bytes", "{} [1024, 65536] 0 0 0 sum 0"));
  sizes->Set(std::vector<std::uint64_t>{3, 1, 0}, 12'345);
  sizes->Set(std::vector<std::uint64_t>{1, 1, 0}, 10'000);
  EXPECT_EQ(RecordingSink(*sizes).lines.at(1), "{} [1024, 65536] 1 1 0 sum 10000");
  EXPECT_EQ(registry.get_sample_value("queued_bytes_bucket", {{"le", "65536"}}), 2);
}

TEST(GaugeHistogram, RefusesAndCountsWhatDoesNotFit) {
  GaugeHistogram ages("ages_seconds", "help", {1}, {{"queue", "mail"}}, "seconds");
  ages.Set(Counts{1, 2}, -3);
  const auto before = refused_values();
  ages.Set(Counts{1}, 1);
  ages.Set(Counts{1, 2, 3}, 1);
  ages.Set(Counts{1, 2}, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(refused_values() - before, 3u);
  EXPECT_THAT(RecordingSink(ages).lines,
              ElementsAre("gaugehistogram ages_seconds [seconds]", "{queue=\"mail\"} [1] 1 2 sum -3"));
}

TEST(GaugeHistogram, RefusesBadBoundsLabelsAndUnits) {
  EXPECT_THAT(error_of<std::invalid_argument>([] { GaugeHistogram("a", "help", {1}, {}, "seconds"); }),
              HasSubstr("metric \"a\" has the unit \"seconds\""));
  EXPECT_THAT(error_of<std::invalid_argument>([] { GaugeHistogram("a", "help", {2, 1}); }),
              HasSubstr("histogram \"a\": bucket bounds must ascend"));
  EXPECT_THAT(error_of<std::invalid_argument>([] { GaugeHistogram("a", "help", {1}, {{"le", "1"}}); }),
              HasSubstr("label \"le\" of metric \"a\" is what a gaugehistogram calls its own"));
}

}  // namespace
}  // namespace prometheus_async::metrics
