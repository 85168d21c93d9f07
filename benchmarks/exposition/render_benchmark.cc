// SPDX-License-Identifier: Apache-2.0
//
// A whole scrape, without HTTP: collecting and writing the text format, beside prometheus-cpp with the same series.
#include <string>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "benchmark/benchmark.h"
#include "exposition/render.h"
#include "metrics/registry.h"

namespace prometheus_async {
namespace {

constexpr int kCounters = 10'000;
constexpr int kHistograms = 1'000;
const metrics::Buckets kElevenBounds{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

void BM_Scrape_CountersPrometheusCpp(benchmark::State& state) {
  prometheus::Registry registry;
  auto& family = prometheus::BuildCounter().Name("requests_total").Help("x").Register(registry);
  for (int i = 0; i < kCounters; ++i) {
    family.Add({{"method", "GET"}, {"path", "/users/" + std::to_string(i)}, {"code", "200"}}).Increment(i);
  }
  const prometheus::TextSerializer serializer;
  for (auto _ : state) benchmark::DoNotOptimize(serializer.Serialize(registry.Collect()));
}
BENCHMARK(BM_Scrape_CountersPrometheusCpp)->Unit(benchmark::kMillisecond);

void BM_Scrape_Counters(benchmark::State& state) {
  metrics::Registry registry;
  auto& family = registry.counter("requests_total", "x", {"method", "path", "code"});
  for (int i = 0; i < kCounters; ++i) family.labels("GET", "/users/" + std::to_string(i), "200").Increment(i);
  for (auto _ : state) benchmark::DoNotOptimize(exposition::render(registry));
}
BENCHMARK(BM_Scrape_Counters)->Unit(benchmark::kMillisecond);

void BM_Scrape_HistogramsPrometheusCpp(benchmark::State& state) {
  prometheus::Registry registry;
  auto& family = prometheus::BuildHistogram().Name("seconds").Help("x").Register(registry);
  for (int i = 0; i < kHistograms; ++i) family.Add({{"path", std::to_string(i)}}, kElevenBounds).Observe(i * 0.01);
  const prometheus::TextSerializer serializer;
  for (auto _ : state) benchmark::DoNotOptimize(serializer.Serialize(registry.Collect()));
}
BENCHMARK(BM_Scrape_HistogramsPrometheusCpp)->Unit(benchmark::kMillisecond);

void BM_Scrape_Histograms(benchmark::State& state) {
  metrics::Registry registry;
  auto& family = registry.histogram("seconds", "x", {"path"}, {.buckets = kElevenBounds});
  for (int i = 0; i < kHistograms; ++i) family.labels(std::to_string(i)).Observe(i * 0.01);
  for (auto _ : state) benchmark::DoNotOptimize(exposition::render(registry));
}
BENCHMARK(BM_Scrape_Histograms)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace prometheus_async
