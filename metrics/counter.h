// SPDX-License-Identifier: Apache-2.0
//
// A count of events: only goes up, from zero, while the process lives.
//
//   auto& requests = metrics::counter("requests_total", "requests served");
//   requests.Increment();
#ifndef PROMETHEUS_ASYNC_METRICS_COUNTER_H_
#define PROMETHEUS_ASYNC_METRICS_COUNTER_H_

#include <atomic>
#include <cstdint>

namespace prometheus_async::metrics {

// Threads: every member is safe from any thread. Cost: one atomic addition for whole steps of one.
// Names of members are prometheus-cpp's.
class Counter {
 public:
  Counter() = default;
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  void Increment() noexcept { ones_.fetch_add(1, std::memory_order_relaxed); }

  // Adds `amount`. A negative or not finite amount is refused and counted (metrics/refused.h).
  void Increment(double amount) noexcept;

  // Never smaller than what an earlier call on the same thread returned.
  double Value() const noexcept {
    return static_cast<double>(ones_.load(std::memory_order_relaxed)) + rest_.load(std::memory_order_relaxed);
  }

 private:
  // Two monotone parts, so that the common step needs no compare-and-swap loop. Nothing is published through them.
  std::atomic<std::uint64_t> ones_ = 0;
  std::atomic<double> rest_ = 0;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_COUNTER_H_
