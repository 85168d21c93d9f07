// SPDX-License-Identifier: Apache-2.0
//
// A value that goes up and down.
//
//   auto& queued = metrics::gauge("queued_jobs", "jobs waiting");
//   queued.Set(17);
#ifndef PROMETHEUS_ASYNC_METRICS_GAUGE_H_
#define PROMETHEUS_ASYNC_METRICS_GAUGE_H_

#include <atomic>

namespace prometheus_async::metrics {

// Threads: every member is safe from any thread. Cost: a compare-and-swap loop on one cache line.
// Names of members are prometheus-cpp's. Any double may be stored, NaN and infinities too.
class Gauge {
 public:
  Gauge() = default;
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;

  void Increment(double amount = 1) noexcept { value_.fetch_add(amount, std::memory_order_relaxed); }
  void Decrement(double amount = 1) noexcept { value_.fetch_sub(amount, std::memory_order_relaxed); }
  void Set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }

  // Sets the gauge to the Unix time now, in seconds, with the fraction that the system clock has.
  void SetToCurrentTime() noexcept;

  double Value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_GAUGE_H_
