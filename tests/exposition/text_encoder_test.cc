// SPDX-License-Identifier: Apache-2.0
#include "exposition/text_encoder.h"

#include <concepts>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include "metrics/registry.h"
#include "tests/exposition/snapshots.h"
#include "tests/exposition/written.h"

namespace prometheus_async::exposition {
namespace {

using metrics::MetricType;
using metrics::Registry;
using testing::histogram;
using testing::labels;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The example of exposition/text_encoder.h.
std::string text(const Registry& registry) {
  std::string page;
  exposition::TextEncoder encoder(page);
  registry.collect(encoder);
  encoder.finish();
  return page;
}

template <class F>
std::string text(const Format& format, F write) {
  return testing::written<TextEncoder>(format, write);
}

template <class F>
  requires std::invocable<F, metrics::Sink&>
std::string text(F write) {
  return text(kText_0_0_4, write);
}

TEST(TextEncoder, AnEmptyRegistryIsAnEmptyPage) { EXPECT_EQ(text(Registry()), ""); }

TEST(TextEncoder, AppendsToThePage) {
  std::string page = "before\n";
  TextEncoder encoder(page);
  encoder.family({"a", "", MetricType::kGauge});
  encoder.value({}, 1);
  encoder.finish();
  EXPECT_EQ(page, "before\n# TYPE a gauge\na 1\n");
}

TEST(TextEncoder, CountersAndGauges) {
  Registry registry;
  auto& requests = registry.counter("http_requests_total", "Requests served.", {"method", "code"});
  requests.labels("post", "200").Increment(1027);
  requests.labels("post", "400").Increment(3);
  registry.gauge("temperature", "Outside.").Set(-0.5);
  EXPECT_EQ(text(registry), R"(# HELP http_requests_total Requests served.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027
http_requests_total{method="post",code="400"} 3
# HELP temperature Outside.
# TYPE temperature gauge
temperature -0.5
)");
}

TEST(TextEncoder, CountersKeepEveryWholeStepAndTheParts) {
  EXPECT_EQ(text([](metrics::Sink& sink) {
              sink.family({"a_total", "", MetricType::kCounter});
              sink.counter(labels({{"of", "steps"}}), {.whole = 18446744073709551615u});
              sink.counter(labels({{"of", "both"}}), {.whole = 2, .part = 0.25});
            }),
            "# TYPE a_total counter\n"
            "a_total{of=\"steps\"} 18446744073709551615\n"
            "a_total{of=\"both\"} 2.25\n");
}

TEST(TextEncoder, HistogramsAreCumulativeWithOneInfinity) {
  EXPECT_EQ(text([](metrics::Sink& sink) {
              const std::vector<double> bounds{0.5, 1, 2};
              const std::vector<double> one_bound{-1024};
              sink.family({"seconds", "Time.", MetricType::kHistogram});
              sink.histogram(labels({{"path", "/"}}), histogram(bounds, {2, 1, 0, 1}, 4.5));
              sink.histogram(labels({{"path", "/a"}}), histogram(one_bound, {0, 0}));
              sink.family({"bytes", "Size.", MetricType::kHistogram});
              sink.histogram({}, histogram(one_bound, {0, 9}, -3));
            }),
            R"(# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{path="/",le="0.5"} 2
seconds_bucket{path="/",le="1.0"} 3
seconds_bucket{path="/",le="2.0"} 3
seconds_bucket{path="/",le="+Inf"} 4
seconds_sum{path="/"} 4.5
seconds_count{path="/"} 4
seconds_bucket{path="/a",le="-1024.0"} 0
seconds_bucket{path="/a",le="+Inf"} 0
seconds_sum{path="/a"} 0
seconds_count{path="/a"} 0
# HELP bytes Size.
# TYPE bytes histogram
bytes_bucket{le="-1024.0"} 0
bytes_bucket{le="+Inf"} 9
bytes_sum -3
bytes_count 9
)");
}

TEST(TextEncoder, ANativeHistogramAloneHasOneBucket) {
  EXPECT_EQ(text(testing::write_native_alone),
            "# TYPE seconds histogram\n"
            "seconds_bucket{le=\"+Inf\"} 5\n"
            "seconds_sum 2.5\n"
            "seconds_count 5\n");
}

TEST(TextEncoder, AGaugeHistogramIsAHistogram) {
  EXPECT_EQ(text([](metrics::Sink& sink) {
              const std::vector<double> bounds{10};
              sink.family({"queue", "", MetricType::kGaugeHistogram});
              sink.histogram({}, histogram(bounds, {1, 2}, 60));
            }),
            "# TYPE queue histogram\n"
            "queue_bucket{le=\"10.0\"} 1\n"
            "queue_bucket{le=\"+Inf\"} 3\n"
            "queue_sum 60\n"
            "queue_count 3\n");
}

TEST(TextEncoder, SummariesHaveTheirQuantilesFirst) {
  EXPECT_EQ(text([](metrics::Sink& sink) {
              sink.family({"s", "", MetricType::kSummary});
              sink.summary(labels({{"a", "b"}}), {.quantiles = {{0.5, 2}, {1, kNaN}}, .count = 3, .sum = 6});
              sink.summary({}, {.quantiles = {{0.99, -1}}, .count = 0, .sum = 0});
            }),
            "# TYPE s summary\n"
            "s{a=\"b\",quantile=\"0.5\"} 2\n"
            "s{a=\"b\",quantile=\"1.0\"} NaN\n"
            "s_sum{a=\"b\"} 6\n"
            "s_count{a=\"b\"} 3\n"
            "s{quantile=\"0.99\"} -1\n"
            "s_sum 0\n"
            "s_count 0\n");
}

TEST(TextEncoder, InfoStateSetAndUnknownAreWhatTheFormatKnows) {
  EXPECT_EQ(text(testing::write_info_state_set_and_unknown),
            R"(# TYPE build_info gauge
build_info{version="1.2"} 1
# TYPE light gauge
light{room="hall",light="on"} 1
light{room="hall",light="o\"ff\\\n"} 0
light{light="on"} 1
light{light="o\"ff\\\n"} 0
# TYPE what untyped
what 3
)");
}

// What text has no place for: nothing of it comes through, and nothing else is lost.
TEST(TextEncoder, LeavesOutExemplarsTimesOfCreationAndUnits) {
  EXPECT_EQ(text([](metrics::Sink& sink) {
              const auto traced = testing::exemplar({{"trace_id", "1"}}, 1, 1.5e9);
              const std::vector<double> bounds{1};
              sink.family({"a_seconds_total", "", MetricType::kCounter, "seconds"});
              sink.counter({}, {.whole = 1, .created = 1.5e9, .exemplar = traced});
              sink.family({"b", "", MetricType::kHistogram});
              sink.histogram({}, testing::created(histogram(bounds, {1, 0}, 1, {{0, traced}}), 1.5e9));
            }),
            "# TYPE a_seconds_total counter\n"
            "a_seconds_total 1\n"
            "# TYPE b histogram\n"
            "b_bucket{le=\"1.0\"} 1\n"
            "b_bucket{le=\"+Inf\"} 1\n"
            "b_sum 1\n"
            "b_count 1\n");
}

TEST(TextEncoder, EscapesHelpAndLabelsEachByItsRule) {
  Registry registry;
  registry.gauge("g", "a \"quoted\" \\ back\nslash", {"x"}).labels("a \"quoted\" \\ back\nslash\ttab").Set(1);
  EXPECT_EQ(text(registry),
            "# HELP g a \"quoted\" \\\\ back\\nslash\n"
            "# TYPE g gauge\n"
            "g{x=\"a \\\"quoted\\\" \\\\ back\\nslash\ttab\"} 1\n");
}

// A collector of one's own may bring any help; Prometheus 2 takes a NUL for the end of the page.
TEST(TextEncoder, RepairsHelpThatNoReaderTakes) {
  EXPECT_EQ(text([](metrics::Sink& sink) {
              sink.family({"g", std::string("caf\xe9\0.", 6), MetricType::kGauge});
              sink.value({}, 0);
            }),
            "# HELP g caf\uFFFD\uFFFD.\n# TYPE g gauge\ng 0\n");
}

TEST(TextEncoder, SpellsWhatIsNotFinite) {
  EXPECT_EQ(text([](metrics::Sink& sink) {
              sink.family({"a", "", MetricType::kGauge});
              for (const double value : {kNaN, kInfinity, -kInfinity}) sink.value({}, value);
            }),
            "# TYPE a gauge\na NaN\na +Inf\na -Inf\n");
}

// A name of each kind in one page.
void write_utf8_names(metrics::Sink& sink) {
  const metrics::State states[] = {{"on", true}};
  const std::vector<double> bounds{1};
  sink.family({"http.requests_total", "Requests.", MetricType::kCounter});
  sink.counter({}, {.whole = 1});
  sink.counter(labels({{"a.b", "1"}, {"c_d", "2"}}), {.whole = 2});
  sink.family({"\"q\\\n", "", MetricType::kHistogram});
  sink.histogram(labels({{"\"l\\\n", "3"}}), histogram(bounds, {1, 0}, 1));
  sink.histogram({}, histogram(bounds, {0, 0}));
  sink.family({"a.state", "", MetricType::kStateSet});
  sink.state_set({}, states);
  sink.family({"plain_name", "", MetricType::kGauge});
  sink.value(labels({{"c_d", "4"}}), 5);
}

TEST(TextEncoder, QuotesNamesForReadersWhoAllowUtf8) {
  Format format = kText_1_0_0;
  format.escaping = Escaping::kAllowUtf8;
  EXPECT_EQ(text(format, write_utf8_names), R"(# HELP "http.requests_total" Requests.
# TYPE "http.requests_total" counter
{"http.requests_total"} 1
{"http.requests_total","a.b"="1",c_d="2"} 2
# TYPE "\"q\\\n" histogram
{"\"q\\\n_bucket","\"l\\\n"="3",le="1.0"} 1
{"\"q\\\n_bucket","\"l\\\n"="3",le="+Inf"} 1
{"\"q\\\n_sum","\"l\\\n"="3"} 1
{"\"q\\\n_count","\"l\\\n"="3"} 1
{"\"q\\\n_bucket",le="1.0"} 0
{"\"q\\\n_bucket",le="+Inf"} 0
{"\"q\\\n_sum"} 0
{"\"q\\\n_count"} 0
# TYPE "a.state" gauge
{"a.state","a.state"="on"} 1
# TYPE plain_name gauge
plain_name{c_d="4"} 5
)");
}

// Classic names stay in every scheme, c_d with dots too; suffixes come after the escaping.
TEST(TextEncoder, EscapesNamesForOthers) {
  Format format = kText_1_0_0;
  format.escaping = Escaping::kValues;
  EXPECT_EQ(text(format, write_utf8_names), R"(# HELP U__http_2e_requests__total Requests.
# TYPE U__http_2e_requests__total counter
U__http_2e_requests__total 1
U__http_2e_requests__total{U__a_2e_b="1",c_d="2"} 2
# TYPE U___22_q_5c__a_ histogram
U___22_q_5c__a__bucket{U___22_l_5c__a_="3",le="1.0"} 1
U___22_q_5c__a__bucket{U___22_l_5c__a_="3",le="+Inf"} 1
U___22_q_5c__a__sum{U___22_l_5c__a_="3"} 1
U___22_q_5c__a__count{U___22_l_5c__a_="3"} 1
U___22_q_5c__a__bucket{le="1.0"} 0
U___22_q_5c__a__bucket{le="+Inf"} 0
U___22_q_5c__a__sum 0
U___22_q_5c__a__count 0
# TYPE U__a_2e_state gauge
U__a_2e_state{U__a_2e_state="on"} 1
# TYPE plain_name gauge
plain_name{c_d="4"} 5
)");
  format.escaping = Escaping::kDots;
  const std::string dots = text(format, write_utf8_names);
  EXPECT_EQ(dots.substr(0, dots.find("# TYPE __q")), R"(# HELP http_dot_requests__total Requests.
# TYPE http_dot_requests__total counter
http_dot_requests__total 1
http_dot_requests__total{a_dot_b="1",c_d="2"} 2
)");
}

TEST(TextEncoder, TheOldVersionHasUnderscoresAlone) {
  Format format = kText_0_0_4;
  format.escaping = Escaping::kAllowUtf8;
  const std::string page = text(format, write_utf8_names);
  EXPECT_EQ(page.substr(0, page.find("# TYPE _q")), R"(# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total 1
http_requests_total{a_b="1",c_d="2"} 2
)");
}

TEST(TextEncoder, SpellsBoundsAsPrometheusCppDoesIfAsked) {
  EXPECT_EQ(text({.integer_bounds = true},
                 [](metrics::Sink& sink) {
                   const std::vector<double> bounds{0.5, 1, 1e6};
                   sink.family({"h", "", MetricType::kHistogram});
                   sink.histogram({}, histogram(bounds, {0, 0, 0, 0}));
                   sink.family({"s", "", MetricType::kSummary});
                   sink.summary({}, {.quantiles = {{1, 2}}, .count = 1, .sum = 2});
                 }),
            R"(# TYPE h histogram
h_bucket{le="0.5"} 0
h_bucket{le="1"} 0
h_bucket{le="1000000"} 0
h_bucket{le="+Inf"} 0
h_sum 0
h_count 0
# TYPE s summary
s{quantile="1"} 2
s_sum 2
s_count 1
)");
}

TEST(TextEncoder, RollsBackToTheCheckpoint) {
  EXPECT_EQ(text(testing::write_and_roll_back), "# TYPE a gauge\na 1\n# TYPE c gauge\nc 3\n");
}

TEST(TextEncoder, WithoutACheckpointRollsBackToItsBeginning) {
  std::string page = "before\n";
  TextEncoder encoder(page);
  encoder.family({"a", "", MetricType::kGauge});
  encoder.value({}, 1);
  encoder.rollback();
  encoder.finish();
  EXPECT_EQ(page, "before\n");
}

// Long and short pieces in turn, over the limits at which the page grows.
TEST(TextEncoder, APageThatGrowsLosesNothing) {
  std::string expected;
  const std::string page = text([&](metrics::Sink& sink) {
    const std::vector<double> bounds{1, 2};
    sink.family({"h", "", MetricType::kHistogram});
    expected += "# TYPE h histogram\n";
    for (int i = 0; i < 3000; ++i) {
      const std::string value(static_cast<std::size_t>(i * 7 % 1000), 'x');
      sink.histogram(labels({{"l", value}}), histogram(bounds, {1, 1, 1}, i + 0.5));
      const std::string head = "{l=\"" + value + "\"";
      expected += "h_bucket" + head + ",le=\"1.0\"} 1\n";
      expected += "h_bucket" + head + ",le=\"2.0\"} 2\n";
      expected += "h_bucket" + head + ",le=\"+Inf\"} 3\n";
      expected += "h_sum" + head + "} " + std::to_string(i) + ".5\n";
      expected += "h_count" + head + "} 3\n";
    }
  });
  EXPECT_TRUE(page == expected);  // too long to be shown
}

// What prometheus-cpp's own serializer makes unreadable: help with a newline, a second +Inf, digits that are lost.
TEST(TextEncoder, WritesMetricsOfPrometheusCpp) {
  const auto theirs = std::make_shared<prometheus::Registry>();
  prometheus::BuildHistogram()
      .Name("h")
      .Help("two\nlines")
      .Register(*theirs)
      .Add({{"p", "/"}}, std::vector<double>{1, std::numeric_limits<double>::infinity()})
      .Observe(0.1 + 0.2);
  prometheus::BuildSummary()
      .Name("s")
      .Help("s")
      .Register(*theirs)
      .Add({}, prometheus::Summary::Quantiles{{0.5, 0.05}})
      .Observe(2);
  prometheus::BuildCounter().Name("c").Help("c").Register(*theirs).Add({}).Increment();
  Registry registry;
  registry.adopt(theirs);
  // prometheus-cpp keeps families by kind: counters, histograms, summaries.
  EXPECT_EQ(text(registry), R"(# HELP c c
# TYPE c counter
c 1
# HELP h two\nlines
# TYPE h histogram
h_bucket{p="/",le="1.0"} 1
h_bucket{p="/",le="+Inf"} 1
h_sum{p="/"} 0.30000000000000004
h_count{p="/"} 1
# HELP s s
# TYPE s summary
s{quantile="0.5"} 2
s_sum 2
s_count 1
)");
}

}  // namespace
}  // namespace prometheus_async::exposition
