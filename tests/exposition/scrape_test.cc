// SPDX-License-Identifier: Apache-2.0

#include "exposition/scrape.h"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exposition/compression.h"
#include "exposition/format.h"
#include "exposition/render.h"
#include "metrics/registry.h"
#include "tests/exposition/reading.h"

namespace prometheus_async::exposition {
namespace {

using testing::add_reading;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using testing::without_self_metrics;

std::string header(const ScrapeResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "none";
}

// --- The page

TEST(ScrapeHandler, ReadsAsInTheHeader) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.").Increment();
  exposition::ScrapeHandler handler(registry);
  const exposition::ScrapeResponse response = handler.answer({.accept = "text/plain", .accept_encoding = "gzip"});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers, Contains(Pair("Content-Encoding", "gzip")));
  EXPECT_EQ(response.error, "");
}

TEST(ScrapeHandler, GivesThePageOfRender) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.").Increment();
  const ScrapeResponse response = ScrapeHandler(registry, without_self_metrics()).answer({});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers, ElementsAre(Pair("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),
                                            Pair("Vary", "Accept, Accept-Encoding")));
  EXPECT_EQ(*response.body, render(registry).body);
}

TEST(ScrapeHandler, GivesTheFormatThatIsAskedFor) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.").Increment();
  const ScrapeHandler handler(registry, without_self_metrics());
  const ScrapeResponse response = handler.answer({.accept = "application/openmetrics-text;version=1.0.0"});
  EXPECT_EQ(header(response, "Content-Type"), content_type(kOpenMetrics_1_0_0));
  EXPECT_EQ(*response.body, render(registry, kOpenMetrics_1_0_0).body);
  EXPECT_THAT(*response.body, EndsWith("# EOF\n"));
}

TEST(ScrapeHandler, GivesTheCodingThatIsAskedFor) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.").Increment();
  const ScrapeHandler handler(registry, without_self_metrics());
  const std::string page = render(registry).body;
  const ScrapeResponse gzip = handler.answer({.accept_encoding = "gzip"});
  EXPECT_EQ(header(gzip, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(gzip, "Vary"), "Accept, Accept-Encoding");
  EXPECT_EQ(*gzip.body, compress(page, Encoding::kGzip));
  const ScrapeResponse zstd = handler.answer({.accept_encoding = "zstd"});
  EXPECT_EQ(header(zstd, "Content-Encoding"), "zstd");
  EXPECT_EQ(*zstd.body, compress(page, Encoding::kZstd));
  EXPECT_EQ(header(handler.answer({.accept_encoding = "gzip;q=0"}), "Content-Encoding"), "none");
}

TEST(ScrapeHandler, GivesTheNamesThatAreAskedFor) {
  metrics::Registry registry;
  for (const char* const name : {"a_total", "b_total", "c_total"}) registry.counter(name, "Of a test.");
  const ScrapeHandler handler(registry, without_self_metrics());
  const ScrapeResponse response = handler.answer({.query = "x=1&name%5B%5D=a_total&name[]=c_total&name[]=none"});
  EXPECT_THAT(*response.body, AllOf(HasSubstr("\na_total 0\n"), HasSubstr("\nc_total 0\n"), Not(HasSubstr("b_total"))));
  EXPECT_EQ(*handler.answer({.query = "name[]=none"}).body, "");
  EXPECT_EQ(*handler.answer({.accept = "application/openmetrics-text", .query = "name[]=none"}).body, "# EOF\n");
}

TEST(ScrapeHandler, GivesCreatedLinesWhereTheyAreSwitchedOn) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.");
  ScrapeOptions options = without_self_metrics();
  const ScrapeRequest request{.accept = "application/openmetrics-text"};
  EXPECT_THAT(*ScrapeHandler(registry, options).answer(request).body, Not(HasSubstr("hits_created")));
  options.created_lines = true;
  EXPECT_THAT(*ScrapeHandler(registry, options).answer(request).body, HasSubstr("\nhits_created "));
}

TEST(ScrapeHandler, SaysWhenTheProcessStartedWhereItIsTold) {
  metrics::Registry registry;
  ScrapeOptions options = without_self_metrics();
  options.process_start_time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'900));
  EXPECT_EQ(header(ScrapeHandler(registry, options).answer({}), "Process-Start-Time-Unix"), "1700000000");
}

// --- Collectors that fail

class FailingCollectorTest : public ::testing::Test {
 protected:
  FailingCollectorTest() {
    add_reading(registry_, "rest", [] { return 7; });
    add_reading(registry_, "broken", []() -> double { throw std::runtime_error("no value today"); });
  }

  metrics::Registry registry_;
};

TEST_F(FailingCollectorTest, MakeA500ByDefault) {
  const ScrapeResponse response = ScrapeHandler(registry_).answer({.accept_encoding = "gzip"});
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.error, "no value today");
  EXPECT_EQ(*response.body, "An error has occurred while serving metrics:\n\nno value today\n");
  EXPECT_THAT(response.headers, ElementsAre(Pair("Content-Type", "text/plain; charset=utf-8")));
}

TEST_F(FailingCollectorTest, LeaveTheRestWhereThatIsChosen) {
  std::vector<std::string> lines;
  ScrapeOptions options;
  options.on_error = ScrapeOptions::OnError::kServeRest;
  options.log = [&](std::string_view line) { lines.emplace_back(line); };
  const ScrapeResponse response = ScrapeHandler(registry_, options).answer({});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(*response.body, AllOf(HasSubstr("\nrest 7\n"), Not(HasSubstr("broken"))));
  EXPECT_THAT(lines, ElementsAre("broken: no value today"));
}

// As with promhttp.
TEST_F(FailingCollectorTest, MakeA500WhereThereIsNoRest) {
  ScrapeOptions options = without_self_metrics();
  options.on_error = ScrapeOptions::OnError::kServeRest;
  const ScrapeHandler handler(registry_, options);
  for (const char* const accept : {"text/plain", "application/openmetrics-text"}) {
    const ScrapeResponse response = handler.answer({.accept = accept, .query = "name[]=broken"});
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.error, "broken: no value today");
  }
}

TEST_F(FailingCollectorTest, AreCounted) {
  metrics::Registry counts;
  ScrapeOptions options;
  options.self_metrics_registry = &counts;
  ScrapeHandler(registry_, options).answer({});
  options.on_error = ScrapeOptions::OnError::kServeRest;
  ScrapeHandler(registry_, options).answer({});
  EXPECT_EQ(counts.get_sample_value("promhttp_metric_handler_errors_total", {{"cause", "gathering"}}), 2);
  EXPECT_EQ(counts.get_sample_value("promhttp_metric_handler_errors_total", {{"cause", "encoding"}}), 0);
  EXPECT_EQ(counts.get_sample_value("promhttp_metric_handler_requests_total", {{"code", "500"}}), 1);
  EXPECT_EQ(counts.get_sample_value("promhttp_metric_handler_requests_total", {{"code", "200"}}), 1);
}

TEST(ScrapeHandler, MakesA500OfWhatIsNoStdException) {
  metrics::Registry registry;
  add_reading(registry, "broken", []() -> double { throw 1; });
  EXPECT_EQ(ScrapeHandler(registry).answer({}).error, "an exception that is no std::exception");
}

// --- Time

TEST(ScrapeTime, IsWhatTheScraperGives) {
  metrics::Registry registry;
  const ScrapeHandler handler(registry);
  const ScrapeResponse response = handler.answer({.timeout = "1e-9"});
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.headers, AllOf(Contains(Pair("Retry-After", "1")), Not(Contains(Key("Content-Encoding")))));
  EXPECT_EQ(*response.body, "The time for this scrape is over.\n");
  EXPECT_EQ(handler.answer({.timeout = "10"}).status, 200);
}

TEST(ScrapeTime, IsWithoutLimitWhereTheScraperSaysNone) {
  metrics::Registry registry;
  const ScrapeHandler handler(registry);
  for (const char* const timeout : {"", "0", "-1", "soon", "nan"}) {
    EXPECT_EQ(handler.answer({.timeout = timeout}).status, 200) << timeout;
  }
}

TEST(ScrapeTime, IsNeverMoreThanTheLimit) {
  metrics::Registry registry;
  ScrapeOptions options = without_self_metrics();
  options.timeout = std::chrono::nanoseconds(1);
  const ScrapeHandler handler(registry, options);
  EXPECT_EQ(handler.answer({}).status, 503);
  EXPECT_EQ(handler.answer({.timeout = "10"}).status, 503);
  options.timeout = std::chrono::nanoseconds::max();
  EXPECT_EQ(ScrapeHandler(registry, options).answer({}).status, 200);
  EXPECT_EQ(ScrapeHandler(registry, options).answer({.timeout = "1e-9"}).status, 503);
}

TEST(ScrapeTime, IsLookedAtBetweenCollectors) {
  using std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kTimeout(50);
  metrics::Registry registry;
  std::optional<steady_clock::time_point> begun;
  bool is_reached = false;
  add_reading(registry, "slow", [&] {
    while (steady_clock::now() < *begun + kTimeout) {
    }
    return 1;
  });
  add_reading(registry, "next", [&] {
    is_reached = true;
    return 1;
  });
  ScrapeOptions options = without_self_metrics();
  options.timeout = kTimeout;
  PendingScrape scrape = ScrapeHandler(registry, options).begin({});
  begun = steady_clock::now();
  EXPECT_EQ(scrape.answer().status, 503);
  EXPECT_FALSE(is_reached);
}

// --- Self-metrics

TEST(SelfMetrics, AreInTheRegistryItself) {
  metrics::Registry registry;
  const ScrapeHandler handler(registry);
  handler.answer({});
  EXPECT_EQ(*handler.answer({}).body,
            "# HELP promhttp_metric_handler_requests_total Total number of scrapes by HTTP status code.\n"
            "# TYPE promhttp_metric_handler_requests_total counter\n"
            "promhttp_metric_handler_requests_total{code=\"200\"} 1\n"
            "promhttp_metric_handler_requests_total{code=\"500\"} 0\n"
            "promhttp_metric_handler_requests_total{code=\"503\"} 0\n"
            "# HELP promhttp_metric_handler_requests_in_flight Current number of scrapes being served.\n"
            "# TYPE promhttp_metric_handler_requests_in_flight gauge\n"
            "promhttp_metric_handler_requests_in_flight 1\n"
            "# HELP promhttp_metric_handler_errors_total Total number of internal errors encountered by the promhttp "
            "metric handler.\n"
            "# TYPE promhttp_metric_handler_errors_total counter\n"
            "promhttp_metric_handler_errors_total{cause=\"gathering\"} 0\n"
            "promhttp_metric_handler_errors_total{cause=\"encoding\"} 0\n");
}

TEST(SelfMetrics, AreInAnotherRegistryWhereOneIsNamed) {
  metrics::Registry registry;
  metrics::Registry counts;
  ScrapeOptions options;
  options.self_metrics_registry = &counts;
  EXPECT_EQ(*ScrapeHandler(registry, options).answer({}).body, "");
  EXPECT_EQ(counts.get_sample_value("promhttp_metric_handler_requests_total", {{"code", "200"}}), 1);
}

TEST(SelfMetrics, AreNowhereWhereTheyAreSwitchedOff) {
  metrics::Registry registry;
  EXPECT_EQ(*ScrapeHandler(registry, without_self_metrics()).answer({}).body, "");
  EXPECT_EQ(render(registry).body, "");
}

TEST(SelfMetrics, AreThoseOfAllHandlersOfARegistry) {
  metrics::Registry registry;
  ScrapeHandler(registry).answer({});
  ScrapeHandler::of(registry).answer({});
  ScrapeOptions options;
  options.max_requests_in_flight = 1;
  ScrapeHandler(registry, options).answer({});
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_requests_total", {{"code", "200"}}), 3);
}

// Though a handler of the first is still there.
TEST(SelfMetrics, AreNewInANewRegistryAtTheSameAddress) {
  std::optional<metrics::Registry> registry(std::in_place);
  const ScrapeHandler left_over = ScrapeHandler::of(*registry);
  left_over.answer({});
  registry.emplace();
  ScrapeHandler::of(*registry).answer({});
  EXPECT_EQ(registry->get_sample_value("promhttp_metric_handler_requests_total", {{"code", "200"}}), 1);
}

TEST(SelfMetrics, AreRefusedWhereTheirNamesAreTaken) {
  metrics::Registry registry;
  registry.gauge("promhttp_metric_handler_requests_in_flight", "The program's own.");
  EXPECT_THROW(ScrapeHandler{registry}, std::invalid_argument);
  EXPECT_EQ(ScrapeHandler(registry, without_self_metrics()).answer({}).status, 200);
}

TEST(ScrapeHandlerOf, IsOneForARegistry) {
  metrics::Registry registry;
  int readings = 0;
  add_reading(registry, "readings", [&] { return ++readings; });
  PendingScrape first = ScrapeHandler::of(registry).begin({});
  PendingScrape second = ScrapeHandler::of(registry).begin({});
  EXPECT_EQ(first.answer().body, second.answer().body);
  EXPECT_EQ(readings, 1);
  metrics::Registry other;
  EXPECT_THAT(*ScrapeHandler::of(other).answer({}).body, Not(HasSubstr("readings")));
}

}  // namespace
}  // namespace prometheus_async::exposition
