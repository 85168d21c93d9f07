// SPDX-License-Identifier: Apache-2.0
#include "exposition/openmetrics_encoder.h"

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "metrics/registry.h"
#include "tests/exposition/snapshots.h"
#include "tests/exposition/written.h"

namespace prometheus_async::exposition {
namespace {

using metrics::MetricType;
using testing::created;
using testing::exemplar;
using testing::histogram;
using testing::labels;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class F>
std::string openmetrics(const Format& format, F write) {
  return testing::written<OpenMetricsEncoder>(format, write);
}

template <class F>
std::string openmetrics(F write) {
  return openmetrics(kOpenMetrics_1_0_0, write);
}

// The example of exposition/openmetrics_encoder.h.
TEST(OpenMetricsEncoder, ExampleOfTheHeader) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.").Increment();
  std::string page;
  exposition::OpenMetricsEncoder encoder(page);
  registry.collect(encoder);
  encoder.finish();
  EXPECT_EQ(page, "# TYPE hits counter\n# HELP hits Hits.\nhits_total 1\n# EOF\n");
}

TEST(OpenMetricsEncoder, AnEmptyPageHasItsEnd) {
  EXPECT_EQ(openmetrics([](metrics::Sink&) {}), "# EOF\n");
}

TEST(OpenMetricsEncoder, ACountersFamilyLacksItsEnding) {
  EXPECT_EQ(openmetrics([](metrics::Sink& sink) {
              sink.family({"a_seconds_total", "Time.", MetricType::kCounter, "seconds"});
              sink.counter({}, {.whole = 17});
              sink.counter(labels({{"path", "/"}}), {.whole = 1, .part = 0.5});
            }),
            R"(# TYPE a_seconds counter
# UNIT a_seconds seconds
# HELP a_seconds Time.
a_seconds_total 17
a_seconds_total{path="/"} 1.5
# EOF
)");
}

// As client_golang: a sample keeps the name that it has in the other formats.
TEST(OpenMetricsEncoder, AFamilyWhoseNameDoesNotFitItsTypeHasAnother) {
  EXPECT_EQ(openmetrics([](metrics::Sink& sink) {
              sink.family({"hits", "", MetricType::kCounter});
              sink.counter({}, {.whole = 17, .exemplar = exemplar({}, 1, 1)});
              sink.family({"_total", "", MetricType::kCounter});
              sink.counter({}, {.whole = 18});
              sink.family({"version", "", MetricType::kInfo});
              sink.value(labels({{"is", "1.2"}}), 1);
            }),
            R"(# TYPE hits unknown
hits 17
# TYPE _total unknown
_total 18
# TYPE version gauge
version{is="1.2"} 1
# EOF
)");
}

TEST(OpenMetricsEncoder, EscapesQuotesInHelpToo) {
  EXPECT_EQ(openmetrics([](metrics::Sink& sink) {
              sink.family({"a", "a \"quoted\" \\ back\nslash", MetricType::kGauge});
              sink.value(labels({{"b", "a \"quoted\" \\ back\nslash"}}), -0.5);
            }),
            R"(# TYPE a gauge
# HELP a a \"quoted\" \\ back\nslash
a{b="a \"quoted\" \\ back\nslash"} -0.5
# EOF
)");
}

TEST(OpenMetricsEncoder, AUnitThatDoesNotFitIsLeftOut) {
  const auto has_unit = [](const metrics::FamilyInfo& info) {
    return openmetrics([&](metrics::Sink& sink) { sink.family(info); }).find("# UNIT") != std::string::npos;
  };
  EXPECT_TRUE(has_unit({"a_bytes", "", MetricType::kGauge, "bytes"}));
  EXPECT_TRUE(has_unit({"a_per_second", "", MetricType::kGauge, "per_second"}));
  EXPECT_FALSE(has_unit({"a_bytes", "", MetricType::kGauge, ""}));
  EXPECT_FALSE(has_unit({"a_bytes", "", MetricType::kGauge, "seconds"}));
  EXPECT_FALSE(has_unit({"abytes", "", MetricType::kGauge, "bytes"}));
  EXPECT_FALSE(has_unit({"bytes", "", MetricType::kGauge, "bytes"}));
  EXPECT_FALSE(has_unit({"_bytes", "", MetricType::kGauge, "bytes"}));
  EXPECT_FALSE(has_unit({"a_bytes_total", "", MetricType::kCounter, "total"}));
  EXPECT_FALSE(has_unit({"a_bytes_info", "", MetricType::kInfo, "bytes"}));
  EXPECT_FALSE(has_unit({"a_bytes", "", MetricType::kStateSet, "bytes"}));
  EXPECT_FALSE(has_unit({"a_\n", "", MetricType::kGauge, "\n"}));
}

TEST(OpenMetricsEncoder, InfoStateSetAndUnknown) {
  EXPECT_EQ(openmetrics(testing::write_info_state_set_and_unknown),
            R"(# TYPE build info
build_info{version="1.2"} 1
# TYPE light stateset
light{room="hall",light="on"} 1
light{room="hall",light="o\"ff\\\n"} 0
light{light="on"} 1
light{light="o\"ff\\\n"} 0
# TYPE what unknown
what 3
# EOF
)");
}

TEST(OpenMetricsEncoder, HistogramsAndGaugeHistograms) {
  EXPECT_EQ(openmetrics([](metrics::Sink& sink) {
              const std::vector<double> bounds{0.005, 1, 1e6};
              const metrics::HistogramSnapshot snapshot = histogram(bounds, {1, 2, 0, 3}, kInfinity);
              sink.family({"a", "", MetricType::kHistogram});
              sink.histogram(labels({{"path", "/"}}), snapshot);
              sink.family({"b", "", MetricType::kGaugeHistogram});
              sink.histogram({}, snapshot);
            }),
            R"(# TYPE a histogram
a_bucket{path="/",le="0.005"} 1
a_bucket{path="/",le="1.0"} 3
a_bucket{path="/",le="1e+06"} 3
a_bucket{path="/",le="+Inf"} 6
a_sum{path="/"} +Inf
a_count{path="/"} 6
# TYPE b gaugehistogram
b_bucket{le="0.005"} 1
b_bucket{le="1.0"} 3
b_bucket{le="1e+06"} 3
b_bucket{le="+Inf"} 6
b_gsum +Inf
b_gcount 6
# EOF
)");
}

// Whether a histogram with this bound and this sum has a sum and a count. It has both or none.
bool has_sum(MetricType type, double bound, double sum) {
  const std::string page = openmetrics([&](metrics::Sink& sink) {
    const std::vector<double> bounds{bound};
    sink.family({"a", "", type});
    sink.histogram({}, histogram(bounds, {1, 2}, sum));
  });
  const bool is_gauge = type == MetricType::kGaugeHistogram;
  const bool has_it = page.find(is_gauge ? "a_gsum" : "a_sum") != std::string::npos;
  EXPECT_EQ(page.find(is_gauge ? "a_gcount 3\n" : "a_count 3\n") != std::string::npos, has_it) << page;
  return has_it;
}

TEST(OpenMetricsEncoder, AHistogramWhoseSumCanFallHasNoSum) {
  EXPECT_TRUE(has_sum(MetricType::kHistogram, 0, 1));
  EXPECT_TRUE(has_sum(MetricType::kHistogram, 1, 0));
  EXPECT_FALSE(has_sum(MetricType::kHistogram, -1, 1));
  EXPECT_FALSE(has_sum(MetricType::kHistogram, 1, -1));
  EXPECT_FALSE(has_sum(MetricType::kHistogram, 1, kNaN));
}

TEST(OpenMetricsEncoder, AGaugeHistogramMayFallWhereItHasABoundBelowZero) {
  EXPECT_TRUE(has_sum(MetricType::kGaugeHistogram, -1, -1));
  EXPECT_FALSE(has_sum(MetricType::kGaugeHistogram, 1, -1));
  EXPECT_FALSE(has_sum(MetricType::kGaugeHistogram, -1, kNaN));
}

TEST(OpenMetricsEncoder, WhatAFormatOfCountsForbidsHasNoSample) {
  EXPECT_EQ(openmetrics([](metrics::Sink& sink) {
              sink.family({"a_total", "", MetricType::kCounter});
              sink.counter(labels({{"is", "below zero"}}), {.part = -1});
              sink.counter(labels({{"is", "NaN"}}), {.part = kNaN});
              sink.counter(labels({{"is", "good"}}), {.part = 1e300});
              sink.family({"s", "", MetricType::kSummary});
              sink.summary({}, {.quantiles = {{0, -1}, {0.5, kNaN}, {1, 2}}, .count = 3, .sum = -1});
            }),
            R"(# TYPE a counter
a_total{is="good"} 1e+300
# TYPE s summary
s{quantile="0.5"} NaN
s{quantile="1.0"} 2
s_count 3
# EOF
)");
}

TEST(OpenMetricsEncoder, CountersHaveTheirExemplar) {
  EXPECT_EQ(openmetrics([](metrics::Sink& sink) {
              sink.family({"a_total", "", MetricType::kCounter});
              sink.counter({},
                           {.whole = 17, .exemplar = exemplar({{"trace_id", "KOO5S4vxi0o"}}, 0.67, 1520879607.789)});
              sink.counter(labels({{"path", "/"}}), {.part = 0.5, .exemplar = exemplar({}, 1, 0)});
            }),
            R"(# TYPE a counter
a_total 17 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.789
a_total{path="/"} 0.5 # {} 1
# EOF
)");
}

TEST(OpenMetricsEncoder, BucketsHaveTheirExemplars) {
  EXPECT_EQ(openmetrics([](metrics::Sink& sink) {
              const std::vector<double> bounds{1, 2, 3};
              sink.family({"a", "", MetricType::kHistogram});
              sink.histogram(labels({{"path", "/"}}), histogram(bounds, {1, 1, 1, 1}, 10,
                                                                {{0, exemplar({{"t", "a\"b"}}, 0.5, 1e9)},
                                                                 {3, exemplar({{"t", "2"}}, 4, 2e9)}}));
            }),
            R"(# TYPE a histogram
a_bucket{path="/",le="1.0"} 1 # {t="a\"b"} 0.5 1000000000
a_bucket{path="/",le="2.0"} 2
a_bucket{path="/",le="3.0"} 3
a_bucket{path="/",le="+Inf"} 4 # {t="2"} 4 2000000000
a_sum{path="/"} 10
a_count{path="/"} 4
# EOF
)");
}

TEST(OpenMetricsEncoder, ANativeHistogramAloneHasOneBucketWithTheNewestExemplar) {
  EXPECT_EQ(openmetrics(testing::write_native_alone),
            R"(# TYPE seconds histogram
seconds_bucket{le="+Inf"} 5 # {t="2"} 2 30
seconds_sum 2.5
seconds_count 5
# EOF
)");
}

// Exemplars are the long part of a page that is asked for line by line.
TEST(OpenMetricsEncoder, APageThatGrowsAmongExemplarsLosesNothing) {
  std::string expected = "# TYPE a histogram\n";
  const std::string page = openmetrics([&](metrics::Sink& sink) {
    sink.family({"a", "", MetricType::kHistogram});
    const std::vector<double> bounds{1, 2};
    for (int i = 0; i < 1000; ++i) {
      const std::string id(static_cast<std::size_t>(i % 120), 'x');
      sink.histogram(
          {}, histogram(bounds, {1, 1, 1}, 3, {{0, exemplar({{"t", id}}, 1, 1)}, {1, exemplar({{"t", id}}, 2, 1)}}));
      expected += "a_bucket{le=\"1.0\"} 1 # {t=\"" + id + "\"} 1 1\n";
      expected += "a_bucket{le=\"2.0\"} 2 # {t=\"" + id + "\"} 2 1\n";
      expected += "a_bucket{le=\"+Inf\"} 3\na_sum 3\na_count 3\n";
    }
  });
  EXPECT_TRUE(page == expected + "# EOF\n");  // too long to be shown
}

void write_created(metrics::Sink& sink) {
  const std::vector<double> bounds{1};
  sink.family({"a_total", "", MetricType::kCounter});
  sink.counter(labels({{"x", "y"}}), {.whole = 1, .created = 1520430000.123});
  sink.counter({}, {.whole = 1});
  sink.family({"b", "", MetricType::kHistogram});
  sink.histogram({}, created(histogram(bounds, {1, 0}, 1), 1520430000));
  sink.family({"c", "", MetricType::kGaugeHistogram});
  sink.histogram({}, created(histogram(bounds, {1, 0}, 1), 1520430000));
  sink.family({"d", "", MetricType::kSummary});
  sink.summary({}, {.quantiles = {}, .count = 1, .sum = 2, .created = 1520430000.5});
}

TEST(OpenMetricsEncoder, TimesOfCreationAreWrittenOnRequest) {
  Format format = kOpenMetrics_1_0_0;
  format.created_lines = true;
  EXPECT_EQ(openmetrics(format, write_created), R"(# TYPE a counter
a_total{x="y"} 1
a_created{x="y"} 1520430000.123
a_total 1
# TYPE b histogram
b_bucket{le="1.0"} 1
b_bucket{le="+Inf"} 1
b_sum 1
b_count 1
b_created 1520430000
# TYPE c gaugehistogram
c_bucket{le="1.0"} 1
c_bucket{le="+Inf"} 1
c_gsum 1
c_gcount 1
# TYPE d summary
d_sum 2
d_count 1
d_created 1520430000.5
# EOF
)");
}

TEST(OpenMetricsEncoder, TimesOfCreationAreNotWrittenOtherwise) {
  EXPECT_EQ(openmetrics(write_created).find("_created"), std::string::npos);
}

void write_utf8_names(metrics::Sink& sink) {
  const metrics::State states[] = {{"on", true}};
  const auto of_utf8 = exemplar({{"t.r", "1"}}, 1, 1);
  sink.family({"http.time_seconds_total", "Requests.", MetricType::kCounter, "seconds"});
  sink.counter({}, {.whole = 1});
  sink.counter(labels({{"a.b", "1"}, {"c_d", "2"}}), {.whole = 2, .exemplar = of_utf8});
  sink.family({"a.state", "", MetricType::kStateSet});
  sink.state_set(labels({{"c_d", "3"}}), states);
  sink.family({"a.build_info", "", MetricType::kInfo});
  sink.value({}, 1);
}

TEST(OpenMetricsEncoder, QuotesNamesForReadersWhoAllowUtf8) {
  Format format = kOpenMetrics_1_0_0;
  format.escaping = Escaping::kAllowUtf8;
  EXPECT_EQ(openmetrics(format, write_utf8_names), R"(# TYPE "http.time_seconds" counter
# UNIT "http.time_seconds" seconds
# HELP "http.time_seconds" Requests.
{"http.time_seconds_total"} 1
{"http.time_seconds_total","a.b"="1",c_d="2"} 2 # {"t.r"="1"} 1 1
# TYPE "a.state" stateset
{"a.state",c_d="3","a.state"="on"} 1
# TYPE "a.build" info
{"a.build_info"} 1
# EOF
)");
}

// The reader gets back the family's name, with its ending, when it takes the escapes out of a sample's.
TEST(OpenMetricsEncoder, EscapesNamesForOthers) {
  Format format = kOpenMetrics_1_0_0;
  format.escaping = Escaping::kValues;
  EXPECT_EQ(openmetrics(format, write_utf8_names), R"(# TYPE U__http_2e_time__seconds_ counter
# HELP U__http_2e_time__seconds_ Requests.
U__http_2e_time__seconds__total 1
U__http_2e_time__seconds__total{U__a_2e_b="1",c_d="2"} 2 # {U__t_2e_r="1"} 1 1
# TYPE U__a_2e_state stateset
U__a_2e_state{c_d="3",U__a_2e_state="on"} 1
# TYPE U__a_2e_build_ info
U__a_2e_build__info 1
# EOF
)");
  EXPECT_EQ(openmetrics(kOpenMetrics_0_0_1, write_utf8_names), R"(# TYPE http_time_seconds counter
# UNIT http_time_seconds seconds
# HELP http_time_seconds Requests.
http_time_seconds_total 1
http_time_seconds_total{a_b="1",c_d="2"} 2 # {t_r="1"} 1 1
# TYPE a_state stateset
a_state{c_d="3",a_state="on"} 1
# TYPE a_build info
a_build_info 1
# EOF
)");
}

TEST(OpenMetricsEncoder, RollsBackToTheCheckpoint) {
  EXPECT_EQ(openmetrics(testing::write_and_roll_back), "# TYPE a gauge\na 1\n# TYPE c gauge\nc 3\n# EOF\n");
}

}  // namespace
}  // namespace prometheus_async::exposition
