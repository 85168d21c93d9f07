// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/thread_cells.h"

#include <atomic>
#include <cstdint>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace prometheus_async::metrics::internal {
namespace {

// Each test has cells of its own, by `Tag`, so that the ids begin at zero.
template <int Tag>
struct Cell {
  Cell() { ++alive; }
  ~Cell() { --alive; }
  void add(std::uint64_t amount) noexcept {
    count.store(count.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void fold(Cell& ended) noexcept { add(ended.count.load(std::memory_order_relaxed)); }
  void clear() noexcept { count.store(0, std::memory_order_relaxed); }

  std::atomic<std::uint64_t> count{0};
  static inline std::atomic<int> alive{0};
};

template <class C>
void add(CellId id, std::uint64_t amount) {
  ThreadCells<C>::update(id, [amount](C& cell) { cell.add(amount); });
}

template <class C>
std::uint64_t sum(CellId id) {
  std::uint64_t sum = 0;
  ThreadCells<C>::visit(id, [&](const C& cell) { sum += cell.count.load(std::memory_order_relaxed); });
  return sum;
}

TEST(ThreadCells, EveryThreadHasACellOfItsOwn) {
  using C = Cell<0>;
  const CellId id = ThreadCells<C>::allocate(1);
  C* const mine = ThreadCells<C>::local(id);
  EXPECT_EQ(ThreadCells<C>::local(id), mine);
  C* other = nullptr;
  std::thread([&] { other = ThreadCells<C>::local(id); }).join();
  EXPECT_NE(other, nullptr);
  EXPECT_NE(other, mine);
}

TEST(ThreadCells, CountsOfEndedThreadsStayAndTheirMemoryGoes) {
  using C = Cell<1>;
  const CellId id = ThreadCells<C>::allocate(1);
  add<C>(id, 1);
  const int before = C::alive;
  for (int i = 0; i < 5000; ++i) std::thread([&] { add<C>(id, 2); }).join();
  EXPECT_EQ(sum<C>(id), 10'001u);
  EXPECT_EQ(C::alive, before);
}

TEST(ThreadCells, ThreadsThatLiveAtOnceAreSummedUp) {
  using C = Cell<2>;
  constexpr int kThreads = 200;
  const CellId id = ThreadCells<C>::allocate(1);
  std::latch recorded(kThreads);
  std::latch read(1);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      add<C>(id, 3);
      recorded.count_down();
      read.wait();
    });
  }
  recorded.wait();
  EXPECT_EQ(sum<C>(id), 3u * kThreads);
  read.count_down();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum<C>(id), 3u * kThreads);
}

// A sum never falls while threads come, record and end.
TEST(ThreadCells, NothingIsLostOrCountedTwiceWhileThreadsEnd) {
  using C = Cell<3>;
  const CellId id = ThreadCells<C>::allocate(1);
  std::atomic<bool> done = false;
  std::thread churn([&] {
    for (int i = 0; i < 2000; ++i) std::thread([&] { add<C>(id, 1); }).join();
    done = true;
  });
  std::uint64_t last = 0;
  while (!done) {
    const std::uint64_t now = sum<C>(id);
    ASSERT_GE(now, last);
    ASSERT_LE(now, 2000u);
    last = now;
  }
  churn.join();
  EXPECT_EQ(sum<C>(id), 2000u);
}

TEST(ThreadCells, IdsAreReusedFromZero) {
  using C = Cell<4>;
  const CellId first = ThreadCells<C>::allocate(3);
  add<C>(first + 2, 7);
  std::thread([&] { add<C>(first + 2, 7); }).join();
  ThreadCells<C>::release(first, 3);
  EXPECT_NE(ThreadCells<C>::allocate(2), first);  // runs are reused whole
  EXPECT_EQ(ThreadCells<C>::allocate(3), first);
  EXPECT_EQ(sum<C>(first + 2), 0u);
}

TEST(ThreadCells, RunsAreApartAndMayBeLongerThanAChunk) {
  using C = Cell<5>;
  std::set<CellId> all;
  std::size_t ids = 0;
  for (const std::uint32_t count : {1u, 700u, 1u, 256u, 3u}) {
    const CellId first = ThreadCells<C>::allocate(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      all.insert(first + i);
      add<C>(first + i, 1);
    }
    ids += count;
  }
  EXPECT_EQ(all.size(), ids);
  for (const CellId id : all) EXPECT_EQ(sum<C>(id), 1u);
}

// What is left of a chunk that a run does not fit into is not lost.
TEST(ThreadCells, ARunThatFitsIntoAChunkLiesInOne) {
  using C = Cell<8>;
  constexpr std::uint32_t kChunk = ThreadCells<C>::kCellsPerChunk;
  EXPECT_EQ(ThreadCells<C>::allocate(200), 0u);
  const CellId first = ThreadCells<C>::allocate(100);
  EXPECT_EQ(first, kChunk);
  ThreadCells<C>::update_in_run(first, 99, [](C& cell) { cell.add(5); });
  EXPECT_EQ(sum<C>(first + 99), 5u);
  EXPECT_EQ(ThreadCells<C>::allocate(56), 200u);
  add<C>(255, 1);
  EXPECT_EQ(sum<C>(255), 1u);
  EXPECT_EQ(ThreadCells<C>::allocate(156), kChunk + 100);
  EXPECT_EQ(ThreadCells<C>::allocate(256), 2 * kChunk);
}

TEST(ThreadCells, AReaderGoesThroughManySlabs) {
  using C = Cell<6>;
  const CellId first = ThreadCells<C>::allocate(1000);
  for (CellId id = first; id < first + 1000; ++id) add<C>(id, id);
  ThreadCells<C>::Reader reader;
  for (CellId id = first; id < first + 1000; ++id) {
    std::uint64_t sum = 0;
    reader.visit(id, [&](const C& cell) { sum += cell.count; });
    ASSERT_EQ(sum, id);
  }
}

// What is recorded by the destructors of a thread's own variables, after its cells have gone, counts too.
TEST(ThreadCells, AThreadMayRecordUntilItsVeryEnd) {
  using C = Cell<7>;
  static CellId id = ThreadCells<C>::allocate(1);
  struct RecordsAtTheEnd {
    ~RecordsAtTheEnd() {
      EXPECT_EQ(ThreadCells<C>::local(id), nullptr);
      add<C>(id, 10);
    }
  };
  std::thread([] {
    // Constructed before the cells, so destroyed after them.
    static thread_local const RecordsAtTheEnd at_end;
    static_cast<void>(&at_end);
    add<C>(id, 1);
  }).join();
  EXPECT_EQ(sum<C>(id), 11u);
}

}  // namespace
}  // namespace prometheus_async::metrics::internal
