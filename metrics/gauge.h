// SPDX-License-Identifier: Apache-2.0
//
// A value that goes up and down.
//
//   auto& queued = metrics::gauge("queued_jobs", "jobs waiting");
//   queued.Set(17);
#ifndef PROMETHEUS_ASYNC_METRICS_GAUGE_H_
#define PROMETHEUS_ASYNC_METRICS_GAUGE_H_

#include <atomic>
#include <cstdint>

#include "metrics/internal/cells.h"
#include "metrics/internal/thread_cells.h"

namespace prometheus_async::metrics {

// Threads: every member is safe from any thread. Steps up and down wait for nobody, and threads do not slow each other
// down: each counts in a cell of its own (as Counter). Set() is a store for a gauge that has never been stepped, and
// takes a short lock for one that has; a Set() while others step falls before or after each of the steps.
//
// Where each step down comes after its step up, on whatever thread, as in operations in progress, no reading is ever
// below zero.
// Names of members are prometheus-cpp's. Any double may be stored, NaN and infinities too.
class Gauge {
 public:
  Gauge();
  ~Gauge();
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;

  void Increment() noexcept {
    note_step();
    Cells::update(id_, [](internal::GaugeCell& cell) { cell.step_up(); });
  }
  void Decrement() noexcept {
    note_step();
    Cells::update(id_, [](internal::GaugeCell& cell) { cell.step_down(); });
  }
  void Increment(double amount) noexcept;
  void Decrement(double amount) noexcept { Increment(-amount); }
  void Set(double value) noexcept;

  // Sets the gauge to the Unix time now, in seconds, with the fraction that the system clock has.
  void SetToCurrentTime() noexcept;

  // Takes a lock that no step takes.
  double Value() const;

  using Cells = internal::ThreadCells<internal::GaugeCell>;
  // The same, reading many gauges in a row.
  double read(Cells::Reader& reader) const;

 private:
  // What all threads have stepped since the beginning.
  struct Steps {
    std::int64_t whole = 0;
    double part = 0;
  };

  void note_step() noexcept {
    if (!has_steps_.load(std::memory_order_relaxed)) [[unlikely]]
      has_steps_.store(true, std::memory_order_relaxed);
  }
  Steps steps(Cells::Reader& reader) const;

  const internal::CellId id_;
  std::atomic<bool> has_steps_ = false;
  std::atomic<double> set_ = 0;  // the value when the steps were set_at_
  Steps set_at_;                 // guarded by the lock of the cells
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_GAUGE_H_
