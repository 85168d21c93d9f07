// SPDX-License-Identifier: Apache-2.0
//
// What it costs to observe into a native histogram, beside our classic one and prometheus-cpp's, by one thread and by
// two on one shared instrument. Compare within one run. What a first value in a bucket costs is not in it: all buckets
// exist after the first round.
#include <array>
#include <cstddef>
#include <cstdint>

#include <prometheus/histogram.h>

#include "benchmark/benchmark.h"
#include "metrics/buckets.h"
#include "metrics/histogram.h"
#include "metrics/native_histogram.h"

namespace prometheus_async {
namespace {

const metrics::Buckets kElevenBounds{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

// As instruments_benchmark.cc has it: values walk over all classic buckets, and 70 native ones of the default factor.
template <class H>
void observe_walking(benchmark::State& state, H& histogram) {
  double value = 0;
  for (auto _ : state) {
    histogram.Observe(value);
    value = value > 12 ? 0 : value + 0.01;
  }
}

// Values that no predictor foresees, from 1 ms to 8 s.
template <class H>
void observe_scattered(benchmark::State& state, H& histogram) {
  std::array<double, 1024> values;
  std::uint64_t random = 1;
  for (double& value : values) {
    random = random * 6364136223846793005 + 1442695040888963407;
    value = 0.001 * static_cast<double>(1 + (random >> 40 & 8191));
  }
  std::size_t i = 0;
  for (auto _ : state) histogram.Observe(values[i++ % values.size()]);
}

void BM_Walking_PrometheusCpp(benchmark::State& state) {
  static auto& histogram = *new prometheus::Histogram(kElevenBounds);
  observe_walking(state, histogram);
}
BENCHMARK(BM_Walking_PrometheusCpp)->ThreadRange(1, 2);

void BM_Walking_Classic(benchmark::State& state) {
  static auto& histogram = *new metrics::Histogram(kElevenBounds);
  observe_walking(state, histogram);
}
BENCHMARK(BM_Walking_Classic)->ThreadRange(1, 2);

void BM_Walking_Native(benchmark::State& state) {
  static auto& histogram = *new metrics::NativeHistogram;
  observe_walking(state, histogram);
}
BENCHMARK(BM_Walking_Native)->ThreadRange(1, 2);

void BM_Walking_NativeAndClassic(benchmark::State& state) {
  static auto& histogram = *new metrics::NativeHistogram({}, kElevenBounds);
  observe_walking(state, histogram);
}
BENCHMARK(BM_Walking_NativeAndClassic)->ThreadRange(1, 2);

void BM_Scattered_PrometheusCpp(benchmark::State& state) {
  static auto& histogram = *new prometheus::Histogram(kElevenBounds);
  observe_scattered(state, histogram);
}
BENCHMARK(BM_Scattered_PrometheusCpp)->ThreadRange(1, 2);

void BM_Scattered_Classic(benchmark::State& state) {
  static auto& histogram = *new metrics::Histogram(kElevenBounds);
  observe_scattered(state, histogram);
}
BENCHMARK(BM_Scattered_Classic)->ThreadRange(1, 2);

void BM_Scattered_Native(benchmark::State& state) {
  static auto& histogram = *new metrics::NativeHistogram;
  observe_scattered(state, histogram);
}
BENCHMARK(BM_Scattered_Native)->ThreadRange(1, 2);

void BM_Scattered_NativeAndClassic(benchmark::State& state) {
  static auto& histogram = *new metrics::NativeHistogram({}, kElevenBounds);
  observe_scattered(state, histogram);
}
BENCHMARK(BM_Scattered_NativeAndClassic)->ThreadRange(1, 2);

}  // namespace
}  // namespace prometheus_async
