// SPDX-License-Identifier: Apache-2.0
#include "tx/deferred_semaphore.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/promise.h"
#include "tx/testing/result_of.h"

namespace prometheus_async::tx {
namespace {

using testing::assert_no_result;
using testing::failure_result_of;
using testing::success_result_of;

// The example of the header.
class DeferredSemaphoreExample : public ::testing::Test {
 protected:
  using Url = std::string;
  using Page = std::string;

  tx::DeferredSemaphore connections{4};
  std::vector<Promise<Page>> downloads;

  tx::Deferred<Page> download(const Url&) { return downloads.emplace_back().get_deferred(); }

  tx::Deferred<Page> fetch(Url url) {
    tx::Permit permit = co_await connections.acquire();
    co_return co_await download(std::move(url));
  }
};

TEST_F(DeferredSemaphoreExample, FetchesFourAtATime) {
  downloads.reserve(6);
  std::vector<tx::Deferred<Page>> pages;
  for (int i = 0; i < 5; ++i) pages.push_back(fetch("cats"));
  const auto load = [this](const Url& url) { return download(url); };
  pages.push_back(connections.run(load, "dogs"));
  EXPECT_EQ(downloads.size(), 4u);
  downloads[1].callback("a cat");
  EXPECT_EQ(success_result_of(pages[1]), "a cat");
  EXPECT_EQ(downloads.size(), 5u);
  downloads[0].callback("another cat");
  EXPECT_EQ(downloads.size(), 6u);
  downloads[5].callback("a dog");
  EXPECT_EQ(success_result_of(pages[5]), "a dog");
  for (const std::size_t i : {2, 3, 4}) downloads[i].callback("a cat");
  EXPECT_EQ(connections.tokens(), 4);
}

TEST(DeferredSemaphore, NeedsAToken) {
  for (const int tokens : {0, -1}) {
    try {
      DeferredSemaphore semaphore(tokens);
      FAIL() << tokens;
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(std::string(error.what()),
                "prometheus_async: a DeferredSemaphore has at least 1 token, not " + std::to_string(tokens));
    }
  }
}

TEST(DeferredSemaphore, GivesItsTokensAtOnce) {
  DeferredSemaphore semaphore(2);
  EXPECT_EQ(semaphore.limit(), 2);
  const Permit first = success_result_of(semaphore.acquire());
  EXPECT_EQ(semaphore.tokens(), 1);
  const Permit second = success_result_of(semaphore.acquire());
  EXPECT_EQ(semaphore.tokens(), 0);
  Deferred<Permit> third = semaphore.acquire();
  assert_no_result(third);
}

TEST(DeferredSemaphore, ServesThoseThatWaitInTheOrderInWhichTheyCame) {
  DeferredSemaphore semaphore(1);
  Permit held = success_result_of(semaphore.acquire());
  Deferred<Permit> first = semaphore.acquire();
  Deferred<Permit> second = semaphore.acquire();
  held.release();
  held = success_result_of(first);
  assert_no_result(second);
  held.release();
  static_cast<void>(success_result_of(second));
  EXPECT_EQ(semaphore.tokens(), 1);
}

TEST(DeferredSemaphore, APermitThatGoesGivesItsTokenBack) {
  DeferredSemaphore semaphore(1);
  {
    const Permit permit = success_result_of(semaphore.acquire());
    EXPECT_EQ(semaphore.tokens(), 0);
  }
  EXPECT_EQ(semaphore.tokens(), 1);
}

TEST(DeferredSemaphore, ADroppedAcquireGivesItsTokenBack) {
  DeferredSemaphore semaphore(1);
  Permit held = success_result_of(semaphore.acquire());
  {
    const Deferred<Permit> dropped = semaphore.acquire();
  }
  held.release();
  EXPECT_EQ(semaphore.tokens(), 1);
}

TEST(DeferredSemaphore, AssigningAPermitGivesTheOldTokenBack) {
  DeferredSemaphore semaphore(2);
  Permit permit = success_result_of(semaphore.acquire());
  permit = success_result_of(semaphore.acquire());
  EXPECT_EQ(semaphore.tokens(), 1);
}

TEST(DeferredSemaphore, APermitIsReleasedOnce) {
  DeferredSemaphore semaphore(1);
  Permit permit = success_result_of(semaphore.acquire());
  permit.release();
  EXPECT_THROW(permit.release(), std::logic_error);
  EXPECT_EQ(semaphore.tokens(), 1);
  Permit other = success_result_of(semaphore.acquire());
  const Permit moved = std::move(other);
  EXPECT_THROW(other.release(), std::logic_error);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(semaphore.tokens(), 0);
}

TEST(DeferredSemaphore, CancellingOneThatWaitsGivesUpItsPlace) {
  DeferredSemaphore semaphore(1);
  Permit held = success_result_of(semaphore.acquire());
  Deferred<Permit> cancelled = semaphore.acquire();
  Deferred<Permit> next = semaphore.acquire();
  cancelled.cancel();
  failure_result_of<CancelledError>(cancelled);
  held.release();
  static_cast<void>(success_result_of(next));
}

TEST(DeferredSemaphore, CancellingAfterAcquiringDoesNothing) {
  DeferredSemaphore semaphore(1);
  Deferred<Permit> acquired = semaphore.acquire();
  acquired.cancel();
  const Permit permit = success_result_of(acquired);
  EXPECT_EQ(semaphore.tokens(), 0);
}

TEST(DeferredSemaphore, MayGoBeforeItsPermits) {
  std::optional<DeferredSemaphore> semaphore(std::in_place, 1);
  Permit permit = success_result_of(semaphore->acquire());
  Deferred<Permit> waiting = semaphore->acquire();
  semaphore.reset();
  assert_no_result(waiting);
  permit.release();
  static_cast<void>(success_result_of(waiting));
}

TEST(DeferredSemaphoreRun, HoldsATokenUntilTheFunctionIsDone) {
  DeferredSemaphore semaphore(1);
  Promise<int> promise;
  Deferred<int> first = semaphore.run([&] { return promise.get_deferred(); });
  EXPECT_EQ(semaphore.tokens(), 0);
  bool ran = false;
  Deferred<void> second = semaphore.run([&] { ran = true; });
  EXPECT_FALSE(ran);
  promise.callback(1);
  EXPECT_EQ(success_result_of(first), 1);
  EXPECT_TRUE(ran);
  success_result_of(second);
  EXPECT_EQ(semaphore.tokens(), 1);
}

// The token is free by the time the result's callbacks run.
TEST(DeferredSemaphoreRun, GivesTheTokenBackBeforeItsCallbacks) {
  DeferredSemaphore semaphore(1);
  Promise<void> promise;
  auto tokens = semaphore.run([&] { return promise.get_deferred(); }).add_callback([&] { return semaphore.tokens(); });
  promise.callback();
  EXPECT_EQ(success_result_of(tokens), 1);
}

TEST(DeferredSemaphoreRun, PassesArguments) {
  DeferredSemaphore semaphore(1);
  const auto subtract = [](int a, std::unique_ptr<int> b) { return a - *b; };
  EXPECT_EQ(success_result_of(semaphore.run(subtract, 5, std::make_unique<int>(3))), 2);
}

TEST(DeferredSemaphoreRun, GivesTheTokenBackAfterAFailure) {
  DeferredSemaphore semaphore(1);
  failure_result_of<std::runtime_error>(semaphore.run([]() -> int { throw std::runtime_error("no"); }));
  EXPECT_EQ(semaphore.tokens(), 1);
  Promise<int> promise;
  Deferred<int> later = semaphore.run([&] { return promise.get_deferred(); });
  promise.errback(std::runtime_error("no"));
  failure_result_of<std::runtime_error>(later);
  EXPECT_EQ(semaphore.tokens(), 1);
}

TEST(DeferredSemaphoreRun, CancelledWhileItWaitsDoesNotCall) {
  DeferredSemaphore semaphore(1);
  Permit held = success_result_of(semaphore.acquire());
  bool ran = false;
  Deferred<void> waiting = semaphore.run([&] { ran = true; });
  waiting.cancel();
  failure_result_of<CancelledError>(waiting);
  held.release();
  EXPECT_FALSE(ran);
  EXPECT_EQ(semaphore.tokens(), 1);
}

TEST(DeferredSemaphoreRun, CancelledWhileItRunsCancelsWhatRuns) {
  DeferredSemaphore semaphore(1);
  bool was_cancelled = false;
  Promise<int> promise([&] { was_cancelled = true; });
  Deferred<int> running = semaphore.run([&] { return promise.get_deferred(); });
  running.cancel();
  EXPECT_TRUE(was_cancelled);
  failure_result_of<CancelledError>(running);
  EXPECT_EQ(semaphore.tokens(), 1);
}

// The lambda is gone by the time the coroutine uses its captures, unless run() keeps it.
TEST(DeferredSemaphoreRun, KeepsALambdaThatIsACoroutine) {
  DeferredSemaphore semaphore(1);
  Promise<void> promise;
  Deferred<void> gate = promise.get_deferred();
  Deferred<std::string> d = semaphore.run(
      [text = std::string("a text too long for the small buffer of a string")](
          Deferred<void> wait) -> Deferred<std::string> {
        co_await std::move(wait);
        co_return text;
      },
      std::move(gate));
  promise.callback();
  EXPECT_EQ(success_result_of(d), "a text too long for the small buffer of a string");
}

TEST(DeferredSemaphore, ManyThatGiveTheirTokenBackAtOnceDoNotRecurse) {
  constexpr int kCount = 100'000;  // enough to end the stack
  DeferredSemaphore semaphore(1);
  Permit held = success_result_of(semaphore.acquire());
  int ran = 0;
  for (int i = 0; i < kCount; ++i) {
    static_cast<void>(semaphore.acquire().add_callback([&ran, i](Permit) { ran += ran == i ? 1 : 0; }));
  }
  held.release();
  EXPECT_EQ(ran, kCount);
  EXPECT_EQ(semaphore.tokens(), 1);
}

}  // namespace
}  // namespace prometheus_async::tx
