// SPDX-License-Identifier: Apache-2.0
//
// The answer to a scrape, whatever server it came through: promhttp's Handler as an object, and the one place that
// knows what a request may ask for.
//
//   exposition::ScrapeHandler handler(registry);
//   const exposition::ScrapeResponse response = handler.answer({.accept = "text/plain", .accept_encoding = "gzip"});
//   for (const auto& [name, value] : response.headers) reply.set(name, value);
//   reply.send(response.status, *response.body);
#ifndef PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_H_
#define PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exposition/scrape_request.h"
#include "metrics/registry.h"

namespace prometheus_async::exposition {

struct ScrapeResponse {
  // 200: a page. 500: a collector failed. 503: too many scrapes are under way, or the time was over.
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  // Never null. Scrapes that came together have the same one.
  std::shared_ptr<const std::string> body;
  // Of a 500, what failed, which the body says as well; empty otherwise.
  std::string error = {};
};

struct ScrapeOptions {
  // What becomes of a scrape in which a collector fails.
  enum class OnError : std::uint8_t {
    kFail,       // a 500: half a page that looks whole would be worse
    kServeRest,  // what the others collect, or a 500 where that is nothing
  };
  OnError on_error = OnError::kFail;

  // Scrapes under way at a time, those that wait for another's page included; one more is answered with 503 at once.
  // 0: any number. The default is that of Prometheus' node_exporter.
  std::size_t max_requests_in_flight = 40;

  // The most time that a scrape may take, whatever the scraper says. 0: as long as the scraper waits.
  std::chrono::nanoseconds timeout{0};

  // Whether OpenMetrics has lines x_created. Prometheus takes each for one more series.
  bool created_lines = false;

  // Whether scrapes are counted (exposition/scrape_metrics.h), and where that is shown; null: in the registry itself.
  bool has_self_metrics = true;
  metrics::Registry* self_metrics_registry = nullptr;

  // When the process started, for the header Process-Start-Time-Unix. None: without the header, as promhttp.
  std::optional<std::chrono::system_clock::time_point> process_start_time = {};

  // Gets one line for each collector that kServeRest leaves out: its families, a colon, what it threw. Called on the
  // thread that renders, by several at a time. Must not throw.
  std::function<void(std::string_view line)> log = {};
};

class PendingScrape;

// Scrapes of one registry. Those that ask for the same (format, coding, names) while a page is on its way get that
// page, rendered once and compressed once.
//
// The format follows from Accept and the coding from Accept-Encoding (exposition/negotiation.h), `name[]` in the query
// chooses families, and X-Prometheus-Scrape-Timeout-Seconds is the time for collecting: it is looked at between
// families, and where it is over the answer is a 503.
//
// Threads: safe from any. A scrape that another thread renders is waited for until the own time is over, 10 s where
// there is none. A collector may scrape the registry that it is collected by, itself or through a server: on its own
// thread it never waits for another's page.
//
// fork() of another thread waits up to a second for scrapes that are being answered, so that the child finds no lock of
// a registry held; the child's scrapes begin anew.
//
// Copies are the same handler. Lifetime: `registry` outlives the handler, its copies and their scrapes.
// Semantics: client_golang's promhttp.HandlerFor with EnableOpenMetrics and CoalesceGather, except that the time that
// the scraper gives counts.
class ScrapeHandler {
 public:
  // Throws std::invalid_argument where the registry of the self-metrics has others of their names.
  explicit ScrapeHandler(metrics::Registry& registry, ScrapeOptions options = {});

  // The one of a registry with default options, for servers that share it: to have it again costs two look-ups. It
  // lasts as long as somebody has it or a scrape is under way. Throws as the constructor.
  static ScrapeHandler of(metrics::Registry& registry);

  // Answers now, on this thread. Errors are statuses; throws std::bad_alloc alone.
  ScrapeResponse answer(const ScrapeRequest& request) const;

  // The same in two steps, for a server that renders on another thread: from this call on the scrape is in flight, its
  // time runs, and others can join it.
  [[nodiscard]] PendingScrape begin(const ScrapeRequest& request) const;

 private:
  friend class PendingScrape;
  class State;
  explicit ScrapeHandler(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

// A scrape that has begun. Dropped without an answer, it was never there for the others.
class PendingScrape {
 public:
  PendingScrape(PendingScrape&&) noexcept;
  PendingScrape& operator=(PendingScrape&&) = delete;
  ~PendingScrape();

  // Renders, waits for who does, or has what was rendered meanwhile. REQUIRES: called once, on any one thread.
  ScrapeResponse answer();

 private:
  friend class ScrapeHandler;
  class Impl;
  explicit PendingScrape(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_H_
