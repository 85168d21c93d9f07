// SPDX-License-Identifier: Apache-2.0
//
// Scrapes of one handler that meet: how many there may be, what they share, and collectors that scrape themselves.
#include <atomic>
#include <future>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exposition/scrape.h"
#include "metrics/registry.h"
#include "tests/exposition/reading.h"

namespace prometheus_async::exposition {
namespace {

using testing::add_reading;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::without_self_metrics;

// A collector that waits in the middle of a page.
class Gate {
 public:
  explicit Gate(metrics::Registry& registry) {
    add_reading(registry, "gate", [this] {
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
  ScrapeOptions options = without_self_metrics();
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
  add_reading(registry, "readings", [&] { return ++readings; });
  const ScrapeHandler handler(registry);
  PendingScrape first = handler.begin({});
  PendingScrape second = handler.begin({});
  EXPECT_EQ(second.answer().body, first.answer().body);
  EXPECT_EQ(readings, 1);
}

TEST(Sharing, EndsWithTheRendering) {
  metrics::Registry registry;
  int readings = 0;
  add_reading(registry, "readings", [&] { return ++readings; });
  const ScrapeHandler handler(registry);
  EXPECT_THAT(*handler.answer({}).body, HasSubstr("\nreadings 1\n"));
  EXPECT_THAT(*handler.answer({}).body, HasSubstr("\nreadings 2\n"));
}

TEST(Sharing, IsAmongThoseWhoAskForTheSame) {
  metrics::Registry registry;
  int readings = 0;
  add_reading(registry, "readings", [&] { return ++readings; });
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
  add_reading(registry, "broken", [&] { return fails ? throw std::runtime_error("no value today") : 1.0; });
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
  add_reading(registry, "outer", [&] {
    if (!std::exchange(is_inner, true)) inner = *handler.answer({}).body;
    return 3;
  });
  EXPECT_THAT(*handler.answer({}).body, HasSubstr("\nouter 3\n"));
  EXPECT_THAT(inner, HasSubstr("\nouter 3\n"));
}

// The limit of scrapes in flight ends what would not end.
TEST(CollectorThatScrapes, EndsEvenIfItScrapesItselfForEver) {
  metrics::Registry registry;
  ScrapeOptions options = without_self_metrics();
  options.max_requests_in_flight = 5;
  const ScrapeHandler handler(registry, options);
  add_reading(registry, "status", [&] { return handler.answer({}).status; });
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
  add_reading(first, "status", [&] { return read(second_handler); });
  add_reading(second, "status", [&] { return read(first_handler); });
  std::future<ScrapeResponse> first_response = answer_elsewhere(first_handler.begin({}));
  std::future<ScrapeResponse> second_response = answer_elsewhere(second_handler.begin({}));
  EXPECT_THAT(*first_response.get().body, HasSubstr("\nstatus 200\n"));
  EXPECT_THAT(*second_response.get().body, HasSubstr("\nstatus 200\n"));
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
