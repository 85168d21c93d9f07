// SPDX-License-Identifier: Apache-2.0
//
// What a Deferred costs beside its rivals, and what a wrapper costs beside the callback written by hand. Ratios within
// one run are meaningful, single figures are not.
#define BOOST_THREAD_VERSION 4

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/thread/future.hpp>

#include "benchmark/benchmark.h"
#include "metrics/histogram.h"
#include "tests/testing/task.h"
#include "tx/count_exceptions.h"
#include "tx/deferred.h"
#include "tx/promise.h"
#include "tx/time.h"
#include "tx/track_inprogress.h"

namespace prometheus_async {
namespace {

using prometheus_async::testing::Task;

metrics::Histogram& seconds() {
  static auto& histogram = *new metrics::Histogram();
  return histogram;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// A metric that costs nothing: shows the attachment by itself.
struct NullMetric {
  void Increment() { benchmark::ClobberMemory(); }
  void Decrement() { benchmark::ClobberMemory(); }
};

// ---- time on a Deferred that has fired, beside the same written by hand.

void BM_TimeFired_ByHand(benchmark::State& state) {
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    auto d = tx::succeed(1).add_callback([start](int n) {
      seconds().Observe(seconds_since(start));
      return n;
    });
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_TimeFired_ByHand);

void BM_TimeFired_Time(benchmark::State& state) {
  for (auto _ : state) {
    tx::Deferred<int> d = tx::succeed(1);
    tx::time(seconds(), d);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_TimeFired_Time);

// ---- time on a Deferred that waits and then fires. By hand it takes two callbacks, for a value and for a failure.

void BM_TimePending_ByHand(benchmark::State& state) {
  for (auto _ : state) {
    tx::Promise<int> promise;
    const auto start = std::chrono::steady_clock::now();
    auto d = promise.get_deferred().add_callbacks(
        [start](int n) {
          seconds().Observe(seconds_since(start));
          return n;
        },
        [start](tx::Failure&& failure) {
          seconds().Observe(seconds_since(start));
          return failure;
        });
    promise.callback(1);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_TimePending_ByHand);

void BM_TimePending_Time(benchmark::State& state) {
  for (auto _ : state) {
    tx::Promise<int> promise;
    tx::Deferred<int> d = promise.get_deferred();
    tx::time(seconds(), d);
    promise.callback(1);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_TimePending_Time);

// ---- count_exceptions and track_inprogress on a Deferred that waits, with metrics that cost nothing.

void BM_TwoWrappersPending_Bare(benchmark::State& state) {
  for (auto _ : state) {
    tx::Promise<int> promise;
    tx::Deferred<int> d = promise.get_deferred();
    promise.callback(1);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_TwoWrappersPending_Bare);

void BM_TwoWrappersPending_Both(benchmark::State& state) {
  NullMetric metric;
  for (auto _ : state) {
    tx::Promise<int> promise;
    tx::Deferred<int> d = promise.get_deferred();
    tx::count_exceptions(metric, d);
    tx::track_inprogress(metric, d);
    promise.callback(1);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_TwoWrappersPending_Both);

// ---- Create, add one callback, fire.

// What people write where they have no future: state shared by both ends, with the callback in it.
struct CallbackState {
  std::function<void(int)> callback;
};

void BM_CreateAddFire_StdFunction(benchmark::State& state) {
  for (auto _ : state) {
    int sum = 0;
    auto producer = std::make_shared<CallbackState>();
    auto consumer = producer;
    auto next = std::make_shared<CallbackState>();
    consumer->callback = [&sum, next](int n) {
      sum += n;
      if (next->callback) next->callback(n + 1);
    };
    producer->callback(1);
    benchmark::DoNotOptimize(sum);
  }
}
BENCHMARK(BM_CreateAddFire_StdFunction);

// A future with one heap block for each link, as folly's Core is: counted by both ends, result and callback inside.
// Without its atomics and executors, which would only make it slower.
template <class T>
struct Core {
  int refs = 2;
  std::optional<T> result;
  std::function<void(T&&)> callback;

  void fire(T value) {
    if (callback) {
      callback(std::move(value));
    } else {
      result = std::move(value);
    }
  }
};
template <class T>
void release(Core<T>* core) {
  if (--core->refs == 0) delete core;
}
template <class T, class F>
auto* then(Core<T>* core, F f) {
  using U = std::invoke_result_t<F, T>;
  auto* const next = new Core<U>();
  core->callback = [next, f = std::move(f)](T&& value) mutable {
    next->fire(f(std::move(value)));
    release(next);
  };
  release(core);
  return next;
}

void BM_CreateAddFire_PerLink(benchmark::State& state) {
  for (auto _ : state) {
    auto* core = new Core<int>();
    auto* next = then(core, [](int n) { return n + 1; });
    benchmark::DoNotOptimize(core);
    core->fire(1);
    release(core);
    benchmark::DoNotOptimize(next->result);
    release(next);
  }
}
BENCHMARK(BM_CreateAddFire_PerLink);

// With a policy of its own, boost::future starts a thread for each callback. This one runs it in the firing thread.
void BM_CreateAddFire_BoostFuture(benchmark::State& state) {
  for (auto _ : state) {
    boost::promise<int> promise;
    boost::future<int> next =
        promise.get_future().then(boost::launch::sync, [](boost::future<int> f) { return f.get() + 1; });
    promise.set_value(1);
    benchmark::DoNotOptimize(next);
  }
}
BENCHMARK(BM_CreateAddFire_BoostFuture);

void BM_CreateAddFire_Deferred(benchmark::State& state) {
  for (auto _ : state) {
    tx::Promise<int> promise;
    auto d = promise.get_deferred().add_callback([](int n) { return n + 1; });
    promise.callback(1);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_CreateAddFire_Deferred);

// ---- Four callbacks, added before or after it fires; failures, which pass two and end in an errback.

void BM_FourCallbacks_FiredAtTheEnd(benchmark::State& state) {
  const auto add_one = [](int n) { return n + 1; };
  for (auto _ : state) {
    tx::Promise<int> promise;
    auto d =
        promise.get_deferred().add_callback(add_one).add_callback(add_one).add_callback(add_one).add_callback(add_one);
    promise.callback(1);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_FourCallbacks_FiredAtTheEnd);

void BM_FourCallbacks_FiredAtTheStart(benchmark::State& state) {
  const auto add_one = [](int n) { return n + 1; };
  for (auto _ : state) {
    auto d = tx::succeed(1).add_callback(add_one).add_callback(add_one).add_callback(add_one).add_callback(add_one);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_FourCallbacks_FiredAtTheStart);

void BM_Errback_Typed(benchmark::State& state) {
  const tx::Failure failure = tx::Failure::make<std::runtime_error>("failed");
  for (auto _ : state) {
    auto d = tx::fail<int>(failure)
                 .add_callback([](int n) { return n + 1; })
                 .add_errback<std::logic_error>([](const std::logic_error&) { return 1; })
                 .add_errback<std::runtime_error>([](const std::runtime_error&) { return 2; });
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_Errback_Typed);

// ---- A chain of N Deferreds, each waiting for the next. Shows: linear time for each link; the stack does not grow.

void BM_FireChain(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    tx::Promise<int> promise;
    tx::Deferred<int> d = promise.get_deferred();
    for (int i = 0; i < state.range(0); ++i) {
      d = tx::succeed(0)
              .add_callback([inner = std::move(d)](int) mutable { return std::move(inner); })
              .add_callback([](int n) { return n + 1; });
    }
    state.ResumeTiming();
    promise.callback(1);
    benchmark::DoNotOptimize(d);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_FireChain)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

// ---- co_await in a coroutine of another kind: an awaiter that is ready and gives its number, and a fired Deferred.

struct Ready {
  int value;
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) const {}
  int await_resume() const { return value; }
};
constexpr int kAwaits = 1000;

Task<int> await_plain(int n) {
  int sum = 0;
  for (int i = 0; i < kAwaits; ++i) {
    benchmark::DoNotOptimize(n);
    sum += co_await Ready{n};
  }
  co_return sum;
}
Task<int> await_fired(int n) {
  int sum = 0;
  for (int i = 0; i < kAwaits; ++i) {
    benchmark::DoNotOptimize(n);
    sum += co_await tx::succeed(n);
  }
  co_return sum;
}

template <Task<int> (*coroutine)(int)>
void BM_AwaitFired(benchmark::State& state) {
  for (auto _ : state) {
    Task<int> task = coroutine(1);
    task.start();
    benchmark::DoNotOptimize(task.result());
  }
  state.SetItemsProcessed(state.iterations() * kAwaits);
}
BENCHMARK_TEMPLATE(BM_AwaitFired, await_plain)->Name("BM_AwaitFired_PlainAwaiter");
BENCHMARK_TEMPLATE(BM_AwaitFired, await_fired)->Name("BM_AwaitFired_Deferred");

// ---- A coroutine that awaits one Deferred which waits.

tx::Deferred<int> await_one(tx::Deferred<int> d) { co_return co_await std::move(d) + 1; }

void BM_Coroutine_AwaitsPending(benchmark::State& state) {
  for (auto _ : state) {
    tx::Promise<int> promise;
    tx::Deferred<int> d = await_one(promise.get_deferred());
    promise.callback(1);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_Coroutine_AwaitsPending);

}  // namespace
}  // namespace prometheus_async
