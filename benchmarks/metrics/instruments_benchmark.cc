// SPDX-License-Identifier: Apache-2.0
//
// Recording, beside prometheus-cpp, by one thread and by two on one shared instrument. Compare within one run.
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "benchmark/benchmark.h"
#include "metrics/counter.h"
#include "metrics/gauge.h"
#include "metrics/histogram.h"
#include "metrics/registry.h"

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

// Finding a child that exists.
void BM_Family_PrometheusCppAdd(benchmark::State& state) {
  prometheus::Registry registry;
  auto& family = prometheus::BuildCounter().Name("x").Help("x").Register(registry);
  for (auto _ : state) {
    benchmark::DoNotOptimize(&family.Add({{"method", "GET"}, {"path", "/users/{id}"}, {"code", "200"}}));
  }
}
BENCHMARK(BM_Family_PrometheusCppAdd);

void BM_Family_Labels(benchmark::State& state) {
  metrics::Registry registry;
  auto& family = registry.counter("x_total", "x", {"method", "path", "code"});
  for (auto _ : state) benchmark::DoNotOptimize(&family.labels("GET", "/users/{id}", "200"));
}
BENCHMARK(BM_Family_Labels);

}  // namespace
}  // namespace prometheus_async
