// SPDX-License-Identifier: Apache-2.0
//
// Recording, beside prometheus-cpp, by one thread and by two on one shared instrument. Compare within one run.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "benchmark/benchmark.h"
#include "metrics/buckets.h"
#include "metrics/clock.h"
#include "metrics/counter.h"
#include "metrics/gauge.h"
#include "metrics/histogram.h"
#include "metrics/tsc_clock.h"

namespace prometheus_async {
namespace {

const metrics::Buckets kElevenBounds{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

// The floor: what a thread adds to a variable of its own, which no other thread can read. What two threads take longer
// for it than one is what they take from each other as neighbours in one core.
class OwnCounter {
 public:
  void Increment() noexcept { count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

 private:
  static inline thread_local std::atomic<std::uint64_t> count_ = 0;
};

// The same for a histogram: a search, a count, a sum.
class OwnHistogram {
 public:
  explicit OwnHistogram(const metrics::Buckets& bounds) : bounds_(bounds) {}
  void Observe(double value) noexcept {
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    ++counts_[static_cast<std::size_t>(bucket)];
    sum_ += value;
    benchmark::ClobberMemory();
  }

 private:
  const metrics::Buckets bounds_;
  static inline thread_local std::array<std::uint64_t, 16> counts_{};
  static inline thread_local double sum_ = 0;
};

template <class C>
void BM_Counter_Increment(benchmark::State& state) {
  static auto& counter = *new C();
  for (auto _ : state) counter.Increment();
}
BENCHMARK(BM_Counter_Increment<prometheus::Counter>)->ThreadRange(1, 2);
BENCHMARK(BM_Counter_Increment<metrics::Counter>)->ThreadRange(1, 2);
BENCHMARK(BM_Counter_Increment<OwnCounter>)->ThreadRange(1, 2);

template <class G>
void BM_Gauge_IncrementAndDecrement(benchmark::State& state) {
  static auto& gauge = *new G();
  for (auto _ : state) {
    gauge.Increment();
    gauge.Decrement();
  }
}
BENCHMARK(BM_Gauge_IncrementAndDecrement<prometheus::Gauge>)->ThreadRange(1, 2);
BENCHMARK(BM_Gauge_IncrementAndDecrement<metrics::Gauge>)->ThreadRange(1, 2);

// Values walk over all buckets.
template <class H>
void BM_Histogram_Observe(benchmark::State& state) {
  static auto& histogram = *new H(kElevenBounds);
  double value = 0;
  for (auto _ : state) {
    histogram.Observe(value);
    value = value > 12 ? 0 : value + 0.01;
  }
}
BENCHMARK(BM_Histogram_Observe<prometheus::Histogram>)->ThreadRange(1, 2);
BENCHMARK(BM_Histogram_Observe<metrics::Histogram>)->ThreadRange(1, 2);
BENCHMARK(BM_Histogram_Observe<OwnHistogram>)->ThreadRange(1, 2);

// Two readings of a clock: what no measurement of time can do without.
template <class Clock>
void BM_Timed_BareReadings(benchmark::State& state) {
  for (auto _ : state) {
    const auto begin = Clock::now();
    const auto end = Clock::now();
    benchmark::DoNotOptimize(begin);
    benchmark::DoNotOptimize(end);
  }
}
BENCHMARK(BM_Timed_BareReadings<metrics::SteadyClock>)->ThreadRange(1, 2);
BENCHMARK(BM_Timed_BareReadings<metrics::TscClock>)->ThreadRange(1, 2);

// The same two, and the seconds between them observed.
template <class Clock, class H>
void BM_Timed_Record(benchmark::State& state) {
  static auto& histogram = *new H(kElevenBounds);
  for (auto _ : state) {
    const auto begin = Clock::now();
    const auto end = Clock::now();
    histogram.Observe(metrics::seconds_between(begin, end));
  }
}
BENCHMARK(BM_Timed_Record<metrics::SteadyClock, prometheus::Histogram>)->ThreadRange(1, 2);
BENCHMARK(BM_Timed_Record<metrics::SteadyClock, metrics::Histogram>)->ThreadRange(1, 2);
BENCHMARK(BM_Timed_Record<metrics::SteadyClock, OwnHistogram>)->ThreadRange(1, 2);
BENCHMARK(BM_Timed_Record<metrics::TscClock, metrics::Histogram>)->ThreadRange(1, 2);
BENCHMARK(BM_Timed_Record<metrics::TscClock, OwnHistogram>)->ThreadRange(1, 2);

}  // namespace
}  // namespace prometheus_async
