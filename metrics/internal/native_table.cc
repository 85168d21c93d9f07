// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/native_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <new>
#include <utility>

namespace prometheus_async::metrics::internal {
namespace {

constexpr std::size_t kFewestSlots = 8;
constexpr std::align_val_t kLine{64};

// At most three quarters are used: there is always a free slot for find() to stop at.
std::size_t slots_for(std::size_t keys) { return std::max(kFewestSlots, std::bit_ceil((keys * 4 + 2) / 3)); }

}  // namespace

void NativeTable::Free::operator()(BucketCell* block) const noexcept { ::operator delete(block, kLine); }

NativeTable::NativeTable(const NativeResolution& resolution, std::size_t keys)
    : resolution_(resolution),
      least_normal_(
          std::max(std::bit_cast<std::uint64_t>(resolution.zero_threshold) + 1, NativeSchema::kSmallestNormal)),
      normals_(NativeSchema::kInfinity - least_normal_),
      mask_(slots_for(keys) - 1),
      buckets_(static_cast<BucketCell*>(::operator new(slots() * (sizeof(BucketCell) + sizeof(NativeKey)), kLine))),
      keys_(reinterpret_cast<NativeKey*>(buckets_.get() + slots())) {
  std::uninitialized_default_construct_n(buckets_.get(), slots());
  std::uninitialized_default_construct_n(keys_, slots());
}

NativeKey NativeTable::key_at_ends(double value, std::uint32_t classic) const noexcept {
  if (std::isnan(value)) return NativeKey::of_nan();
  const double magnitude = std::abs(value);
  if (magnitude <= resolution_.zero_threshold) return NativeKey::of_zero(classic);
  return NativeKey(value < 0 ? ~std::uint64_t{0} : 0, resolution_.schema.index(magnitude), classic);
}

BucketCell& NativeTable::insert(NativeKey key) noexcept {
  std::size_t i = key.hash();
  while (!keys_[i & mask_].is_none()) ++i;
  keys_[i & mask_] = key;
  ++used_;
  return buckets_[i & mask_];
}

std::unique_ptr<NativeTable> NativeTable::at(const NativeResolution& later, std::size_t more) const {
  auto table = std::make_unique<NativeTable>(later, used_ + more);
  table->absorb(*this);
  return table;
}

bool NativeTable::absorb(const NativeTable& other) noexcept {
  std::size_t missing = 0;
  other.for_each([&](NativeKey key, const BucketCell::Pair&) {
    if (find(other.key_at(resolution_, key)) == nullptr) ++missing;
  });
  if (!has_room(missing)) return false;
  other.for_each([&](NativeKey key, const BucketCell::Pair& pair) {
    const NativeKey ours = other.key_at(resolution_, key);
    BucketCell* bucket = find(ours);
    if (bucket == nullptr) bucket = &insert(ours);
    bucket->add(pair.count, pair.sum);
  });
  return true;
}

NativeKey NativeTable::key_at(const NativeResolution& later, NativeKey key) const noexcept {
  if (key.is_zero() || later.generation == resolution_.generation) return key;
  if (resolution_.schema.upper_bound(key.index()) <= later.zero_threshold) return NativeKey::of_zero(key.classic());
  const int steps = resolution_.schema.schema() - later.schema.schema();
  return NativeKey(key.sign(), NativeSchema::coarser(key.index(), steps), key.classic());
}

void NativeTable::append(std::unique_ptr<NativeTable> last) noexcept {
  NativeTable* end = this;
  while (end->next_ != nullptr) end = end->next_.get();
  end->next_ = std::move(last);
}

NativeKey NativeCell::add(const NativeResolution& resolution, double value, std::uint32_t classic) {
  NativeTable* const before = table.load(std::memory_order_relaxed);
  const bool has_past = before != nullptr && before->resolution().epoch == resolution.epoch;
  if (has_past && before->resolution().generation == resolution.generation) {
    const NativeKey key = before->key(value, classic);
    BucketCell* bucket = before->find(key);
    if (bucket == nullptr && before->has_room(1)) bucket = &before->insert(key);
    if (bucket != nullptr) {
      bucket->add(value);
      return key;
    }
  }
  std::unique_ptr<NativeTable> after = has_past ? before->at(resolution, 1) : std::make_unique<NativeTable>(resolution);
  const NativeKey key = after->key(value, classic);
  BucketCell* bucket = after->find(key);
  if (bucket == nullptr) bucket = &after->insert(key);
  bucket->add(value);
  if (has_past) after->append(before->take_next());
  table.store(after.release(), std::memory_order_release);
  delete before;
  return key;
}

void NativeCell::fold(NativeCell& ended) noexcept {
  std::unique_ptr<NativeTable> theirs(ended.table.exchange(nullptr, std::memory_order_relaxed));
  if (theirs == nullptr) return;
  std::unique_ptr<NativeTable> ours(table.exchange(nullptr, std::memory_order_relaxed));
  if (ours == nullptr || ours->resolution().generation < theirs->resolution().generation) std::swap(ours, theirs);
  // What is of an earlier epoch goes.
  if (theirs != nullptr && theirs->resolution().epoch == ours->resolution().epoch) {
    ours->append(theirs->take_next());
    if (!ours->absorb(*theirs)) {
      try {
        std::unique_ptr<NativeTable> larger = ours->at(ours->resolution(), theirs->used());
        larger->absorb(*theirs);
        larger->append(ours->take_next());
        ours = std::move(larger);
      } catch (const std::bad_alloc&) {
        ours->append(std::move(theirs));
      }
    }
  }
  table.store(ours.release(), std::memory_order_release);
}

void NativeCell::clear() noexcept { delete table.exchange(nullptr, std::memory_order_relaxed); }

}  // namespace prometheus_async::metrics::internal
