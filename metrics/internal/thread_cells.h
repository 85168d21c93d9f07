// SPDX-License-Identifier: Apache-2.0
//
// What instruments count in: cells of which every thread has its own, so that recording takes no lock, no locked
// instruction and no cache line of another thread.
//
//   struct Cell {                                              // zero when constructed
//     std::atomic<std::uint64_t> count{0};
//     void fold(Cell& ended) noexcept;                         // adds what the cell of a thread that ended holds
//     void clear() noexcept;                                   // zero again
//   };
//   const CellId id = ThreadCells<Cell>::allocate(1);
//   ThreadCells<Cell>::update(id, [](Cell& cell) { ... });     // this thread is the cell's only writer
//   ThreadCells<Cell>::visit(id, [&](const Cell& cell) { ... });
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_THREAD_CELLS_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_THREAD_CELLS_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace prometheus_async::metrics::internal {

// A cell in every thread's array.
using CellId = std::uint32_t;

// Cells live in slabs of 256. A thread gets its own chunk of a slab when it first records in one of its cells: so what
// one thread touches is one small block of memory, however many threads there are. When the thread ends, its chunks are
// folded into the slab's `shared` chunk and freed: threads that come and go leave nothing behind.
//
// A thread that cannot have a chunk, because memory ran out or because its thread-locals are destroyed already, writes
// to the shared chunk under the slab's lock: slower, and as exact.
//
// Threads: all members are safe from any thread. Everything lives until the process ends, so threads that outlive main
// may record.
template <class Cell>
class ThreadCells {
  struct Chunk;
  struct Slab;

 public:
  static constexpr std::uint32_t kCellsPerChunk = 256;

  // `count` cells with consecutive ids, all zero. A run that fits into a chunk lies in one.
  static CellId allocate(std::uint32_t count);

  // Gives them back. REQUIRES: no thread records in them from now on.
  static void release(CellId first, std::uint32_t count) noexcept;

  // Calls `write` with this thread's cell; or, under a lock, with one that all threads share.
  template <class F>
  static void update(CellId id, F&& write) noexcept {
    if (Cell* const cell = find_local(id)) [[likely]] {
      write(*cell);
    } else {
      update_first(id, write);
    }
  }

  // The same with cell `offset` of a run that fits into a chunk: the way to it does not wait for the offset.
  template <class F>
  static void update_in_run(CellId first, std::uint32_t offset, F&& write) noexcept {
    if (Cell* const cell = find_local(first)) [[likely]] {
      write(cell[offset]);
    } else {
      update_first(first + offset, write);
    }
  }

  // The calling thread's cell, or null where it can have none.
  static Cell* local(CellId id) noexcept {
    Cell* const cell = find_local(id);
    return cell != nullptr ? cell : make_local(id);
  }

  // Calls `write` with the cell that all threads share, under the slab's lock.
  template <class F>
  static void update_shared(CellId id, F&& write) noexcept {
    Slab& slab = slab_of(id);
    const std::lock_guard lock(slab.mutex);
    write(slab.shared.cells[id % kCellsPerChunk]);
  }

  // Calls `read` with each cell of this id, the shared one first; no thread ends meanwhile. REQUIRES: `read` records
  // nothing.
  template <class F>
  static void visit(CellId id, F&& read) {
    Reader reader;
    reader.visit(id, read);
  }

  // Reads many cells, and takes a slab's lock once for a run of neighbours. REQUIRES: while one lives, its thread
  // records nothing and has no other.
  class Reader {
   public:
    template <class F>
    void visit(CellId id, F&& read) {
      if (slab_ == nullptr || id / kCellsPerChunk != slab_index_) {
        lock_ = {};  // before the next is taken: the order of two would matter
        slab_ = &slab_of(id);
        slab_index_ = id / kCellsPerChunk;
        lock_ = std::unique_lock(slab_->mutex);
      }
      const std::uint32_t index = id % kCellsPerChunk;
      read(slab_->shared.cells[index]);
      for (Chunk* const chunk : slab_->own) read(chunk->cells[index]);
    }

   private:
    Slab* slab_ = nullptr;
    std::uint32_t slab_index_ = 0;
    std::unique_lock<std::mutex> lock_;
  };

 private:
  struct alignas(64) Chunk {
    std::array<Cell, kCellsPerChunk> cells{};
  };
  struct Slab {
    std::mutex mutex;
    std::vector<Chunk*> own;  // of threads that live; guarded by mutex
    Chunk shared;             // written under mutex
  };

  // A thread's chunks by slab, null where it has none.
  struct Local {
    Chunk** chunks = nullptr;
    std::uint32_t size = 0;
    bool has_ended = false;
  };
  struct EndOfThread {
    ~EndOfThread() { retire(); }
  };

  // Two levels, so that a slab is found without a lock and never moves: 2^24 slabs in blocks of 2^12.
  static constexpr std::uint32_t kBlock = 4096;
  using Block = std::array<std::atomic<Slab*>, kBlock>;
  struct Slabs {
    std::array<std::atomic<Block*>, kBlock> blocks{};
    std::mutex mutex;
    std::uint64_t next = 0;                              // first id never used; guarded by mutex
    std::map<std::uint32_t, std::vector<CellId>> freed;  // by length of the run; guarded by mutex
  };

  static Slabs& slabs() {
    static Slabs& slabs = *new Slabs;
    return slabs;
  }
  static Slab& slab_of(CellId id) noexcept {
    const std::uint32_t slab = id / kCellsPerChunk;
    return *(*slabs().blocks[slab / kBlock].load(std::memory_order_acquire))[slab % kBlock].load(
        std::memory_order_acquire);
  }
  static Cell* find_local(CellId id) noexcept {
    const std::uint32_t slab = id / kCellsPerChunk;
    if (slab < local_.size) [[likely]] {
      if (Chunk* const chunk = local_.chunks[slab]) [[likely]]
        return &chunk->cells[id % kCellsPerChunk];
    }
    return nullptr;
  }
  // Out of line, so that what it needs does not weigh on every recording.
  template <class F>
  [[gnu::noinline, gnu::cold]] static void update_first(CellId id, F& write) noexcept {
    if (Cell* const cell = make_local(id)) return write(*cell);
    update_shared(id, write);
  }
  static void make_slab(std::uint32_t slab);
  static Cell* make_local(CellId id) noexcept;
  static void retire() noexcept;

#if defined(__linux__) && (defined(__GNUC__) || defined(__clang__))
  // Not through a call, also in a shared library.
  [[gnu::tls_model("initial-exec")]]
#endif
  static inline constinit thread_local Local local_{};
};

template <class Cell>
CellId ThreadCells<Cell>::allocate(std::uint32_t count) {
  Slabs& all = slabs();
  const std::lock_guard lock(all.mutex);
  if (const auto freed = all.freed.find(count); freed != all.freed.end() && !freed->second.empty()) {
    const CellId first = freed->second.back();
    freed->second.pop_back();
    return first;
  }
  std::uint64_t first = all.next;
  const auto left = static_cast<std::uint32_t>(kCellsPerChunk - first % kCellsPerChunk);
  const bool skips = left < count && count <= kCellsPerChunk;
  if (skips) first += left;
  const std::uint64_t last = first + count - 1;
  if (last > ~CellId{0}) throw std::bad_alloc();
  for (std::uint64_t slab = first / kCellsPerChunk; slab <= last / kCellsPerChunk; ++slab) {
    make_slab(static_cast<std::uint32_t>(slab));
  }
  all.freed[count];  // so that release() needs no memory but the list's own
  if (skips) {
    make_slab(static_cast<std::uint32_t>(all.next / kCellsPerChunk));
    all.freed[left].push_back(static_cast<CellId>(all.next));
  }
  all.next = last + 1;
  return static_cast<CellId>(first);
}

template <class Cell>
void ThreadCells<Cell>::release(CellId first, std::uint32_t count) noexcept {
  for (CellId id = first; id < first + count; ++id) {
    Slab& slab = slab_of(id);
    const std::lock_guard lock(slab.mutex);
    slab.shared.cells[id % kCellsPerChunk].clear();
    for (Chunk* const chunk : slab.own) chunk->cells[id % kCellsPerChunk].clear();
  }
  const std::lock_guard lock(slabs().mutex);
  try {
    slabs().freed[count].push_back(first);
  } catch (const std::bad_alloc&) {
    // The ids stay unused.
  }
}

template <class Cell>
void ThreadCells<Cell>::make_slab(std::uint32_t slab) {
  std::atomic<Block*>& block = slabs().blocks[slab / kBlock];
  if (block.load(std::memory_order_relaxed) == nullptr) block.store(new Block{}, std::memory_order_release);
  std::atomic<Slab*>& place = (*block.load(std::memory_order_relaxed))[slab % kBlock];
  if (place.load(std::memory_order_relaxed) == nullptr) place.store(new Slab, std::memory_order_release);
}

template <class Cell>
Cell* ThreadCells<Cell>::make_local(CellId id) noexcept {
  Local& local = local_;
  if (local.has_ended) return nullptr;
  try {
    static thread_local const EndOfThread at_end;
    const std::uint32_t slab_index = id / kCellsPerChunk;
    if (slab_index >= local.size) {
      const std::uint32_t size = std::max<std::uint32_t>({slab_index + 1, local.size * 2, 8});
      auto chunks = std::make_unique<Chunk*[]>(size);
      std::copy_n(local.chunks, local.size, chunks.get());
      delete[] local.chunks;
      local.chunks = chunks.release();
      local.size = size;
    }
    auto chunk = std::make_unique<Chunk>();
    Slab& slab = slab_of(id);
    {
      const std::lock_guard lock(slab.mutex);
      slab.own.push_back(chunk.get());
    }
    local.chunks[slab_index] = chunk.release();
    return &local.chunks[slab_index]->cells[id % kCellsPerChunk];
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

template <class Cell>
void ThreadCells<Cell>::retire() noexcept {
  Local& local = local_;
  local.has_ended = true;
  const std::uint32_t size = std::exchange(local.size, 0);
  for (std::uint32_t i = 0; i < size; ++i) {
    Chunk* const chunk = local.chunks[i];
    if (chunk == nullptr) continue;
    Slab& slab = slab_of(i * kCellsPerChunk);
    {
      const std::lock_guard lock(slab.mutex);
      for (std::uint32_t cell = 0; cell < kCellsPerChunk; ++cell) slab.shared.cells[cell].fold(chunk->cells[cell]);
      std::erase(slab.own, chunk);
    }
    delete chunk;
  }
  delete[] std::exchange(local.chunks, nullptr);
}

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_THREAD_CELLS_H_
