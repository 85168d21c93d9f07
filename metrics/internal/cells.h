// SPDX-License-Identifier: Apache-2.0
//
// The cells of counters, gauges and histograms (metrics/internal/thread_cells.h). Each has one writer, so an update is
// a load and a store; a reader is never waited for.
//
//   ThreadCells<CounterCell>::update(id, [](CounterCell& cell) { cell.add(1); });
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_CELLS_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_CELLS_H_

#include <array>
#include <atomic>
#include <cstdint>

namespace prometheus_async::metrics::internal {

// Adds to what only this thread writes.
template <class Number>
void add_alone(std::atomic<Number>& number, Number amount, std::memory_order order) noexcept {
  number.store(number.load(std::memory_order_relaxed) + amount, order);
}

// Two sums, so that whole steps stay exact and cheap. Both only grow: a reader never sees them go back.
struct CounterCell {
  std::atomic<std::uint64_t> whole{0};
  std::atomic<double> part{0};

  void add(std::uint64_t amount) noexcept { add_alone(whole, amount, std::memory_order_relaxed); }
  void add(double amount) noexcept { add_alone(part, amount, std::memory_order_relaxed); }
  void fold(CounterCell& ended) noexcept {
    add(ended.whole.load(std::memory_order_relaxed));
    add(ended.part.load(std::memory_order_relaxed));
  }
  void clear() noexcept {
    whole.store(0, std::memory_order_relaxed);
    part.store(0, std::memory_order_relaxed);
  }
};

// Steps up and down are counted apart. A reader that looks at all steps down (acquire) before it looks at any step up
// has seen the step up that came before each step down, on whatever thread (release): what is in progress never
// reads as less than nothing.
struct GaugeCell {
  std::atomic<std::uint64_t> up{0};
  std::atomic<std::uint64_t> down{0};
  std::atomic<double> part{0};

  void step_up() noexcept { add_alone<std::uint64_t>(up, 1, std::memory_order_release); }
  void step_down() noexcept { add_alone<std::uint64_t>(down, 1, std::memory_order_release); }
  void add(double amount) noexcept { add_alone(part, amount, std::memory_order_relaxed); }
  void fold(GaugeCell& ended) noexcept {
    add_alone(up, ended.up.load(std::memory_order_relaxed), std::memory_order_release);
    add_alone(down, ended.down.load(std::memory_order_relaxed), std::memory_order_release);
    add(ended.part.load(std::memory_order_relaxed));
  }
  void clear() noexcept {
    up.store(0, std::memory_order_relaxed);
    down.store(0, std::memory_order_relaxed);
    part.store(0, std::memory_order_relaxed);
  }
};

// How many values a bucket took, and their sum: always of the same values, for a reader who never blocks the writer.
//
// There are two sums. With `count` values the sum is in sums[count % 2]; the next value's is written to the other one,
// and then counted. A reader takes the count, the sum for it, and the count again: if that has not moved, the sum was
// not touched. A writer that was interrupted anywhere leaves a pair that can be read; only a writer that gets on makes
// a reader try again. A histogram is such pairs, its count and sum are theirs added up: so they belong together too.
//
// The writer keeps the sum a third time, in one place, which shortens its way from one value to the next.
struct alignas(32) BucketCell {
  std::atomic<std::uint64_t> count{0};
  std::array<std::atomic<double>, 2> sums{};
  std::atomic<double> latest{0};

  struct Pair {
    std::uint64_t count = 0;
    double sum = 0;
  };

  void add(double value) noexcept { add(1, value); }
  // Several values at once. REQUIRES: an odd number, or no reader.
  void add(std::uint64_t number, double sum) noexcept {
    const std::uint64_t before = count.load(std::memory_order_relaxed);
    const std::uint64_t after = before + number;
    const double total = latest.load(std::memory_order_relaxed) + sum;
    latest.store(total, std::memory_order_relaxed);
    // After the count that made this sum the unused one (release), before the count that makes it the used one.
    sums[after % 2].store(total, std::memory_order_release);
    count.store(after, std::memory_order_release);
  }
  Pair read() const noexcept {
    for (;;) {
      const std::uint64_t before = count.load(std::memory_order_acquire);
      const double sum = sums[before % 2].load(std::memory_order_acquire);
      if (count.load(std::memory_order_relaxed) == before) return {before, sum};
    }
  }
  // Under the slab's lock, which keeps readers away.
  void fold(BucketCell& ended) noexcept {
    const Pair more = ended.read();
    if (more.count != 0) add(more.count, more.sum);
  }
  void clear() noexcept {
    count.store(0, std::memory_order_relaxed);
    for (auto& sum : sums) sum.store(0, std::memory_order_relaxed);
    latest.store(0, std::memory_order_relaxed);
  }
};

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_CELLS_H_
