// SPDX-License-Identifier: Apache-2.0
//
// Families: finding a child that exists, beside prometheus-cpp; and the memory that series take. Compare within one
// run.
#include <malloc.h>

#include <memory>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>

#include "benchmark/benchmark.h"
#include "metrics/registry.h"

namespace prometheus_async {
namespace {

void BM_Find_PrometheusCppAdd(benchmark::State& state) {
  prometheus::Registry registry;
  auto& family = prometheus::BuildCounter().Name("x").Help("x").Register(registry);
  for (auto _ : state) {
    benchmark::DoNotOptimize(&family.Add({{"method", "GET"}, {"path", "/users/{id}"}, {"code", "200"}}));
  }
}
BENCHMARK(BM_Find_PrometheusCppAdd);

void BM_Find_Labels(benchmark::State& state) {
  metrics::Registry registry;
  auto& family = registry.counter("x_total", "x", {"method", "path", "code"});
  for (auto _ : state) benchmark::DoNotOptimize(&family.labels("GET", "/users/{id}", "200"));
}
BENCHMARK(BM_Find_Labels);

void BM_Find_LabelsByName(benchmark::State& state) {
  metrics::Registry registry;
  auto& family = registry.counter("x_total", "x", {"method", "path", "code"});
  for (auto _ : state) {
    benchmark::DoNotOptimize(&family.labels({{"code", "200"}, {"method", "GET"}, {"path", "/users/{id}"}}));
  }
}
BENCHMARK(BM_Find_LabelsByName);

void BM_Find_Share(benchmark::State& state) {
  metrics::Registry registry;
  auto& family = registry.counter("x_total", "x", {"method", "path", "code"});
  for (auto _ : state) benchmark::DoNotOptimize(family.share("GET", "/users/{id}", "200"));
}
BENCHMARK(BM_Find_Share);

std::size_t allocated_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Counters with three labels that were made and counted once: what the heap grows by for each, all that the allocator
// needs for itself included. The time is that of making one.
void count_memory(benchmark::State& state, std::size_t before) {
  const auto series = static_cast<double>(state.range(0));
  state.counters["bytes_per_series"] = static_cast<double>(allocated_bytes() - before) / series;
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void BM_Memory_PrometheusCpp(benchmark::State& state) {
  for (auto _ : state) {
    const std::size_t before = allocated_bytes();
    const auto registry = std::make_unique<prometheus::Registry>();
    auto& family = prometheus::BuildCounter().Name("requests_total").Help("x").Register(*registry);
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      family.Add({{"method", "GET"}, {"path", "/users/" + std::to_string(i)}, {"code", "200"}}).Increment();
    }
    count_memory(state, before);
  }
}
void BM_Memory_Ours(benchmark::State& state) {
  for (auto _ : state) {
    const std::size_t before = allocated_bytes();
    const auto registry = std::make_unique<metrics::Registry>();
    auto& family = registry->counter("requests_total", "x", {"method", "path", "code"});
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      family.labels("GET", "/users/" + std::to_string(i), "200").Increment();
    }
    count_memory(state, before);
  }
}
BENCHMARK(BM_Memory_PrometheusCpp)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Memory_Ours)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace prometheus_async
