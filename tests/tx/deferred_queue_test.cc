// SPDX-License-Identifier: Apache-2.0
#include "tx/deferred_queue.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/testing/result_of.h"

namespace prometheus_async::tx {
namespace {

using testing::assert_no_result;
using testing::failure_result_of;
using testing::success_result_of;

class Job {
 public:
  explicit Job(std::string name) : name_(std::move(name)) {}
  bool is_last() const { return name_.empty(); }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

// The example of the header.
class DeferredQueueExample : public ::testing::Test {
 protected:
  tx::Deferred<void> run(Job job) {
    ran.push_back(job.name());
    return tx::succeed();
  }

  tx::DeferredQueue<Job> jobs{{.size = 100}};

  tx::Deferred<void> work() {
    for (;;) {
      Job job = co_await jobs.get();
      if (job.is_last()) co_return;
      co_await run(std::move(job));
    }
  }

  std::vector<std::string> ran;
};

TEST_F(DeferredQueueExample, Works) {
  jobs.put(Job("crop"));
  tx::Deferred<void> working = work();
  jobs.put(Job("resize"));
  EXPECT_EQ(ran, (std::vector<std::string>{"crop", "resize"}));
  assert_no_result(working);
  jobs.put(Job(""));
  success_result_of(working);
}

TEST(DeferredQueue, GivesValuesInTheOrderInWhichTheyWerePut) {
  DeferredQueue<int> queue;
  queue.put(1);
  queue.put(2);
  EXPECT_EQ(queue.pending(), 2u);
  EXPECT_EQ(success_result_of(queue.get()), 1);
  EXPECT_EQ(success_result_of(queue.get()), 2);
  EXPECT_EQ(queue.pending(), 0u);
}

TEST(DeferredQueue, ServesThoseThatWaitInTheOrderInWhichTheyCame) {
  DeferredQueue<int> queue;
  Deferred<int> first = queue.get();
  Deferred<int> second = queue.get();
  EXPECT_EQ(queue.waiting(), 2u);
  assert_no_result(first);
  queue.put(1);
  EXPECT_EQ(success_result_of(first), 1);
  assert_no_result(second);
  queue.put(2);
  EXPECT_EQ(success_result_of(second), 2);
  EXPECT_EQ(queue.waiting(), 0u);
}

TEST(DeferredQueue, HoldsMoveOnlyValues) {
  DeferredQueue<std::unique_ptr<int>> queue;
  queue.put(std::make_unique<int>(1));
  EXPECT_EQ(*success_result_of(queue.get()), 1);
  Deferred<std::unique_ptr<int>> waiting = queue.get();
  queue.put(std::make_unique<int>(2));
  EXPECT_EQ(*success_result_of(waiting), 2);
}

TEST(DeferredQueue, OverflowsAtItsSize) {
  DeferredQueue<int> queue({.size = 1});
  queue.put(1);
  try {
    queue.put(2);
    FAIL() << "it took a second value";
  } catch (const QueueOverflow& error) {
    EXPECT_STREQ(error.what(), "prometheus_async: the DeferredQueue is full, its size is 1");
  }
  EXPECT_EQ(success_result_of(queue.get()), 1);
  EXPECT_EQ(queue.pending(), 0u);
}

TEST(DeferredQueue, OfSizeZeroPassesValuesToThoseThatWait) {
  DeferredQueue<int> queue({.size = 0});
  EXPECT_THROW(queue.put(1), QueueOverflow);
  Deferred<int> waiting = queue.get();
  queue.put(2);
  EXPECT_EQ(success_result_of(waiting), 2);
  EXPECT_THROW(queue.put(3), QueueOverflow);
}

TEST(DeferredQueue, UnderflowsAtItsBacklog) {
  DeferredQueue<int> queue({.backlog = 1});
  Deferred<int> waiting = queue.get();
  try {
    static_cast<void>(queue.get());
    FAIL() << "a second one may wait";
  } catch (const QueueUnderflow& error) {
    EXPECT_STREQ(error.what(),
                 "prometheus_async: as many wait for a value of the DeferredQueue as may, its backlog is 1");
  }
  queue.put(1);
  EXPECT_EQ(success_result_of(waiting), 1);
}

TEST(DeferredQueue, OfBacklogZeroOnlyGivesWhatIsThere) {
  DeferredQueue<int> queue({.backlog = 0});
  EXPECT_THROW(static_cast<void>(queue.get()), QueueUnderflow);
  queue.put(1);
  EXPECT_EQ(success_result_of(queue.get()), 1);
}

TEST(DeferredQueue, CancellingOneThatWaitsGivesUpItsPlace) {
  DeferredQueue<int> queue({.backlog = 2});
  Deferred<int> cancelled = queue.get();
  Deferred<int> next = queue.get();
  cancelled.cancel();
  failure_result_of<CancelledError>(cancelled);
  EXPECT_EQ(queue.waiting(), 1u);
  queue.put(1);
  EXPECT_EQ(success_result_of(next), 1);
}

TEST(DeferredQueue, CancellingAfterAValueDoesNothing) {
  DeferredQueue<int> queue;
  queue.put(1);
  Deferred<int> there = queue.get();
  there.cancel();
  EXPECT_EQ(success_result_of(there), 1);
  Deferred<int> came = queue.get();
  queue.put(2);
  came.cancel();
  EXPECT_EQ(success_result_of(came), 2);
}

TEST(DeferredQueue, DestroyedAbandonsThoseThatWait) {
  std::optional<DeferredQueue<int>> queue(std::in_place);
  Deferred<int> waiting = queue->get();
  queue.reset();
  failure_result_of<AbandonedError>(waiting);
}

// A callback of the first cancels the second while the queue goes.
TEST(DeferredQueue, MayBeDestroyedWhileOneThatWaitsCancelsAnother) {
  std::optional<DeferredQueue<int>> queue(std::in_place);
  Deferred<int> first = queue->get();
  Deferred<int> second = queue->get();
  first.add_errback([&](Failure&& failure) {
    second.cancel();
    return std::move(failure);
  });
  queue.reset();
  failure_result_of<AbandonedError>(first);
  failure_result_of<CancelledError>(second);
}

}  // namespace
}  // namespace prometheus_async::tx
