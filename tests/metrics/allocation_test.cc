// SPDX-License-Identifier: Apache-2.0
//
// That recording and finding children do not go to the heap, counted by an operator new of this program's own. (A
// chunk of cells is aligned, and comes from another operator new: a thread's first touch is not what this counts.)
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

#include "metrics/registry.h"

namespace {
std::atomic<long> allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace prometheus_async::metrics {
namespace {

template <class F>
long count(F run) {
  const long before = allocations;
  run();
  return allocations - before;
}

// Longer than what a std::string holds in itself.
constexpr std::string_view kPath = "/a/path/that/is/longer/than/any/small/string/is";

TEST(Allocations, NoneToFindAChildThatExists) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"method", "path", "code"});
  EXPECT_GT(count([&] { family.labels("GET", kPath, "200").Increment(); }), 0);
  EXPECT_EQ(count([&] { family.labels("GET", kPath, "200").Increment(); }), 0);
  EXPECT_EQ(count([&] { family.share("GET", kPath, "200")->Increment(); }), 0);
  family.labels("GET", "a \"quoted\" \\ value that has to be escaped", "200");
  EXPECT_EQ(count([&] { family.labels("GET", "a \"quoted\" \\ value that has to be escaped", "200"); }), 0);
}

TEST(Allocations, NoneToRecord) {
  Registry registry;
  auto& counter = registry.counter("hits_total", "x");
  auto& gauge = registry.gauge("queued", "x");
  auto& histogram = registry.histogram("seconds", "x");
  auto& native = registry.native_histogram("native_seconds", "x");
  auto& summary = registry.summary("bytes", "x");
  const auto record = [&] {
    counter.Increment();
    counter.Increment(0.5);
    gauge.Increment();
    gauge.Set(7);
    histogram.Observe(0.2);
    native.Observe(0.2);
    summary.Observe(512);
  };
  EXPECT_GT(count(record), 0);  // the native histogram's bucket
  EXPECT_EQ(count(record), 0);
}

// A scrape into a sink that keeps nothing: as many for a thousand series as for one.
TEST(Allocations, OfAScrapeDoNotGrowWithTheNumberOfSeries) {
  class Nothing final : public Sink {
   public:
    void family(const FamilyInfo&) override {}
    void counter(const Labels&, const CounterSnapshot&) override {}
    void value(const Labels&, double) override {}
    void histogram(const Labels&, const HistogramSnapshot&) override {}
    void summary(const Labels&, const SummarySnapshot&) override {}
    void state_set(const Labels&, std::span<const State>) override {}
  } sink;
  Registry registry;
  auto& family = registry.counter("hits_total", "x", {"n"});
  family.labels("first");
  const long one = count([&] { registry.collect(sink); });
  for (int i = 0; i < 1000; ++i) family.labels(std::to_string(i));
  EXPECT_EQ(count([&] { registry.collect(sink); }), one);
}

}  // namespace
}  // namespace prometheus_async::metrics
