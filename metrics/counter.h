// SPDX-License-Identifier: Apache-2.0
//
// A count of events: only goes up, from zero, while the process lives.
//
//   auto& requests = metrics::counter("requests_total", "requests served");
//   requests.Increment();
#ifndef PROMETHEUS_ASYNC_METRICS_COUNTER_H_
#define PROMETHEUS_ASYNC_METRICS_COUNTER_H_

#include <cstdint>

#include "metrics/collector.h"
#include "metrics/exemplar.h"
#include "metrics/internal/cells.h"
#include "metrics/internal/exemplar_slots.h"
#include "metrics/internal/thread_cells.h"

namespace prometheus_async::metrics {

// Threads: every member is safe from any thread. Recording waits for nobody, and threads do not slow each other down:
// each counts in a cell of its own. Cost: a few instructions; a thread's first step in a group of 256 instruments
// allocates 4 KiB. A thread that ends leaves its count behind and no memory.
// Names of members are prometheus-cpp's.
class Counter {
 public:
  Counter();
  ~Counter();
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  void Increment() noexcept {
    Cells::update(id_, [](internal::CounterCell& cell) { cell.add(std::uint64_t{1}); });
    if (internal::exemplar_provider.load(std::memory_order_relaxed) != nullptr) [[unlikely]]
      keep_provided(1);
  }

  // Adds `amount`. A negative or not finite amount is refused and counted (metrics/refused.h), and its exemplar too.
  void Increment(double amount) noexcept;
  void Increment(double amount, const Exemplar& exemplar) noexcept;

  // Never smaller than what an earlier call returned. Takes a lock that no recording takes.
  double Value() const { return snapshot().value(); }
  CounterSnapshot snapshot() const;

  using Cells = internal::ThreadCells<internal::CounterCell>;
  // The same into a snapshot that is used again and again, reading many counters in a row.
  void read(CounterSnapshot& snapshot, Cells::Reader& reader) const;

 private:
  bool add(double amount) noexcept;
  void keep_provided(double amount) noexcept;

  const internal::CellId id_;
  const double created_;
  internal::ExemplarSlots exemplar_;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_COUNTER_H_
