// SPDX-License-Identifier: Apache-2.0
#include "exposition/text_encoder.h"

#include <limits>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include "metrics/registry.h"

namespace prometheus_async::exposition {
namespace {

using metrics::Registry;

// The example of exposition/text_encoder.h.
std::string text(const Registry& registry) {
  std::string page;
  exposition::TextEncoder encoder(page);
  registry.collect(encoder);
  return page;
}

TEST(TextEncoder, AnEmptyRegistryIsAnEmptyPage) { EXPECT_EQ(text(Registry()), ""); }

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

TEST(TextEncoder, HistogramsAreCumulativeWithOneInfinity) {
  Registry registry;
  auto& seconds = registry.histogram("seconds", "Time.", {"path"}, {.buckets = {0.5, 1, 2}});
  for (const double value : {0.25, 0.5, 0.75, 3.0}) seconds.labels("/").Observe(value);
  registry.histogram("bytes", "Size.", {.buckets = {1024, std::numeric_limits<double>::infinity()}});
  EXPECT_EQ(text(registry), R"(# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{path="/",le="0.5"} 2
seconds_bucket{path="/",le="1.0"} 3
seconds_bucket{path="/",le="2.0"} 3
seconds_bucket{path="/",le="+Inf"} 4
seconds_sum{path="/"} 4.5
seconds_count{path="/"} 4
# HELP bytes Size.
# TYPE bytes histogram
bytes_bucket{le="1024.0"} 0
bytes_bucket{le="+Inf"} 0
bytes_sum 0
bytes_count 0
)");
}

TEST(TextEncoder, EscapesHelpAndLabelsEachByItsRule) {
  Registry registry;
  registry.gauge("g", "a \"quoted\" \\ back\nslash", {"x"}).labels("a \"quoted\" \\ back\nslash\ttab").Set(1);
  EXPECT_EQ(text(registry),
            "# HELP g a \"quoted\" \\\\ back\\nslash\n"
            "# TYPE g gauge\n"
            "g{x=\"a \\\"quoted\\\" \\\\ back\\nslash\ttab\"} 1\n");
}

TEST(TextEncoder, RepairsHelpThatIsNotUtf8) {
  Registry registry;
  registry.gauge("g", "caf\xe9");
  EXPECT_EQ(text(registry), "# HELP g caf\xEF\xBF\xBD\n# TYPE g gauge\ng 0\n");
}

TEST(TextEncoder, SpellsWhatIsNotFinite) {
  Registry registry;
  registry.gauge("a", "a").Set(std::numeric_limits<double>::quiet_NaN());
  registry.gauge("b", "b").Set(-std::numeric_limits<double>::infinity());
  registry.histogram("h", "h", {.buckets = {1}}).Observe(std::numeric_limits<double>::infinity());
  EXPECT_EQ(text(registry), R"(# HELP a a
# TYPE a gauge
a NaN
# HELP b b
# TYPE b gauge
b -Inf
# HELP h h
# TYPE h histogram
h_bucket{le="1.0"} 0
h_bucket{le="+Inf"} 1
h_sum +Inf
h_count 1
)");
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
