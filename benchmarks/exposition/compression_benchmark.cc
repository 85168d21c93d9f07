// SPDX-License-Identifier: Apache-2.0
//
// What compressing a page costs at each level, beside rendering it: where kGzipLevel and kZstdLevel come from. The
// counters "bytes" and "percent" are the size of what comes out, of the page.
//
//   bazel run -c opt //benchmarks/exposition:compression_benchmark
#include <libdeflate.h>
#include <zstd.h>

#include <cmath>
#include <cstddef>
#include <memory>
#include <random>
#include <string>

#include "benchmark/benchmark.h"
#include "exposition/compression.h"
#include "exposition/render.h"
#include "metrics/registry.h"

namespace prometheus_async {
namespace {

// A page as a service of some size has it: 5,000 counters and 400 histograms whose values differ as those of real paths
// do, over some orders of magnitude. Half a megabyte each.
void fill(metrics::Registry& registry) {
  std::mt19937 random(42);
  std::lognormal_distribution<double> calls(6, 3);
  std::lognormal_distribution<double> seconds(-3, 1.5);
  auto& requests = registry.counter("http_requests_total", "Requests.", {"method", "path", "code"});
  const char* const methods[] = {"GET", "POST", "PUT"};
  const char* const codes[] = {"200", "200", "404", "500"};
  for (int i = 0; i < 5'000; ++i) {
    requests.labels(methods[random() % 3], "/users/" + std::to_string(i) + "/orders", codes[random() % 4])
        .Increment(std::floor(calls(random)));
  }
  auto& times = registry.histogram("http_request_seconds", "Time.", {"method", "path"});
  for (int i = 0; i < 400; ++i) {
    auto& time = times.labels(methods[random() % 3], "/users/" + std::to_string(i) + "/orders");
    for (int n = static_cast<int>(random() % 500); n > 0; --n) time.Observe(seconds(random));
  }
}

const std::string& page() {
  static const std::string& text = *[] {
    metrics::Registry registry;
    fill(registry);
    return new std::string(exposition::render(registry).body);
  }();
  return text;
}

void report(benchmark::State& state, std::size_t size) {
  state.counters["bytes"] = static_cast<double>(size);
  state.counters["percent"] = 100.0 * static_cast<double>(size) / static_cast<double>(page().size());
}

// What the compressed forms have to be compared with.
void BM_Render(benchmark::State& state) {
  metrics::Registry registry;
  fill(registry);
  for (auto _ : state) benchmark::DoNotOptimize(exposition::render(registry));
  report(state, page().size());
}
BENCHMARK(BM_Render)->Unit(benchmark::kMillisecond);

void BM_Gzip_Level(benchmark::State& state) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(static_cast<int>(state.range(0))), &libdeflate_free_compressor);
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), page().size()), '\0');
  std::size_t size = 0;
  for (auto _ : state) {
    size = libdeflate_gzip_compress(compressor.get(), page().data(), page().size(), out.data(), out.size());
  }
  report(state, size);
}
BENCHMARK(BM_Gzip_Level)->Arg(1)->Arg(2)->Arg(3)->Arg(4)->Arg(6)->Unit(benchmark::kMillisecond);

void BM_Zstd_Level(benchmark::State& state) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  std::string out(ZSTD_compressBound(page().size()), '\0');
  std::size_t size = 0;
  for (auto _ : state) {
    size = ZSTD_compressCCtx(context.get(), out.data(), out.size(), page().data(), page().size(),
                             static_cast<int>(state.range(0)));
  }
  report(state, size);
}
BENCHMARK(BM_Zstd_Level)->Arg(-3)->Arg(1)->Arg(2)->Arg(3)->Arg(5)->Unit(benchmark::kMillisecond);

// compress() as scrapes call it: the levels chosen, compressors kept, and a string of the right size made of it.
void BM_Compress(benchmark::State& state, exposition::Encoding encoding) {
  std::size_t size = 0;
  for (auto _ : state) size = exposition::compress(page(), encoding).size();
  report(state, size);
}
BENCHMARK_CAPTURE(BM_Compress, Gzip, exposition::Encoding::kGzip)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Compress, Zstd, exposition::Encoding::kZstd)->Unit(benchmark::kMillisecond);

// The same with a compressor made for each page.
void BM_Compress_GzipMadeAnew(benchmark::State& state) {
  std::size_t size = 0;
  for (auto _ : state) {
    const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
        libdeflate_alloc_compressor(exposition::kGzipLevel), &libdeflate_free_compressor);
    std::string out(libdeflate_gzip_compress_bound(compressor.get(), page().size()), '\0');
    size = libdeflate_gzip_compress(compressor.get(), page().data(), page().size(), out.data(), out.size());
    out.resize(size);
    benchmark::DoNotOptimize(out);
  }
  report(state, size);
}
BENCHMARK(BM_Compress_GzipMadeAnew)->Unit(benchmark::kMillisecond);

void BM_Compress_ZstdMadeAnew(benchmark::State& state) {
  std::size_t size = 0;
  for (auto _ : state) {
    std::string out(ZSTD_compressBound(page().size()), '\0');
    size = ZSTD_compress(out.data(), out.size(), page().data(), page().size(), exposition::kZstdLevel);
    out.resize(size);
    benchmark::DoNotOptimize(out);
  }
  report(state, size);
}
BENCHMARK(BM_Compress_ZstdMadeAnew)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace prometheus_async
