// SPDX-License-Identifier: Apache-2.0
#include "tx/deferred_lock.h"

#include <functional>
#include <stdexcept>
#include <string>
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
class DeferredLockExample : public ::testing::Test {
 protected:
  using Line = std::string;
  struct Journal {
    std::vector<Promise<void>> writes;
    int flushes = 0;

    tx::Deferred<void> write(const Line&) { return writes.emplace_back().get_deferred(); }
    void flush() { ++flushes; }
  };

  Journal journal;
  tx::DeferredLock lock;

  tx::Deferred<void> append(Line line) {
    tx::Permit held = co_await lock.acquire();
    co_await journal.write(line);
  }
};

TEST_F(DeferredLockExample, WritesOneLineAtATime) {
  tx::Deferred<void> first = append("one");
  tx::Deferred<void> second = append("two");
  tx::Deferred<void> done = lock.run(&Journal::flush, std::ref(journal));
  EXPECT_EQ(journal.writes.size(), 1u);
  journal.writes[0].callback();
  success_result_of(first);
  EXPECT_EQ(journal.writes.size(), 2u);
  EXPECT_EQ(journal.flushes, 0);
  journal.writes[1].callback();
  success_result_of(second);
  success_result_of(done);
  EXPECT_EQ(journal.flushes, 1);
  EXPECT_FALSE(lock.locked());
}

TEST(DeferredLock, IsHeldByOne) {
  DeferredLock lock;
  EXPECT_FALSE(lock.locked());
  Permit held = success_result_of(lock.acquire());
  EXPECT_TRUE(lock.locked());
  Deferred<Permit> waiting = lock.acquire();
  assert_no_result(waiting);
  held.release();
  EXPECT_TRUE(lock.locked());
  held = success_result_of(waiting);
  held.release();
  EXPECT_FALSE(lock.locked());
  EXPECT_THROW(held.release(), std::logic_error);
}

TEST(DeferredLock, CancellingAWaitingAcquireGivesUpItsPlace) {
  DeferredLock lock;
  Permit held = success_result_of(lock.acquire());
  Deferred<Permit> waiting = lock.acquire();
  waiting.cancel();
  failure_result_of<CancelledError>(waiting);
  held.release();
  EXPECT_FALSE(lock.locked());
}

TEST(DeferredLock, RunUnlocksAfterAFailure) {
  DeferredLock lock;
  failure_result_of<std::runtime_error>(lock.run([]() -> int { throw std::runtime_error("no"); }));
  EXPECT_FALSE(lock.locked());
}

}  // namespace
}  // namespace prometheus_async::tx
