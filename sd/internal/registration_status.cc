// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/registration_status.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "metrics/collector.h"
#include "metrics/labels.h"

namespace prometheus_async::sd::internal {
namespace {

using Pairs = std::vector<metrics::Labels::Pair>;

constexpr std::array<const char*, 5> kResults{"success", "unreachable", "denied", "refused", "error"};
constexpr std::array<const char*, 2> kLosses{"forgotten", "changed"};

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

metrics::Labels with(Pairs pairs, const char* name, const char* value) {
  pairs.emplace_back(name, value);
  return metrics::Labels(pairs);
}

}  // namespace

struct RegistrationRow {
  RegistrationRow(const std::string& service, const std::string& service_id) {
    const Pairs pairs{{"service", service}, {"service_id", service_id}};
    labels = metrics::Labels(pairs);
    for (std::size_t i = 0; i < kResults.size(); ++i) result_labels[i] = with(pairs, "result", kResults[i]);
    for (std::size_t i = 0; i < kLosses.size(); ++i) loss_labels[i] = with(pairs, "reason", kLosses[i]);
  }

  metrics::Labels labels;
  std::array<metrics::Labels, kResults.size()> result_labels;
  std::array<metrics::Labels, kLosses.size()> loss_labels;
  const double created = unix_seconds();
  std::atomic<int> standing{0};  // statuses that are registered
  std::array<std::atomic<std::uint64_t>, kResults.size()> results{};
  std::array<std::atomic<std::uint64_t>, kLosses.size()> losses{};
  std::atomic<double> last_success{0};  // Unix time in seconds; 0: never
};

// All registrations of one registry.
class RegistrationMetrics final : public metrics::Collector {
 public:
  static std::shared_ptr<RegistrationRow> row(metrics::Registry& registry, const std::string& service,
                                              const std::string& service_id) {
    static Known& known = *new Known;  // never destroyed: threads may register until the very end
    const std::lock_guard lock(known.mutex);
    std::erase_if(known.by_registry, [](const auto& entry) { return entry.second.expired(); });
    std::shared_ptr<RegistrationMetrics> metrics = known.by_registry[&registry].lock();
    if (!metrics) {
      metrics = std::make_shared<RegistrationMetrics>();
      registry.add(metrics);  // the registry alone holds it, so that another one at the same address is told apart
      known.by_registry[&registry] = metrics;
    }
    return metrics->find_or_add(service, service_id);
  }

  std::vector<metrics::FamilyInfo> describe() const override { return {registered_, results_, losses_, last_success_}; }

  void collect(metrics::Sink& sink) const override {
    const std::vector<std::shared_ptr<const RegistrationRow>> rows = live();
    sink.family(registered_);
    for (const auto& row : rows) sink.value(row->labels, row->standing.load(std::memory_order_relaxed) > 0 ? 1 : 0);
    sink.family(results_);
    for (const auto& row : rows) write(sink, row->result_labels, row->results, row->created);
    sink.family(losses_);
    for (const auto& row : rows) write(sink, row->loss_labels, row->losses, row->created);
    sink.family(last_success_);
    for (const auto& row : rows) sink.value(row->labels, row->last_success.load(std::memory_order_relaxed));
  }

 private:
  struct Known {
    std::mutex mutex;
    std::map<const metrics::Registry*, std::weak_ptr<RegistrationMetrics>> by_registry;  // guarded by mutex
  };

  std::shared_ptr<RegistrationRow> find_or_add(const std::string& service, const std::string& service_id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(rows_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<RegistrationRow>& known = rows_[{service, service_id}];
    std::shared_ptr<RegistrationRow> row = known.lock();
    if (!row) known = row = std::make_shared<RegistrationRow>(service, service_id);
    return row;
  }

  std::vector<std::shared_ptr<const RegistrationRow>> live() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<const RegistrationRow>> rows;
    for (const auto& [key, weak] : rows_) {
      if (std::shared_ptr<const RegistrationRow> row = weak.lock()) rows.push_back(std::move(row));
    }
    return rows;
  }

  template <std::size_t N>
  static void write(metrics::Sink& sink, const std::array<metrics::Labels, N>& labels,
                    const std::array<std::atomic<std::uint64_t>, N>& counts, double created) {
    for (std::size_t i = 0; i < N; ++i) {
      metrics::CounterSnapshot snapshot;
      snapshot.whole = counts[i].load(std::memory_order_relaxed);
      snapshot.created = created;
      sink.counter(labels[i], snapshot);
    }
  }

  const metrics::FamilyInfo registered_{"sd_registered", "1 while the service discovery is known to have the service.",
                                        metrics::MetricType::kGauge};
  const metrics::FamilyInfo results_{"sd_registrations_total", "Attempts to register the service, by their result.",
                                     metrics::MetricType::kCounter};
  const metrics::FamilyInfo losses_{"sd_registration_losses_total",
                                    "Times that the service discovery was found to have lost or changed the service.",
                                    metrics::MetricType::kCounter};
  const metrics::FamilyInfo last_success_{
      "sd_last_success_timestamp_seconds",
      "When the service discovery last confirmed the service, in Unix time; 0 if it never has.",
      metrics::MetricType::kGauge};

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::weak_ptr<RegistrationRow>> rows_;  // guarded by mutex_
};

RegistrationStatus::RegistrationStatus(metrics::Registry& registry, const std::string& service,
                                       const std::string& service_id)
    : row_(RegistrationMetrics::row(registry, service, service_id)) {}

RegistrationStatus::~RegistrationStatus() { withdraw(); }

void RegistrationStatus::confirm() noexcept {
  row_->last_success.store(unix_seconds(), std::memory_order_relaxed);
  if (!is_registered_.exchange(true, std::memory_order_acq_rel)) row_->standing.fetch_add(1, std::memory_order_relaxed);
}

void RegistrationStatus::withdraw() noexcept {
  if (is_registered_.exchange(false, std::memory_order_acq_rel)) row_->standing.fetch_sub(1, std::memory_order_relaxed);
}

void RegistrationStatus::count(Result result) noexcept {
  row_->results[static_cast<std::size_t>(result)].fetch_add(1, std::memory_order_relaxed);
}

void RegistrationStatus::count(Loss loss) noexcept {
  row_->losses[static_cast<std::size_t>(loss)].fetch_add(1, std::memory_order_relaxed);
}

}  // namespace prometheus_async::sd::internal
