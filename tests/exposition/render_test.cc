// SPDX-License-Identifier: Apache-2.0
#include "exposition/render.h"

#include <fstream>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "exposition/format.h"
#include "metrics/collector.h"
#include "metrics/registry.h"
#include "tests/testing/child_process.h"

namespace prometheus_async::exposition {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

TEST(Render, GivesAPageWithItsType) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.").Increment();
  const Page page = render(registry);
  EXPECT_EQ(page.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(page.body, "# HELP hits_total Hits.\n# TYPE hits_total counter\nhits_total 1\n");
}

TEST(Render, WritesTheFormatThatIsAskedFor) {
  metrics::Registry registry;
  registry.counter("hits_total", "").Increment();
  Page page = render(registry, kOpenMetrics_1_0_0);
  EXPECT_EQ(page.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores");
  EXPECT_EQ(page.body, "# TYPE hits counter\nhits_total 1\n# EOF\n");
  page = render(registry, kProtobuf);
  EXPECT_EQ(page.content_type, content_type(kProtobuf));
  EXPECT_THAT(page.body.substr(1), StartsWith("\n\nhits_total"));
}

TEST(Render, WritesTheNamesThatAreAskedFor) {
  metrics::Registry registry;
  registry.gauge("a", "").Set(1);
  registry.gauge("b", "").Set(2);
  EXPECT_EQ(render(registry, kText_0_0_4, {.names = {"b"}}).body, "# TYPE b gauge\nb 2\n");
}

// Two families, the second of which is open when it throws.
class Failing final : public metrics::Collector {
 public:
  std::vector<metrics::FamilyInfo> describe() const override { return {good_, bad_}; }
  void collect(metrics::Sink& sink) const override {
    sink.family(good_);
    sink.value({}, 1);
    sink.family(bad_);
    sink.value({}, 2);
    throw std::runtime_error("disk is gone");
  }

 private:
  const metrics::FamilyInfo good_{"good", "", metrics::MetricType::kGauge};
  const metrics::FamilyInfo bad_{"bad", "", metrics::MetricType::kGauge};
};

TEST(Render, ThrowsWhatACollectorThrows) {
  metrics::Registry registry;
  registry.add(std::make_shared<Failing>());
  EXPECT_THROW(render(registry), std::runtime_error);
}

TEST(Render, LeavesOutWhatFailedWhereThatIsAskedFor) {
  metrics::Registry registry;
  registry.gauge("before", "").Set(1);
  registry.add(std::make_shared<Failing>());
  registry.gauge("after", "").Set(2);
  for (const Format& format : {kText_0_0_4, kOpenMetrics_1_0_0, kProtobuf}) {
    std::vector<metrics::CollectError> errors;
    const Page page = render(registry, format, {.on_error = metrics::CollectOptions::OnError::kSkip}, &errors);
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].collector, "good");
    EXPECT_EQ(errors[0].message, "disk is gone");
    const Page without = render(registry, format, {.names = {"before", "after"}});
    EXPECT_EQ(page.body, without.body);
  }
}

// A page is made as long as the last one of its registry was.
TEST(Render, APageMayShrinkAndGrow) {
  metrics::Registry registry;
  auto& family = registry.gauge("g", "", {"l"});
  for (int i = 0; i < 5000; ++i) family.labels(std::to_string(i)).Set(i);
  const std::string large = render(registry).body;
  EXPECT_EQ(render(registry).body, large);
  family.clear();
  family.labels("x").Set(1);
  const std::string small = render(registry).body;
  EXPECT_EQ(small, "# TYPE g gauge\ng{l=\"x\"} 1\n");
  EXPECT_LT(small.capacity(), large.size());
  family.clear();
  for (int i = 0; i < 5000; ++i) family.labels(std::to_string(i)).Set(i);
  EXPECT_EQ(render(registry).body, large);
}

// The examples of exposition/render.h.
TEST(Render, NamesExampleOfTheHeader) {
  metrics::Registry registry;
  registry.gauge("up", "").Set(1);
  const exposition::Page page =
      exposition::render(registry, exposition::kOpenMetrics_1_0_0, {.names = {"up", "requests_total"}});
  EXPECT_EQ(page.body, "# TYPE up gauge\nup 1\n# EOF\n");
}

TEST(Render, ExampleOfTheHeader) {
  std::string sent;
  const auto reply = [&](std::string_view name, std::string_view type, std::string_view body) {
    sent = std::string(name) + ": " + std::string(type) + "\n" + std::string(body);
  };
  metrics::gauge("render_example", "x");
  const exposition::Page page = exposition::render(metrics::default_registry());
  reply("Content-Type", page.content_type, page.body);
  EXPECT_THAT(sent, StartsWith("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(sent, EndsWith("render_example 0\n"));
}

// Prometheus' own checker reads the page, and finds nothing to say about names or help.
TEST(Render, PleasesPromtool) {
  metrics::Registry registry;
  auto& requests = registry.counter("http_requests_total", "Requests \"served\" \\ so\nfar.", {"path", "outcome"});
  requests.labels("/a\"b\\c\nd", "ok").Increment(0.1 + 0.2);
  requests.labels("caf\xe9", "").Increment(1e300);
  auto& seconds = registry.histogram("http_request_seconds", "Time.", {"outcome"});
  seconds.labels("ok").Observe(0.3);
  seconds.labels("error").Observe(std::numeric_limits<double>::infinity());
  registry.gauge("queue_length", "Waiting.").Set(std::numeric_limits<double>::quiet_NaN());

  const std::string path = ::testing::TempDir() + "/page";
  std::ofstream(path) << render(registry).body;
  testing::ChildProcess promtool({"sh", "-c", "exec \"$PROMTOOL\" check metrics < " + path});
  EXPECT_EQ(promtool.wait_for_exit(), 0) << promtool.output();
  EXPECT_EQ(promtool.output(), "");
}

// A page that promtool does not take, so that the test above can fail.
TEST(Render, PromtoolSeesABadPage) {
  const std::string path = ::testing::TempDir() + "/bad_page";
  std::ofstream(path) << "# TYPE x counter\n# TYPE x counter\nx 1\n";
  testing::ChildProcess promtool({"sh", "-c", "exec \"$PROMTOOL\" check metrics < " + path});
  EXPECT_NE(promtool.wait_for_exit(), 0);
}

}  // namespace
}  // namespace prometheus_async::exposition
