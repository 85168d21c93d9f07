// SPDX-License-Identifier: Apache-2.0
//
// What scrapes count about themselves, under the names that promhttp gives them:
// promhttp_metric_handler_requests_total, promhttp_metric_handler_requests_in_flight and
// promhttp_metric_handler_errors_total. One set a registry, whatever number of handlers show it.
//
//   const std::shared_ptr<exposition::ScrapeMetrics> metrics = exposition::ScrapeMetrics::in(registry);
//   metrics->begin();
//   metrics->end(200);
#ifndef PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_METRICS_H_
#define PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_METRICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "metrics/collector.h"
#include "metrics/registry.h"

namespace prometheus_async::exposition {

// Threads: every member is safe from any.
class ScrapeMetrics final : public metrics::Collector {
 public:
  enum class Cause : std::uint8_t { kGathering, kEncoding };

  // Those of that registry, which the first call adds to it. They live as long as the registry and who holds them.
  // Throws std::invalid_argument where the registry has metrics of these names that are others'.
  static std::shared_ptr<ScrapeMetrics> in(metrics::Registry& registry);

  ScrapeMetrics();

  // A request came, and has its answer. A status other than 200 and 503 counts as 500.
  void begin() noexcept { in_flight_.fetch_add(1, std::memory_order_relaxed); }
  void end(int status) noexcept;
  // A request that came is dropped without an answer.
  void drop() noexcept { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

  void count_errors(Cause cause, std::size_t number = 1) noexcept;

  std::vector<metrics::FamilyInfo> describe() const override;
  void collect(metrics::Sink& sink) const override;

 private:
  // A labelled counter, shown from the start.
  struct Count {
    explicit Count(const char* label, const char* value);
    metrics::Labels labels;
    std::atomic<std::uint64_t> value{0};
  };

  void write(metrics::Sink& sink, const Count& count) const;

  // promhttp's names and words.
  const metrics::FamilyInfo requests_info_;
  const metrics::FamilyInfo in_flight_info_;
  const metrics::FamilyInfo errors_info_;
  const double created_;  // Unix time in seconds
  std::atomic<std::int64_t> in_flight_{0};
  std::array<Count, 3> requests_;  // 200, 500, 503
  std::array<Count, 2> errors_;    // by Cause
};

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_SCRAPE_METRICS_H_
