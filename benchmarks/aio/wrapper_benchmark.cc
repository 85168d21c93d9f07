// SPDX-License-Identifier: Apache-2.0
//
// What a wrapper costs, beside the code that it replaces. Ratios within one run are meaningful, single figures are not:
// most of each is two clock readings and one observation, which BM_..._ByHand makes as well.
#include <chrono>
#include <coroutine>
#include <exception>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "aio/count_exceptions.h"
#include "aio/time.h"
#include "aio/track_inprogress.h"
#include "benchmark/benchmark.h"
#include "metrics/buckets.h"
#include "metrics/counter.h"
#include "metrics/gauge.h"
#include "metrics/histogram.h"
#include "tests/testing/task.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using prometheus_async::testing::Task;

metrics::Histogram& seconds() {
  static auto& histogram = *new metrics::Histogram();
  return histogram;
}
prometheus::Histogram& prometheus_cpp_seconds() {
  static auto& histogram = *new prometheus::Histogram(metrics::default_buckets());
  return histogram;
}
metrics::Counter& errors() {
  static auto& counter = *new metrics::Counter();
  return counter;
}
metrics::Gauge& in_progress() {
  static auto& gauge = *new metrics::Gauge();
  return gauge;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// ---- A plain function. Shows: what is on top of the clock and the metric; nothing, ideally.

__attribute__((noinline)) int plain(int n) { return n + 1; }

template <class Call>
void run_plain(benchmark::State& state, const Call& call) {
  int n = 0;
  for (auto _ : state) benchmark::DoNotOptimize(n = call(n));
}

void BM_Plain_Bare(benchmark::State& state) { run_plain(state, plain); }
BENCHMARK(BM_Plain_Bare);

void BM_Plain_ClockAlone(benchmark::State& state) {
  run_plain(state, [](int n) {
    const auto start = std::chrono::steady_clock::now();
    const int result = plain(n);
    benchmark::DoNotOptimize(seconds_since(start));
    return result;
  });
}
BENCHMARK(BM_Plain_ClockAlone);

void BM_Plain_TimeByHand(benchmark::State& state) {
  run_plain(state, [](int n) {
    const auto start = std::chrono::steady_clock::now();
    const int result = plain(n);
    seconds().Observe(seconds_since(start));
    return result;
  });
}
BENCHMARK(BM_Plain_TimeByHand);

void BM_Plain_TimeByHandPrometheusCpp(benchmark::State& state) {
  run_plain(state, [](int n) {
    const auto start = std::chrono::steady_clock::now();
    const int result = plain(n);
    prometheus_cpp_seconds().Observe(seconds_since(start));
    return result;
  });
}
BENCHMARK(BM_Plain_TimeByHandPrometheusCpp);

void BM_Plain_Time(benchmark::State& state) { run_plain(state, aio::time(seconds())(plain)); }
BENCHMARK(BM_Plain_Time);

void BM_Plain_TimePrometheusCpp(benchmark::State& state) {
  run_plain(state, aio::time(prometheus_cpp_seconds())(plain));
}
BENCHMARK(BM_Plain_TimePrometheusCpp);

void BM_Plain_CountExceptions(benchmark::State& state) { run_plain(state, aio::count_exceptions(errors())(plain)); }
BENCHMARK(BM_Plain_CountExceptions);

void BM_Plain_TrackInprogress(benchmark::State& state) {
  run_plain(state, aio::track_inprogress(in_progress())(plain));
}
BENCHMARK(BM_Plain_TrackInprogress);

// ---- asio::awaitable. Shows: the price of the wrapper's coroutine frame, and of three frames instead of one. The body
// does nothing, so these are the largest ratios that an application can see.

asio::awaitable<int> coroutine(int n) { co_return n + 1; }

template <class Call>
void run_awaitable(benchmark::State& state, const Call& call) {
  asio::io_context context(1);
  const auto loop = [&]() -> asio::awaitable<void> {
    int n = 0;
    for (auto _ : state) benchmark::DoNotOptimize(n = co_await call(n));
  };
  asio::co_spawn(context, loop(), asio::detached);
  context.run();
}

void BM_Awaitable_Bare(benchmark::State& state) { run_awaitable(state, coroutine); }
BENCHMARK(BM_Awaitable_Bare);

void BM_Awaitable_TimeByHand(benchmark::State& state) {
  run_awaitable(state, [](int n) -> asio::awaitable<int> {
    const auto start = std::chrono::steady_clock::now();
    const int result = n + 1;
    seconds().Observe(seconds_since(start));
    co_return result;
  });
}
BENCHMARK(BM_Awaitable_TimeByHand);

// The code that a wrapper replaces where the coroutine itself cannot be changed.
void BM_Awaitable_TimeByHandAroundIt(benchmark::State& state) {
  run_awaitable(state, [](int n) -> asio::awaitable<int> {
    const auto start = std::chrono::steady_clock::now();
    try {
      const int result = co_await coroutine(n);
      seconds().Observe(seconds_since(start));
      co_return result;
    } catch (...) {
      seconds().Observe(seconds_since(start));
      throw;
    }
  });
}
BENCHMARK(BM_Awaitable_TimeByHandAroundIt);

void BM_Awaitable_Time(benchmark::State& state) { run_awaitable(state, aio::time(seconds())(coroutine)); }
BENCHMARK(BM_Awaitable_Time);

void BM_Awaitable_TimeGivenTheAwaitable(benchmark::State& state) {
  run_awaitable(state, [](int n) { return aio::time(seconds(), coroutine(n)); });
}
BENCHMARK(BM_Awaitable_TimeGivenTheAwaitable);

void BM_Awaitable_ThreeNested(benchmark::State& state) {
  run_awaitable(state,
                aio::time(seconds())(aio::count_exceptions(errors())(aio::track_inprogress(in_progress())(coroutine))));
}
BENCHMARK(BM_Awaitable_ThreeNested);

void BM_Awaitable_ThreeFused(benchmark::State& state) {
  run_awaitable(
      state, aio::time(seconds()) | aio::count_exceptions(errors()) | aio::track_inprogress(in_progress()) | coroutine);
}
BENCHMARK(BM_Awaitable_ThreeFused);

// ---- Any other awaitable. Shows: an awaiter around an awaiter, without a frame of its own.

Task<int> task(int n) { co_return n + 1; }

template <class Call>
void run_task(benchmark::State& state, const Call& call) {
  const auto loop = [&]() -> Task<int> {
    int n = 0;
    for (auto _ : state) benchmark::DoNotOptimize(n = co_await call(n));
    co_return n;
  };
  Task<int> running = loop();
  running.start();
}

void BM_Task_Bare(benchmark::State& state) { run_task(state, task); }
BENCHMARK(BM_Task_Bare);

void BM_Task_TimeByHand(benchmark::State& state) {
  run_task(state, [](int n) -> Task<int> {
    const auto start = std::chrono::steady_clock::now();
    const int result = n + 1;
    seconds().Observe(seconds_since(start));
    co_return result;
  });
}
BENCHMARK(BM_Task_TimeByHand);

void BM_Task_Time(benchmark::State& state) { run_task(state, aio::time(seconds())(task)); }
BENCHMARK(BM_Task_Time);

// ---- An Asio operation with a callback. Shows: the span carried in the handler.

template <class Handler>
void run_operation(benchmark::State& state, const Handler& wrap) {
  asio::io_context context(1);
  int calls = 0;
  for (auto _ : state) {
    asio::post(context, wrap([&calls] { ++calls; }));
    context.run();
    context.restart();
  }
  benchmark::DoNotOptimize(calls);
}

void BM_Operation_Bare(benchmark::State& state) {
  run_operation(state, [](auto handler) { return handler; });
}
BENCHMARK(BM_Operation_Bare);

void BM_Operation_TimeByHand(benchmark::State& state) {
  run_operation(state, [](auto handler) {
    return [handler, start = std::chrono::steady_clock::now()]() mutable {
      seconds().Observe(seconds_since(start));
      handler();
    };
  });
}
BENCHMARK(BM_Operation_TimeByHand);

void BM_Operation_Time(benchmark::State& state) {
  run_operation(state, [](auto handler) { return aio::time(seconds(), handler); });
}
BENCHMARK(BM_Operation_Time);

}  // namespace
}  // namespace prometheus_async
