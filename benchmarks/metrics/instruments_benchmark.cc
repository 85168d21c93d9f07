// SPDX-License-Identifier: Apache-2.0
//
// Recording, beside prometheus-cpp, by one thread and by two on one shared instrument. Compare within one run.
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

template <class C>
void BM_Counter_Increment(benchmark::State& state) {
  static auto& counter = *new C();
  for (auto _ : state) counter.Increment();
}
BENCHMARK(BM_Counter_Increment<prometheus::Counter>)->ThreadRange(1, 2);
BENCHMARK(BM_Counter_Increment<metrics::Counter>)->ThreadRange(1, 2);

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
BENCHMARK(BM_Timed_Record<metrics::TscClock, metrics::Histogram>)->ThreadRange(1, 2);

}  // namespace
}  // namespace prometheus_async
