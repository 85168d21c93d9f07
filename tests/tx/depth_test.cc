// SPDX-License-Identifier: Apache-2.0
//
// A million links: fired, failed, awaited, cancelled, dropped. The stack of a thread holds some ten thousand calls of a
// build without optimisation, so any of these that recursed would end the program.
#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "tests/tx/unhandled_failures.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/promise.h"

namespace prometheus_async::tx {
namespace {

using ::prometheus_async::testing::UnhandledFailures;

constexpr int kLinks = 1'000'000;

int add_one(int n) { return n + 1; }

// d waits for what waits for ... what waits for `source`.
Deferred<int> nest(Deferred<int> source, int depth) {
  for (int i = 0; i < depth; ++i) {
    source = succeed(0)
                 .add_callback([inner = std::move(source)](int) mutable { return std::move(inner); })
                 .add_callback(add_one);
  }
  return source;
}

// The same, but each link waits, so that each is a chain of its own that fires later.
struct Waiting {
  std::vector<Promise<int>> promises;
  Deferred<int> d;
};
Waiting nest_waiting(Deferred<int> source, int depth) {
  Waiting waiting{{}, std::move(source)};
  waiting.promises.reserve(static_cast<std::size_t>(depth));
  for (int i = 0; i < depth; ++i) {
    Promise<int>& promise = waiting.promises.emplace_back();
    waiting.d = promise.get_deferred()
                    .add_callback([inner = std::move(waiting.d)](int) mutable { return std::move(inner); })
                    .add_callback(add_one);
  }
  return waiting;
}

Deferred<int> await_one(Deferred<int> d) { co_return co_await std::move(d) + 1; }

Deferred<int> await_nested(Deferred<int> source, int depth) {
  for (int i = 0; i < depth; ++i) source = await_one(std::move(source));
  return source;
}

TEST(Depth, AMillionCallbacks) {
  Promise<int> promise;
  Deferred<int> d = promise.get_deferred();
  for (int i = 0; i < kLinks; ++i) d = std::move(d).add_callback(add_one);
  promise.callback(0);
  EXPECT_EQ(**d.take_result(), kLinks);
}

TEST(Depth, AMillionNestedDeferreds) {
  Promise<int> promise;
  Deferred<int> d = nest(promise.get_deferred(), kLinks);
  promise.callback(0);
  EXPECT_EQ(**d.take_result(), kLinks);
}

TEST(Depth, AMillionThatAllWaitFiredFromTheOutside) {
  Promise<int> source;
  Waiting waiting = nest_waiting(source.get_deferred(), kLinks);
  for (int i = kLinks - 1; i >= 0; --i) waiting.promises[static_cast<std::size_t>(i)].callback(0);
  source.callback(0);
  EXPECT_EQ(**waiting.d.take_result(), kLinks);
}

TEST(Depth, AMillionThatAllWaitFiredFromTheInside) {
  Promise<int> source;
  Waiting waiting = nest_waiting(source.get_deferred(), kLinks);
  source.callback(0);
  for (Promise<int>& promise : waiting.promises) promise.callback(0);
  EXPECT_EQ(**waiting.d.take_result(), kLinks);
}

TEST(Depth, AMillionFailed) {
  Promise<int> promise;
  Deferred<int> d = nest(promise.get_deferred(), kLinks);
  promise.errback(std::runtime_error("deep"));
  EXPECT_EQ(d.take_result()->failure().get_error_message(), "deep");
}

TEST(Depth, AMillionCancelled) {
  int calls = 0;
  Promise<int> promise([&] { ++calls; });
  Deferred<int> d = nest(promise.get_deferred(), kLinks);
  d.cancel();
  EXPECT_EQ(calls, 1);
  EXPECT_NE(d.take_result()->failure().check<CancelledError>(), nullptr);
}

TEST(Depth, AMillionDroppedWithTheirProducer) {
  UnhandledFailures unhandled;
  {
    Promise<int> promise;
    (void)nest(promise.get_deferred(), kLinks);
  }
  EXPECT_EQ(unhandled.messages.size(), 1u);
}

TEST(Depth, AMillionCoroutines) {
  Promise<int> promise;
  Deferred<int> d = await_nested(promise.get_deferred(), kLinks);
  promise.callback(0);
  EXPECT_EQ(**d.take_result(), kLinks);
}

// An exception passes each of them, so there are fewer.
TEST(Depth, CoroutinesCancelledAndDropped) {
  {
    Promise<int> promise;
    Deferred<int> d = await_nested(promise.get_deferred(), kLinks / 10);
    d.cancel();
    EXPECT_NE(d.take_result()->failure().check<CancelledError>(), nullptr);
  }
  UnhandledFailures unhandled;
  {
    Promise<int> promise;
    (void)await_nested(promise.get_deferred(), kLinks / 10);
  }
  EXPECT_EQ(unhandled.messages.size(), 1u);
}

Deferred<int> await_many() {
  int sum = 0;
  for (int i = 0; i < kLinks; ++i) sum += co_await succeed(1);
  co_return sum;
}

TEST(Depth, AMillionAwaitsOfFiredDeferreds) { EXPECT_EQ(**await_many().take_result(), kLinks); }

TEST(Depth, AMillionPromisesChainedToEachOther) {
  std::vector<Deferred<int>> chained;
  Promise<int> first;
  Deferred<int> d = first.get_deferred();
  for (int i = 0; i < kLinks; ++i) {
    Promise<int> next;
    Deferred<int> after = next.get_deferred();
    std::move(d).chain_deferred(std::move(next));
    d = std::move(after);
  }
  first.callback(7);
  EXPECT_EQ(**d.take_result(), 7);
}

// `return step().add_callback(loop)` for ever: each round waits, and none leaves anything behind.
TEST(Depth, AnEndlessLoopOfDeferredsHoldsNoMemory) {
  struct Loop {
    Promise<int> promise;
    const std::shared_ptr<int> token = std::make_shared<int>(0);
    long most = 0;

    Deferred<int> step() {
      promise = Promise<int>();
      return promise.get_deferred();
    }
    Deferred<int> run() {
      return step().add_callback([this, kept = token](int n) -> Deferred<int> {
        most = std::max(most, token.use_count());
        if (n == 0) return succeed(42);
        return run();
      });
    }
  } loop;
  Deferred<int> d = loop.run();
  for (int i = kLinks; i >= 0; --i) std::exchange(loop.promise, Promise<int>()).callback(i);
  EXPECT_EQ(**d.take_result(), 42);
  EXPECT_LE(loop.most, 2);
}

}  // namespace
}  // namespace prometheus_async::tx
