// SPDX-License-Identifier: Apache-2.0
//
// What is known of a watched loop, shared by its collector, its watch, its threads and its probe.
#ifndef PROMETHEUS_ASYNC_AIO_INTERNAL_LOOP_H_
#define PROMETHEUS_ASYNC_AIO_INTERNAL_LOOP_H_

#include <atomic>
#include <cstddef>
#include <ctime>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/buckets.h"
#include "metrics/counter.h"
#include "metrics/histogram.h"
#include "metrics/labels.h"

namespace prometheus_async::aio::internal {

// Threads: every member is safe from any thread.
class Loop {
 public:
  // What the threads of the loop have done.
  struct Work {
    std::size_t threads = 0;
    double busy_seconds = 0;
  };

  Loop(std::string_view name, const metrics::Buckets& lag_buckets);

  const std::string& name() const noexcept { return name_; }
  const metrics::Labels& labels() const noexcept { return labels_; }

  // The calling thread runs the loop from here, until leave() on the same thread with what this returned.
  std::size_t enter();
  void leave(std::size_t seat);

  // Nothing if no thread has ever entered.
  std::optional<Work> work() const;

  // A handler was run; that it will be known of each. Before the first one, nobody knows.
  void counts_handlers() noexcept { counts_handlers_.store(true, std::memory_order_relaxed); }
  bool has_handlers() const noexcept { return counts_handlers_.load(std::memory_order_relaxed); }

  // Once false, it stays. The probe looks at it.
  bool is_watched() const noexcept { return watched_.load(std::memory_order_relaxed); }
  void stop_watching() noexcept { watched_.store(false, std::memory_order_relaxed); }

  metrics::Histogram lag;
  metrics::Counter handlers;

 private:
  struct Seat {
    clockid_t clock{};
    double entered = 0;  // what the clock said, in seconds
    bool taken = false;
  };

  const std::string name_;
  const metrics::Labels labels_;
  std::atomic<bool> counts_handlers_ = false;
  std::atomic<bool> watched_ = true;
  mutable std::mutex mutex_;
  bool entered_ = false;     // guarded by mutex_
  std::vector<Seat> seats_;  // guarded by mutex_
  double busy_before_ = 0;   // of threads that have left; guarded by mutex_
};

// The loops of one collector.
//
// Threads: every member is safe from any thread.
class Loops {
 public:
  // Throws std::invalid_argument if a loop of that name is there.
  void add(std::shared_ptr<Loop> loop);
  void remove(const Loop& loop) noexcept;
  std::vector<std::shared_ptr<Loop>> all() const;  // in the order of being added

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Loop>> loops_;  // guarded by mutex_
};

}  // namespace prometheus_async::aio::internal

#endif  // PROMETHEUS_ASYNC_AIO_INTERNAL_LOOP_H_
