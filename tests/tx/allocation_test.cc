// SPDX-License-Identifier: Apache-2.0
//
// How often Deferreds go to the heap, counted by an operator new of this program's own.
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

#include "gtest/gtest.h"

#include "tests/testing/fake_metrics.h"
#include "tx/count_exceptions.h"
#include "tx/deferred.h"
#include "tx/internal/recycler.h"
#include "tx/promise.h"
#include "tx/time.h"
#include "tx/track_inprogress.h"

namespace {
long allocations = 0;
long live = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  ++live;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  if (memory != nullptr) --live;
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace prometheus_async::tx {
namespace {

using ::prometheus_async::testing::FakeCounter;
using ::prometheus_async::testing::FakeGauge;

struct NullHistogram {
  void Observe(double) {}
};

template <class F>
long count(F run) {
  const long before = allocations;
  run();
  return allocations - before;
}

TEST(Allocations, OnAFiredDeferredNone) {
  NullHistogram seconds;
  FakeCounter errors;
  FakeGauge in_flight;
  EXPECT_EQ(count([&] {
              int seen = 0;
              Deferred<int> d = succeed(1);
              d.add_errback([](Failure&&) { return 0; }).tap([&](const Result<int>& r) { seen += *r; });
              time(seconds, d);
              count_exceptions(errors, d);
              track_inprogress(in_flight, d);
              Deferred<double> e = std::move(d)
                                       .add_callback([](int n) { return n + 0.5; })
                                       .add_both([](Result<double>&& r) { return std::move(r).value(); })
                                       .add_callback([](double x) { return succeed(x); })
                                       .add_callbacks([](double x) { return x; }, [](Failure&&) { return 0.0; });
              EXPECT_EQ(**e.take_result(), 1.5);
            }),
            0);
}

TEST(Allocations, OnAFailedDeferredNone) {
  NullHistogram seconds;
  FakeCounter errors;
  FakeGauge in_flight;
  Deferred<int> d = fail<int>(std::runtime_error("failed"));
  EXPECT_EQ(count([&] {
              time(seconds, d);
              count_exceptions<std::runtime_error>(errors, d);
              track_inprogress(in_flight, d);
              d.add_errback<std::logic_error>([](const std::logic_error&) {
                 return 1;
               }).add_errback<std::runtime_error>([](const std::runtime_error&) { return 2; });
            }),
            0);
  EXPECT_EQ(errors.value, 1);
  EXPECT_EQ(**d.take_result(), 2);
}

TEST(Allocations, APairWithThreeWrappersAndTwoCallbacksOne) {
  NullHistogram seconds;
  FakeCounter errors;
  FakeGauge in_flight;
  EXPECT_LE(count([&] {
              Promise<int> promise;
              Deferred<int> d = promise.get_deferred();
              time(seconds, d);
              count_exceptions(errors, d);
              track_inprogress(in_flight, d);
              int sum = 0;
              auto e = std::move(d).add_callback([&sum](int n) { return sum += n; }).add_callback([&sum](int n) {
                return sum += n;
              });
              promise.callback(2);
              EXPECT_EQ(**e.take_result(), 4);
            }),
            1);
}

Deferred<int> add(Deferred<int> a, Deferred<int> b) { co_return co_await std::move(a) + co_await std::move(b); }

TEST(Allocations, ACoroutineOne) {
  Promise<int> promise;
  Deferred<int> a = promise.get_deferred();
  EXPECT_LE(count([&] {
              Deferred<int> d = add(std::move(a), succeed(1));
              promise.callback(2);
              EXPECT_EQ(**d.take_result(), 3);
            }),
            1);
}

TEST(Allocations, CancellingNone) {
  const auto cancel = [] {
    Promise<int> promise;
    Deferred<int> d = promise.get_deferred();
    const long before = allocations;
    d.cancel();
    const long used = allocations - before;
    (void)d.take_result();
    return used;
  };
  cancel();  // the first makes the exception that all share
  EXPECT_EQ(cancel(), 0);
}

// Blocks are used again: a pair a second time costs nothing, where blocks are kept at all.
TEST(Allocations, ASecondPairNone) {
  if (!PROMETHEUS_ASYNC_TX_RECYCLES) GTEST_SKIP() << "under a sanitizer each block goes back to the heap";
  const auto pair = [] {
    Promise<int> promise;
    Deferred<int> d = promise.get_deferred();
    promise.callback(1);
    EXPECT_EQ(**d.take_result(), 1);
  };
  pair();
  pair();
  EXPECT_EQ(count(pair), 0);
}

// `return step().add_callback(loop)`: a round leaves nothing behind, though the Deferred at its start is held.
TEST(Allocations, AnEndlessLoopOfDeferredsHoldsNoMemory) {
  struct Loop {
    Promise<int> promise;
    Deferred<int> run() {
      promise = Promise<int>();
      return promise.get_deferred().add_callback([this](int n) -> Deferred<int> {
        if (n == 0) return succeed(42);
        return run();
      });
    }
  } loop;
  Deferred<int> d = loop.run();
  const auto round = [&](int n) { std::exchange(loop.promise, Promise<int>()).callback(n); };
  for (int i = 0; i < 1000; ++i) round(1);
  const long before = live;
  for (int i = 0; i < 1000; ++i) round(1);
  EXPECT_EQ(live, before);
  round(0);
  EXPECT_EQ(**d.take_result(), 42);
}

// The same as a coroutine that awaits for ever.
TEST(Allocations, AnEndlessCoroutineHoldsNoMemory) {
  Promise<int> promise;
  const auto loop = [&promise]() -> Deferred<int> {
    int sum = 0;
    for (;;) {
      promise = Promise<int>();
      const int n = co_await promise.get_deferred();
      if (n == 0) co_return sum;
      sum += n;
    }
  };
  Deferred<int> d = loop();
  const auto round = [&](int n) { std::exchange(promise, Promise<int>()).callback(n); };
  for (int i = 0; i < 1000; ++i) round(1);
  const long before = live;
  for (int i = 0; i < 1000; ++i) round(1);
  EXPECT_EQ(live, before);
  round(0);
  EXPECT_EQ(**d.take_result(), 2000);
}

}  // namespace
}  // namespace prometheus_async::tx
