// SPDX-License-Identifier: Apache-2.0
#include "exposition/scrape_metrics.h"

#include <chrono>
#include <map>

namespace prometheus_async::exposition {
namespace {

// Which registry has which. Only the registry holds what it is given here, so that another one at the same address is
// told apart, whoever still holds the first one's metrics.
class Known {
 public:
  std::shared_ptr<ScrapeMetrics> find_or_add(metrics::Registry& registry) {
    const std::lock_guard lock(mutex_);
    if (const auto known = by_registry_.find(&registry); known != by_registry_.end()) {
      if (const std::shared_ptr<Held> held = known->second.lock()) return *held;
    }
    const auto held = std::make_shared<Held>(std::make_shared<ScrapeMetrics>());
    registry.add(std::shared_ptr<const metrics::Collector>(held, held->get()));
    std::erase_if(by_registry_, [](const auto& entry) { return entry.second.expired(); });
    by_registry_.insert_or_assign(&registry, held);
    return *held;
  }

 private:
  using Held = std::shared_ptr<ScrapeMetrics>;

  std::mutex mutex_;
  std::map<const metrics::Registry*, std::weak_ptr<Held>> by_registry_;  // guarded by mutex_
};

}  // namespace

std::shared_ptr<ScrapeMetrics> ScrapeMetrics::in(metrics::Registry& registry) {
  static Known& known = *new Known;  // never destroyed: threads may scrape until the very end
  return known.find_or_add(registry);
}

ScrapeMetrics::Count::Count(const char* label, const char* label_value)
    : labels(std::vector<metrics::Labels::Pair>{{label, label_value}}) {}

ScrapeMetrics::ScrapeMetrics()
    : requests_info_{"promhttp_metric_handler_requests_total", "Total number of scrapes by HTTP status code.",
                     metrics::MetricType::kCounter},
      in_flight_info_{"promhttp_metric_handler_requests_in_flight", "Current number of scrapes being served.",
                      metrics::MetricType::kGauge},
      errors_info_{"promhttp_metric_handler_errors_total",
                   "Total number of internal errors encountered by the promhttp metric handler.",
                   metrics::MetricType::kCounter},
      created_(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count()),
      requests_{Count("code", "200"), Count("code", "500"), Count("code", "503")},
      errors_{Count("cause", "gathering"), Count("cause", "encoding")} {}

void ScrapeMetrics::end(int status) noexcept {
  const std::size_t index = status == 200 ? 0 : status == 503 ? 2 : 1;
  requests_[index].value.fetch_add(1, std::memory_order_relaxed);
  drop();
}

void ScrapeMetrics::count_errors(Cause cause, std::size_t number) noexcept {
  errors_[static_cast<std::size_t>(cause)].value.fetch_add(number, std::memory_order_relaxed);
}

std::vector<metrics::FamilyInfo> ScrapeMetrics::describe() const {
  return {requests_info_, in_flight_info_, errors_info_};
}

void ScrapeMetrics::write(metrics::Sink& sink, const Count& count) const {
  metrics::CounterSnapshot snapshot;
  snapshot.whole = count.value.load(std::memory_order_relaxed);
  snapshot.created = created_;
  sink.counter(count.labels, snapshot);
}

void ScrapeMetrics::collect(metrics::Sink& sink) const {
  sink.family(requests_info_);
  for (const Count& count : requests_) write(sink, count);
  sink.family(in_flight_info_);
  sink.value(metrics::Labels(), static_cast<double>(in_flight_.load(std::memory_order_relaxed)));
  sink.family(errors_info_);
  for (const Count& count : errors_) write(sink, count);
}

}  // namespace prometheus_async::exposition
