// SPDX-License-Identifier: Apache-2.0

#include "exposition/scrape.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exposition/compression.h"
#include "exposition/format.h"
#include "exposition/render.h"
#include "metrics/collector.h"
#include "metrics/registry.h"

namespace prometheus_async::exposition {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

// A gauge whose reading is the test's.
class Reads final : public metrics::Collector {
 public:
  Reads(std::string name, std::function<double()> read)
      : info_{std::move(name), "Of a test.", metrics::MetricType::kGauge}, read_(std::move(read)) {}

  std::vector<metrics::FamilyInfo> describe() const override { return {info_}; }
  void collect(metrics::Sink& sink) const override {
    sink.family(info_);
    sink.value(metrics::Labels(), read_());
  }

 private:
  const metrics::FamilyInfo info_;
  const std::function<double()> read_;
};

void add(metrics::Registry& registry, std::string name, std::function<double()> read) {
  registry.add(std::make_shared<Reads>(std::move(name), std::move(read)));
}

ScrapeOptions quiet() {
  ScrapeOptions options;
  options.has_self_metrics = false;
  return options;
}

std::string header(const ScrapeResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "none";
}

// A collector that waits in the middle of a page.
class Gate {
 public:
  explicit Gate(metrics::Registry& registry) {
    add(registry, "gate", [this] {
      if (++entered_ == 1) {
        is_entered_.count_down();
        open_.wait();
      }
      return entered_.load();
    });
  }

  void wait_until_entered() { is_entered_.wait(); }
  void open() { open_.count_down(); }
  int entered() const { return entered_; }

 private:
  std::latch is_entered_{1};
  std::latch open_{1};
  std::atomic<int> entered_{0};
};

// Answers in a thread of its own.
std::future<ScrapeResponse> answer_elsewhere(PendingScrape scrape) {
  return std::async(std::launch::async, [scrape = std::move(scrape)]() mutable { return scrape.answer(); });
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
  const ScrapeResponse response = ScrapeHandler(registry, quiet()).answer({});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers, ElementsAre(Pair("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),
                                            Pair("Vary", "Accept, Accept-Encoding")));
  EXPECT_EQ(*response.body, render(registry).body);
}

TEST(ScrapeHandler, GivesTheFormatThatIsAskedFor) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.").Increment();
  const ScrapeHandler handler(registry, quiet());
  const ScrapeResponse response = handler.answer({.accept = "application/openmetrics-text;version=1.0.0"});
  EXPECT_EQ(header(response, "Content-Type"), content_type(kOpenMetrics_1_0_0));
  EXPECT_EQ(*response.body, render(registry, kOpenMetrics_1_0_0).body);
  EXPECT_THAT(*response.body, EndsWith("# EOF\n"));
}

TEST(ScrapeHandler, GivesTheCodingThatIsAskedFor) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.").Increment();
  const ScrapeHandler handler(registry, quiet());
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
  const ScrapeHandler handler(registry, quiet());
  const ScrapeResponse response = handler.answer({.query = "x=1&name%5B%5D=a_total&name[]=c_total&name[]=none"});
  EXPECT_THAT(*response.body, AllOf(HasSubstr("\na_total 0\n"), HasSubstr("\nc_total 0\n"), Not(HasSubstr("b_total"))));
  EXPECT_EQ(*handler.answer({.query = "name[]=none"}).body, "");
  EXPECT_EQ(*handler.answer({.accept = "application/openmetrics-text", .query = "name[]=none"}).body, "# EOF\n");
}

TEST(ScrapeHandler, GivesCreatedLinesWhereTheyAreSwitchedOn) {
  metrics::Registry registry;
  registry.counter("hits_total", "Hits.");
  ScrapeOptions options = quiet();
  const ScrapeRequest request{.accept = "application/openmetrics-text"};
  EXPECT_THAT(*ScrapeHandler(registry, options).answer(request).body, Not(HasSubstr("hits_created")));
  options.created_lines = true;
  EXPECT_THAT(*ScrapeHandler(registry, options).answer(request).body, HasSubstr("\nhits_created "));
}

TEST(ScrapeHandler, SaysWhenTheProcessStartedWhereItIsTold) {
  metrics::Registry registry;
  ScrapeOptions options = quiet();
  options.process_start_time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'900));
  EXPECT_EQ(header(ScrapeHandler(registry, options).answer({}), "Process-Start-Time-Unix"), "1700000000");
}

// --- Collectors that fail

class FailingCollectorTest : public ::testing::Test {
 protected:
  FailingCollectorTest() {
    add(registry_, "rest", [] { return 7; });
    add(registry_, "broken", []() -> double { throw std::runtime_error("no value today"); });
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
  ScrapeOptions options = quiet();
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
  add(registry, "broken", []() -> double { throw 1; });
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
  ScrapeOptions options = quiet();
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
  add(registry, "slow", [&] {
    while (steady_clock::now() < *begun + kTimeout) {
    }
    return 1;
  });
  add(registry, "next", [&] {
    is_reached = true;
    return 1;
  });
  ScrapeOptions options = quiet();
  options.timeout = kTimeout;
  PendingScrape scrape = ScrapeHandler(registry, options).begin({});
  begun = steady_clock::now();
  EXPECT_EQ(scrape.answer().status, 503);
  EXPECT_FALSE(is_reached);
}

// --- Scrapes in flight

TEST(ScrapesInFlight, AreLimited) {
  metrics::Registry registry;
  ScrapeOptions options;
  options.max_requests_in_flight = 2;
  const ScrapeHandler handler(registry, options);
  std::optional<PendingScrape> first = handler.begin({});
  PendingScrape second = handler.begin({});

  const ScrapeResponse refused = handler.answer({});
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.headers, Contains(Pair("Retry-After", "1")));
  EXPECT_EQ(*refused.body, "Limit of concurrent requests reached (2), try again later.\n");

  first.reset();
  EXPECT_EQ(handler.answer({}).status, 200);
  EXPECT_EQ(second.answer().status, 200);
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_requests_total", {{"code", "503"}}), 1);
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_requests_total", {{"code", "200"}}), 2);
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_requests_in_flight"), 0);
}

TEST(ScrapesInFlight, AreOfAnyNumberWithoutALimit) {
  metrics::Registry registry;
  ScrapeOptions options = quiet();
  options.max_requests_in_flight = 0;
  const ScrapeHandler handler(registry, options);
  std::vector<PendingScrape> scrapes;
  for (int i = 0; i < 100; ++i) scrapes.push_back(handler.begin({}));
  for (PendingScrape& scrape : scrapes) EXPECT_EQ(scrape.answer().status, 200);
}

// --- Sharing

TEST(Sharing, IsOfOneRenderingAndOneCompressedForm) {
  metrics::Registry registry;
  Gate gate(registry);
  const ScrapeHandler handler(registry);
  const ScrapeRequest request{.accept_encoding = "gzip"};
  std::future<ScrapeResponse> first = answer_elsewhere(handler.begin(request));
  gate.wait_until_entered();
  std::vector<std::future<ScrapeResponse>> others;
  for (int i = 0; i < 4; ++i) others.push_back(answer_elsewhere(handler.begin(request)));
  gate.open();

  const ScrapeResponse response = first.get();
  EXPECT_EQ(response.status, 200);
  for (std::future<ScrapeResponse>& other : others) {
    const ScrapeResponse shared = other.get();
    EXPECT_EQ(shared.body, response.body);  // the pointers
    EXPECT_EQ(shared.headers, response.headers);
  }
  EXPECT_EQ(gate.entered(), 1);
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_requests_total", {{"code", "200"}}), 5);
}

// A thread that renders for several has one page for all that wait for it.
TEST(Sharing, HoldsForScrapesThatWaitToBeRendered) {
  metrics::Registry registry;
  int readings = 0;
  add(registry, "readings", [&] { return ++readings; });
  const ScrapeHandler handler(registry);
  PendingScrape first = handler.begin({});
  PendingScrape second = handler.begin({});
  EXPECT_EQ(second.answer().body, first.answer().body);
  EXPECT_EQ(readings, 1);
}

TEST(Sharing, EndsWithTheRendering) {
  metrics::Registry registry;
  int readings = 0;
  add(registry, "readings", [&] { return ++readings; });
  const ScrapeHandler handler(registry);
  EXPECT_THAT(*handler.answer({}).body, HasSubstr("\nreadings 1\n"));
  EXPECT_THAT(*handler.answer({}).body, HasSubstr("\nreadings 2\n"));
}

TEST(Sharing, IsAmongThoseWhoAskForTheSame) {
  metrics::Registry registry;
  int readings = 0;
  add(registry, "readings", [&] { return ++readings; });
  const ScrapeHandler handler(registry);
  const std::vector<ScrapeRequest> different{{},
                                             {.accept = "application/openmetrics-text"},
                                             {.accept = "text/plain;version=1.0.0;escaping=dots"},
                                             {.accept_encoding = "gzip"},
                                             {.accept_encoding = "zstd"},
                                             {.query = "name[]=readings"},
                                             {.query = "name[]=readings&name[]=others"}};
  const std::vector<ScrapeRequest> same{
      {.accept = "*/*"}, {.accept_encoding = "br"}, {.query = "x=1"}, {.timeout = "10"}};
  std::vector<PendingScrape> scrapes;
  for (const ScrapeRequest& request : different) scrapes.push_back(handler.begin(request));
  for (const ScrapeRequest& request : same) scrapes.push_back(handler.begin(request));
  for (PendingScrape& scrape : scrapes) EXPECT_EQ(scrape.answer().status, 200);
  EXPECT_EQ(readings, static_cast<int>(different.size()));
}

// Nobody waits for ever, and the next scrape starts anew.
TEST(Sharing, IsOfAFailureToo) {
  metrics::Registry registry;
  Gate gate(registry);
  std::atomic<bool> fails = true;
  add(registry, "broken", [&] { return fails ? throw std::runtime_error("no value today") : 1.0; });
  const ScrapeHandler handler(registry);
  std::future<ScrapeResponse> first = answer_elsewhere(handler.begin({}));
  gate.wait_until_entered();
  std::vector<std::future<ScrapeResponse>> others;
  for (int i = 0; i < 4; ++i) others.push_back(answer_elsewhere(handler.begin({})));
  gate.open();
  EXPECT_EQ(first.get().error, "no value today");
  for (std::future<ScrapeResponse>& other : others) EXPECT_EQ(other.get().error, "no value today");
  EXPECT_EQ(gate.entered(), 1);

  fails = false;
  EXPECT_EQ(handler.answer({}).status, 200);
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_errors_total", {{"cause", "gathering"}}), 1);
}

// A scrape that has more time than the one that renders does not lose it.
TEST(Sharing, IsNotOfATimeThatIsOver) {
  metrics::Registry registry;
  const ScrapeHandler handler(registry);
  PendingScrape hasty = handler.begin({.timeout = "1e-9"});
  PendingScrape patient = handler.begin({.timeout = "10"});
  PendingScrape endless = handler.begin({});
  EXPECT_EQ(hasty.answer().status, 503);
  EXPECT_EQ(patient.answer().status, 200);
  EXPECT_EQ(endless.answer().status, 200);
}

TEST(Sharing, IsWaitedForUntilTheOwnTimeIsOver) {
  metrics::Registry registry;
  Gate gate(registry);
  const ScrapeHandler handler(registry);
  std::future<ScrapeResponse> first = answer_elsewhere(handler.begin({}));
  gate.wait_until_entered();
  EXPECT_EQ(handler.answer({.timeout = "1e-9"}).status, 503);
  gate.open();
  EXPECT_EQ(first.get().status, 200);
}

TEST(Sharing, GoesOnWithoutAScrapeThatIsDropped) {
  metrics::Registry registry;
  const ScrapeHandler handler(registry);
  std::optional<PendingScrape> dropped = handler.begin({});
  PendingScrape other = handler.begin({});
  dropped.reset();
  EXPECT_EQ(other.answer().status, 200);
  handler.begin({}).answer();
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_requests_in_flight"), 0);
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_requests_total", {{"code", "200"}}), 2);
}

TEST(Sharing, OutlivesTheHandler) {
  metrics::Registry registry;
  std::optional<ScrapeHandler> handler(registry);
  PendingScrape scrape = handler->begin({});
  handler.reset();
  EXPECT_EQ(scrape.answer().status, 200);
}

// --- Collectors that scrape

TEST(CollectorThatScrapes, GetsAPageOfItsOwn) {
  metrics::Registry registry;
  const ScrapeHandler handler(registry);
  bool is_inner = false;
  std::string inner;
  add(registry, "outer", [&] {
    if (!std::exchange(is_inner, true)) inner = *handler.answer({}).body;
    return 3;
  });
  EXPECT_THAT(*handler.answer({}).body, HasSubstr("\nouter 3\n"));
  EXPECT_THAT(inner, HasSubstr("\nouter 3\n"));
}

// The limit of scrapes in flight ends what would not end.
TEST(CollectorThatScrapes, EndsEvenIfItScrapesItselfForEver) {
  metrics::Registry registry;
  ScrapeOptions options = quiet();
  options.max_requests_in_flight = 5;
  const ScrapeHandler handler(registry, options);
  add(registry, "status", [&] { return handler.answer({}).status; });
  EXPECT_THAT(*handler.answer({}).body, HasSubstr("\nstatus 200\n"));
}

// Each is in the middle of the page that the other would wait for.
TEST(CollectorThatScrapes, WaitsForNoOtherThread) {
  metrics::Registry first;
  metrics::Registry second;
  const ScrapeHandler first_handler(first);
  const ScrapeHandler second_handler(second);
  std::latch both_are_rendering(2);
  std::atomic<int> readings = 0;
  const auto read = [&](const ScrapeHandler& other) {
    if (++readings <= 2) {
      both_are_rendering.arrive_and_wait();
      return other.answer({}).status;
    }
    return 0;
  };
  add(first, "status", [&] { return read(second_handler); });
  add(second, "status", [&] { return read(first_handler); });
  std::future<ScrapeResponse> first_response = answer_elsewhere(first_handler.begin({}));
  std::future<ScrapeResponse> second_response = answer_elsewhere(second_handler.begin({}));
  EXPECT_THAT(*first_response.get().body, HasSubstr("\nstatus 200\n"));
  EXPECT_THAT(*second_response.get().body, HasSubstr("\nstatus 200\n"));
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
  EXPECT_EQ(*ScrapeHandler(registry, quiet()).answer({}).body, "");
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
  EXPECT_EQ(ScrapeHandler(registry, quiet()).answer({}).status, 200);
}

TEST(ScrapeHandlerOf, IsOneForARegistry) {
  metrics::Registry registry;
  int readings = 0;
  add(registry, "readings", [&] { return ++readings; });
  PendingScrape first = ScrapeHandler::of(registry).begin({});
  PendingScrape second = ScrapeHandler::of(registry).begin({});
  EXPECT_EQ(first.answer().body, second.answer().body);
  EXPECT_EQ(readings, 1);
  metrics::Registry other;
  EXPECT_THAT(*ScrapeHandler::of(other).answer({}).body, Not(HasSubstr("readings")));
}

// --- All at once

// Under ThreadSanitizer: scrapes of every kind while others record. What is counted never goes backwards.
TEST(ScrapeHandler, AnswersInSeveralThreadsWhileOthersRecord) {
  constexpr int kScrapers = 4;
  constexpr int kScrapes = 60;
  metrics::Registry registry;
  auto& hits = registry.counter("hits_total", "Hits.");
  auto& seconds = registry.histogram("seconds", "Time.", {"path"});
  std::atomic<bool> is_done = false;
  std::vector<std::jthread> recorders;
  for (int i = 0; i < 2; ++i) {
    recorders.emplace_back([&, i] {
      for (int n = 0; !is_done; ++n) {
        hits.Increment();
        seconds.labels(i == 0 ? "/" : "/users").Observe(n % 10);
      }
    });
  }
  const std::vector<ScrapeRequest> requests{{.query = "name[]=hits_total"},
                                            {.accept = "application/openmetrics-text", .accept_encoding = "gzip"},
                                            {.accept_encoding = "zstd", .timeout = "10"},
                                            {.query = "name[]=hits_total"}};
  std::vector<std::jthread> scrapers;
  for (int i = 0; i < kScrapers; ++i) {
    scrapers.emplace_back([&] {
      double last = 0;
      for (int n = 0; n < kScrapes; ++n) {
        const ScrapeRequest& request = requests[static_cast<std::size_t>(n) % requests.size()];
        const ScrapeResponse response = ScrapeHandler::of(registry).answer(request);
        ASSERT_EQ(response.status, 200);
        if (request.query.empty()) continue;
        const double value = std::stod(response.body->substr(response.body->rfind(' ') + 1));
        EXPECT_GE(value, last);
        last = value;
      }
    });
  }
  scrapers.clear();
  is_done = true;
  recorders.clear();
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_requests_total", {{"code", "200"}}),
            kScrapers * kScrapes);
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_requests_in_flight"), 0);
}

}  // namespace
}  // namespace prometheus_async::exposition
