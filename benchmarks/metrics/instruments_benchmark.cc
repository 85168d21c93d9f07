// SPDX-License-Identifier: Apache-2.0
//
// Recording, beside prometheus-cpp, by one thread and by two on one shared instrument. Compare within one run.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

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

// Searches with branches. Where values stay in one bucket the processor predicts them, and does not wait for the value
// on its way to the bucket; where they do not, each wrong guess costs more than comparing with every bound, as
// metrics::Histogram does.
struct BinarySearch {
  std::size_t operator()(const metrics::Buckets& bounds, double value) const noexcept {
    return static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
  }
};
struct LinearSearch {
  std::size_t operator()(const metrics::Buckets& bounds, double value) const noexcept {
    std::size_t bucket = 0;
    while (bucket < bounds.size() && bounds[bucket] < value) ++bucket;
    return bucket;
  }
};

// The same for a histogram: a search, a count, a sum.
template <class Search>
class OwnHistogram {
 public:
  explicit OwnHistogram(const metrics::Buckets& bounds) : bounds_(bounds) {}
  void Observe(double value) noexcept {
    ++counts_[Search()(bounds_, value)];
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
BENCHMARK(BM_Histogram_Observe<OwnHistogram<BinarySearch>>)->ThreadRange(1, 2);
BENCHMARK(BM_Histogram_Observe<OwnHistogram<LinearSearch>>)->ThreadRange(1, 2);

// Values in no order, in any bucket: more of them than a processor learns by heart.
const std::vector<double>& scattered_values() {
  static const std::vector<double>& values = *[] {
    auto* const made = new std::vector<double>(1 << 16);
    std::mt19937 random(1);
    std::lognormal_distribution<double> seconds(-2, 2);
    std::ranges::generate(*made, [&] { return seconds(random); });
    return made;
  }();
  return values;
}

template <class H>
void BM_Histogram_ObserveScattered(benchmark::State& state) {
  static auto& histogram = *new H(kElevenBounds);
  const std::vector<double>& values = scattered_values();
  std::size_t next = 0;
  for (auto _ : state) histogram.Observe(values[next++ % (1 << 16)]);
}
BENCHMARK(BM_Histogram_ObserveScattered<prometheus::Histogram>);
BENCHMARK(BM_Histogram_ObserveScattered<metrics::Histogram>);
BENCHMARK(BM_Histogram_ObserveScattered<OwnHistogram<BinarySearch>>);
BENCHMARK(BM_Histogram_ObserveScattered<OwnHistogram<LinearSearch>>);

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

// The same two, and the seconds between them observed: always the same bucket.
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
BENCHMARK(BM_Timed_Record<metrics::SteadyClock, OwnHistogram<BinarySearch>>)->ThreadRange(1, 2);
BENCHMARK(BM_Timed_Record<metrics::SteadyClock, OwnHistogram<LinearSearch>>)->ThreadRange(1, 2);
BENCHMARK(BM_Timed_Record<metrics::TscClock, metrics::Histogram>)->ThreadRange(1, 2);
BENCHMARK(BM_Timed_Record<metrics::TscClock, OwnHistogram<BinarySearch>>)->ThreadRange(1, 2);
BENCHMARK(BM_Timed_Record<metrics::TscClock, OwnHistogram<LinearSearch>>)->ThreadRange(1, 2);

// The same for an operation whose time falls into any bucket.
template <class Clock, class H>
void BM_Timed_RecordScattered(benchmark::State& state) {
  static auto& histogram = *new H(kElevenBounds);
  const std::vector<double>& values = scattered_values();
  std::size_t next = 0;
  for (auto _ : state) {
    const auto begin = Clock::now();
    const auto end = Clock::now();
    histogram.Observe(metrics::seconds_between(begin, end) + values[next++ % (1 << 16)]);
  }
}
BENCHMARK(BM_Timed_RecordScattered<metrics::SteadyClock, metrics::Histogram>);
BENCHMARK(BM_Timed_RecordScattered<metrics::SteadyClock, OwnHistogram<BinarySearch>>);
BENCHMARK(BM_Timed_RecordScattered<metrics::SteadyClock, OwnHistogram<LinearSearch>>);
BENCHMARK(BM_Timed_RecordScattered<metrics::TscClock, metrics::Histogram>);
BENCHMARK(BM_Timed_RecordScattered<metrics::TscClock, OwnHistogram<BinarySearch>>);
BENCHMARK(BM_Timed_RecordScattered<metrics::TscClock, OwnHistogram<LinearSearch>>);

}  // namespace
}  // namespace prometheus_async
