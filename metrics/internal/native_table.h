// SPDX-License-Identifier: Apache-2.0
//
// What one thread has counted in one native histogram: pairs of count and sum, found by the buckets that the values
// belong to. The native and the classic view of a histogram are added up from the same pairs, so they never disagree.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_NATIVE_TABLE_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_NATIVE_TABLE_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "metrics/internal/cells.h"
#include "metrics/internal/native_schema.h"

namespace prometheus_async::metrics::internal {

// How finely a native histogram counts at the moment. Within an epoch it only becomes coarser.
struct NativeResolution {
  NativeSchema schema;
  double zero_threshold = 0;
  std::uint64_t generation = 0;  // of two, the greater is the later; what starts anew is later too
  std::uint64_t epoch = 0;       // how often all was started anew
};

// The native and the classic bucket of a value.
class NativeKey {
 public:
  NativeKey() = default;                                                    // no bucket's
  static NativeKey of_nan() noexcept { return NativeKey(kNone & ~kZero); }  // of a bucket that is in no table
  static NativeKey of_zero(std::uint32_t classic) noexcept { return NativeKey(std::uint64_t{classic} << 34 | kZero); }
  // Of positive values with a `sign` of 0, of negative ones with ~0.
  NativeKey(std::uint64_t sign, std::int32_t index, std::uint32_t classic) noexcept
      : NativeKey(std::uint64_t{classic} << 34 | (sign & kNegative) |
                  (static_cast<std::uint32_t>(index) ^ static_cast<std::uint32_t>(sign))) {}

  bool is_none() const noexcept { return bits_ == kNone; }
  bool is_zero() const noexcept { return (bits_ & kZero) != 0; }
  std::uint64_t sign() const noexcept { return bits_ & kNegative ? ~std::uint64_t{0} : 0; }
  bool is_negative() const noexcept { return (bits_ & kNegative) != 0; }
  // 0 for the zero bucket.
  std::int32_t index() const noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(bits_) ^ static_cast<std::uint32_t>(sign()));
  }
  std::uint32_t classic() const noexcept { return static_cast<std::uint32_t>(bits_ >> 34); }

  // Of neighbours, neighbours: they share a table without a collision.
  std::size_t hash() const noexcept { return static_cast<std::size_t>(bits_ + (bits_ >> 34)); }

  friend bool operator==(const NativeKey&, const NativeKey&) = default;

 private:
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  static constexpr std::uint64_t kNegative = std::uint64_t{1} << 32;
  static constexpr std::uint64_t kZero = std::uint64_t{1} << 33;

  explicit NativeKey(std::uint64_t bits) noexcept : bits_(bits) {}

  std::uint64_t bits_ = kNone;
};

// Threads: one owner adds values. Keys come by insert(), which the owner and readers do under one lock; then they may
// look at the pairs while the owner adds to them.
class NativeTable {
 public:
  // With room for `keys`. Throws std::bad_alloc.
  explicit NativeTable(const NativeResolution& resolution, std::size_t keys = 1);

  const NativeResolution& resolution() const noexcept { return resolution_; }

  NativeKey key(double value, std::uint32_t classic) const noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    if (bits - least_normal_ >= normals_) [[unlikely]]
      return key_at_ends(value, classic);
    return NativeKey(0, resolution_.schema.index_of_normal(bits), classic);
  }

  // Null if no value had this key yet. REQUIRES: a key.
  BucketCell* find(NativeKey key) noexcept {
    for (std::size_t i = key.hash();; ++i) {
      const std::size_t at = i & mask_;
      if (keys_[at] == key) [[likely]]
        return &buckets_[at];
      if (keys_[at].is_none()) return nullptr;
    }
  }

  // Whether insert() has room for `more` keys.
  bool has_room(std::size_t more) const noexcept { return (used_ + more) * 4 <= slots() * 3; }
  // REQUIRES: find() is null, has_room(1).
  BucketCell& insert(NativeKey key) noexcept;

  // A table of what is here, at a resolution of the same epoch that is not earlier, with room for `more` keys.
  // Throws std::bad_alloc.
  std::unique_ptr<NativeTable> at(const NativeResolution& later, std::size_t more) const;

  // Adds what `other` holds, which is of the same epoch and not later. REQUIRES: no reader. False, and nothing is
  // added, where there is no room.
  bool absorb(const NativeTable& other) noexcept;

  // Calls `visit` with each key and its BucketCell::Pair.
  template <class F>
  void for_each(F&& visit) const {
    for (std::size_t i = 0; i < slots(); ++i) {
      if (!keys_[i].is_none()) visit(keys_[i], buckets_[i].read());
    }
  }

  // The key that values with `key`, one of this table's, have at a resolution of the same epoch that is not earlier.
  NativeKey key_at(const NativeResolution& later, NativeKey key) const noexcept;

  // A list of tables, for when memory is too short to make one of two.
  const NativeTable* next() const noexcept { return next_.get(); }
  std::unique_ptr<NativeTable> take_next() noexcept { return std::move(next_); }
  void append(std::unique_ptr<NativeTable> last) noexcept;

  std::size_t used() const noexcept { return used_; }
  std::size_t slots() const noexcept { return mask_ + 1; }

 private:
  // Of zero, infinity, NaN, and what is subnormal or negative.
  NativeKey key_at_ends(double value, std::uint32_t classic) const noexcept;

  // One block, the buckets and then their keys, which begins with a cache line: what is beside it may be another
  // thread's.
  struct Free {
    void operator()(BucketCell* block) const noexcept;
  };

  const NativeResolution resolution_;
  // The bits of the least value above the zero bucket that is not subnormal; and from there to infinity's.
  const std::uint64_t least_normal_;
  const std::uint64_t normals_;
  const std::size_t mask_;
  std::size_t used_ = 0;
  const std::unique_ptr<BucketCell[], Free> buckets_;
  NativeKey* const keys_;  // in the same block
  std::unique_ptr<NativeTable> next_;
};

// A thread's cell of one native histogram (metrics/internal/thread_cells.h).
struct NativeCell {
  std::atomic<NativeTable*> table{nullptr};

  NativeCell() = default;
  ~NativeCell() { clear(); }
  NativeCell(const NativeCell&) = delete;
  NativeCell& operator=(const NativeCell&) = delete;

  // The bucket of a value, which has `key` then; or null where that would be a new one, for NaN, and where the table is
  // not of that generation.
  BucketCell* find(std::uint64_t generation, double value, std::uint32_t classic, NativeKey& key) noexcept {
    NativeTable* const own = table.load(std::memory_order_relaxed);
    if (own == nullptr || own->resolution().generation != generation) [[unlikely]] {
      return nullptr;
    }
    key = own->key(value, classic);
    return own->find(key);
  }

  // Adds a value at the given resolution; what was there is brought to it first, or dropped if it is of an earlier
  // epoch. REQUIRES: the lock that readers take. Throws std::bad_alloc, and then nothing has changed.
  NativeKey add(const NativeResolution& resolution, double value, std::uint32_t classic);

  void fold(NativeCell& ended) noexcept;
  void clear() noexcept;

  // Calls `visit` with each table. REQUIRES: that lock.
  template <class F>
  void for_each(F&& visit) const {
    for (const NativeTable* t = table.load(std::memory_order_acquire); t != nullptr; t = t->next()) visit(*t);
  }
};

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_NATIVE_TABLE_H_
