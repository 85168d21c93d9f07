// SPDX-License-Identifier: Apache-2.0
#include "exposition/render.h"

#include <fstream>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

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

// The example of exposition/render.h.
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
