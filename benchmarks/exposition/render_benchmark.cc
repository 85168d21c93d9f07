// SPDX-License-Identifier: Apache-2.0
//
// A whole scrape, without HTTP and compression: collecting and writing a page, beside prometheus-cpp with the same
// series. Compare within one run. Time per series, the counter items_per_second upside down, is what shows how cost
// grows with their number.
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "benchmark/benchmark.h"
#include "exposition/format.h"
#include "exposition/render.h"
#include "exposition/text_serializer.h"
#include "metrics/collector.h"
#include "metrics/registry.h"

namespace prometheus_async {
namespace {

const metrics::Buckets kElevenBounds{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

// Registries of prometheus-cpp and of ours, with the same series: counters and histograms of twelve buckets, with three
// labels. Values differ in length, as those of a program that runs do.
void add_counters(prometheus::Registry& registry, int count) {
  auto& family = prometheus::BuildCounter().Name("requests_total").Help("x").Register(registry);
  for (int i = 0; i < count; ++i) {
    family.Add({{"method", "GET"}, {"path", "/users/" + std::to_string(i)}, {"code", "200"}}).Increment(i);
  }
}
void add_counters(metrics::Registry& registry, int count) {
  auto& family = registry.counter("requests_total", "x", {"method", "path", "code"});
  for (int i = 0; i < count; ++i) family.labels("GET", "/users/" + std::to_string(i), "200").Increment(i);
}
void add_histograms(prometheus::Registry& registry, int count) {
  auto& family = prometheus::BuildHistogram().Name("seconds").Help("x").Register(registry);
  for (int i = 0; i < count; ++i) {
    family.Add({{"method", "GET"}, {"path", "/users/" + std::to_string(i)}, {"code", "200"}}, kElevenBounds)
        .Observe(i * 0.01);
  }
}
void add_histograms(metrics::Registry& registry, int count) {
  auto& family = registry.histogram("seconds", "x", {"method", "path", "code"}, {.buckets = kElevenBounds});
  for (int i = 0; i < count; ++i) family.labels("GET", "/users/" + std::to_string(i), "200").Observe(i * 0.01);
}

// The registry that `add` fills, kept from one call of a benchmark to the next: a million series take longer to make
// than to render. One at a time is in memory.
template <class Registry>
const Registry& filled(void (*add)(Registry&, int), int count) {
  struct Filled {
    void (*add)(Registry&, int);
    int count;
    std::unique_ptr<Registry> registry;
  };
  static Filled& last = *new Filled{nullptr, 0, nullptr};
  if (last.registry == nullptr || last.add != add || last.count != count) {
    last.registry.reset();
    last = {add, count, std::make_unique<Registry>()};
    add(*last.registry, count);
  }
  return *last.registry;
}

void count_series(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["page_bytes"] = static_cast<double>(bytes);
}

// What prometheus-cpp's Exposer does for a page.
void scrape_theirs(benchmark::State& state, void (*add)(prometheus::Registry&, int)) {
  const prometheus::Registry& registry = filled(add, static_cast<int>(state.range(0)));
  const prometheus::TextSerializer serializer;
  std::size_t bytes = 0;
  for (auto _ : state) bytes = serializer.Serialize(registry.Collect()).size();
  count_series(state, bytes);
}

void scrape_ours(benchmark::State& state, void (*add)(metrics::Registry&, int), const exposition::Format& format) {
  const metrics::Registry& registry = filled(add, static_cast<int>(state.range(0)));
  std::size_t bytes = 0;
  for (auto _ : state) bytes = exposition::render(registry, format).body.size();
  count_series(state, bytes);
}

void BM_Scrape_CountersPrometheusCpp(benchmark::State& state) { scrape_theirs(state, add_counters); }
void BM_Scrape_CountersText(benchmark::State& state) { scrape_ours(state, add_counters, exposition::kText_0_0_4); }
void BM_Scrape_CountersOpenMetrics(benchmark::State& state) {
  scrape_ours(state, add_counters, exposition::kOpenMetrics_1_0_0);
}
void BM_Scrape_CountersProtobuf(benchmark::State& state) { scrape_ours(state, add_counters, exposition::kProtobuf); }

// A million are the 10,000 a hundred times: what is above a hundred times the time is what memory costs that no cache
// holds, series and page.
BENCHMARK(BM_Scrape_CountersPrometheusCpp)->Unit(benchmark::kMillisecond)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(BM_Scrape_CountersText)->Unit(benchmark::kMillisecond)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(BM_Scrape_CountersOpenMetrics)->Unit(benchmark::kMillisecond)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(BM_Scrape_CountersProtobuf)->Unit(benchmark::kMillisecond)->Arg(10'000)->Arg(1'000'000);

// The floor: the same series' labels, where they lie in memory, and their values, written as the same lines into a page
// of the right size by no code of ours. What a million cost here above a hundred times ten thousand is what the
// memory costs alone: kKept writes over one page again and again, kNew into memory that the system has to give first.
enum class PageMemory { kNew, kKept };

class Places final : public metrics::Sink {
 public:
  struct Place {
    const metrics::Labels* labels;
    std::uint64_t value;
  };
  explicit Places(const metrics::Registry& registry) { registry.collect(*this); }
  const std::vector<Place>& series() const { return series_; }

  void counter(const metrics::Labels& labels, const metrics::CounterSnapshot& snapshot) override {
    series_.push_back({&labels, snapshot.whole});
  }
  void family(const metrics::FamilyInfo&) override {}
  void value(const metrics::Labels&, double) override {}
  void histogram(const metrics::Labels&, const metrics::HistogramSnapshot&) override {}
  void summary(const metrics::Labels&, const metrics::SummarySnapshot&) override {}
  void state_set(const metrics::Labels&, std::span<const metrics::State>) override {}
  void checkpoint() override {}
  void rollback() override {}

 private:
  std::vector<Place> series_;
};

template <PageMemory kMemory>
void BM_Scrape_CountersFloor(benchmark::State& state) {
  const metrics::Registry& registry = filled<metrics::Registry>(add_counters, static_cast<int>(state.range(0)));
  const Places places(registry);
  const std::size_t size = exposition::render(registry).body.size() + 64;
  constexpr std::string_view kName = "requests_total{";
  const std::unique_ptr<char[]> kept = std::make_unique<char[]>(size);
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::unique_ptr<char[]> made(kMemory == PageMemory::kNew ? new char[size] : nullptr);
    char* const page = kMemory == PageMemory::kNew ? made.get() : kept.get();
    char* at = page;
    for (const Places::Place& place : places.series()) {
      const std::string_view labels = place.labels->text();
      at = static_cast<char*>(std::memcpy(at, kName.data(), kName.size())) + kName.size();
      at = static_cast<char*>(std::memcpy(at, labels.data(), labels.size())) + labels.size();
      at = static_cast<char*>(std::memcpy(at, "} ", 2)) + 2;
      at = std::to_chars(at, at + 20, place.value).ptr;
      *at++ = '\n';
    }
    benchmark::DoNotOptimize(page);
    benchmark::ClobberMemory();
    bytes = static_cast<std::size_t>(at - page);
  }
  count_series(state, bytes);
}
BENCHMARK(BM_Scrape_CountersFloor<PageMemory::kKept>)->Unit(benchmark::kMillisecond)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(BM_Scrape_CountersFloor<PageMemory::kNew>)->Unit(benchmark::kMillisecond)->Arg(10'000)->Arg(1'000'000);

void BM_Scrape_HistogramsPrometheusCpp(benchmark::State& state) { scrape_theirs(state, add_histograms); }
void BM_Scrape_HistogramsText(benchmark::State& state) { scrape_ours(state, add_histograms, exposition::kText_0_0_4); }
void BM_Scrape_HistogramsOpenMetrics(benchmark::State& state) {
  scrape_ours(state, add_histograms, exposition::kOpenMetrics_1_0_0);
}
void BM_Scrape_HistogramsProtobuf(benchmark::State& state) {
  scrape_ours(state, add_histograms, exposition::kProtobuf);
}
BENCHMARK(BM_Scrape_HistogramsPrometheusCpp)->Unit(benchmark::kMillisecond)->Arg(1'000);
BENCHMARK(BM_Scrape_HistogramsText)->Unit(benchmark::kMillisecond)->Arg(1'000);
BENCHMARK(BM_Scrape_HistogramsOpenMetrics)->Unit(benchmark::kMillisecond)->Arg(1'000);
BENCHMARK(BM_Scrape_HistogramsProtobuf)->Unit(benchmark::kMillisecond)->Arg(1'000);

// What prometheus-cpp's users gain by the serializer alone: both write what one Collect() gave.
template <class Serializer>
void BM_Serialize_Counters(benchmark::State& state) {
  const std::vector<prometheus::MetricFamily> families =
      filled<prometheus::Registry>(add_counters, static_cast<int>(state.range(0))).Collect();
  const Serializer serializer;
  std::size_t bytes = 0;
  for (auto _ : state) bytes = serializer.Serialize(families).size();
  count_series(state, bytes);
}
BENCHMARK(BM_Serialize_Counters<prometheus::TextSerializer>)->Unit(benchmark::kMillisecond)->Arg(10'000);
BENCHMARK(BM_Serialize_Counters<exposition::TextSerializer>)->Unit(benchmark::kMillisecond)->Arg(10'000);

}  // namespace
}  // namespace prometheus_async
