// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/native_table.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <new>
#include <random>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

// Tables ask for memory that begins with a cache line, and here they can be refused it.
thread_local bool memory_is_short = false;

void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto line = static_cast<std::size_t>(alignment);
  void* const memory = memory_is_short ? nullptr : std::aligned_alloc(line, (size + line - 1) / line * line);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace prometheus_async::metrics::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kPositive = 0;
constexpr std::uint64_t kNegative = ~std::uint64_t{0};
constexpr std::int32_t kZero = std::numeric_limits<std::int32_t>::min();  // in contents(), of the zero bucket

// Bounds double.
const NativeResolution kFine{NativeSchema(0), 0x1p-128, 0, 0};
// Later: what is not above 1 is in the zero bucket, and bounds quadruple.
const NativeResolution kCoarse{NativeSchema(-1), 1, 2, 0};
// Later still, after a new start.
const NativeResolution kAnew{NativeSchema(0), 0x1p-128, 3, 1};

// Count and sum by signed native index, as `now` has it; classic buckets aside.
std::map<std::int32_t, std::pair<std::uint64_t, double>> contents(const NativeCell& cell, const NativeResolution& now) {
  std::map<std::int32_t, std::pair<std::uint64_t, double>> found;
  cell.for_each([&](const NativeTable& table) {
    if (table.resolution().epoch != now.epoch) return;
    table.for_each([&](NativeKey old, const BucketCell::Pair& pair) {
      const NativeKey key = table.key_at(now, old);
      auto& [count, sum] = found[key.is_zero() ? kZero : key.is_negative() ? -1000 - key.index() : key.index()];
      count += pair.count;
      sum += pair.sum;
    });
  });
  return found;
}

TEST(NativeKey, GivesBackWhatItWasMadeOf) {
  for (const std::int32_t index : {0, 1, -1, 1025, -1074, 262145, -274944}) {
    for (const std::uint32_t classic : {0u, 1u, 11u, (1u << 30) - 2}) {
      const NativeKey positive(kPositive, index, classic);
      const NativeKey negative(kNegative, index, classic);
      EXPECT_EQ(positive.index(), index);
      EXPECT_EQ(negative.index(), index);
      EXPECT_EQ(positive.classic(), classic);
      EXPECT_EQ(negative.classic(), classic);
      EXPECT_FALSE(positive.is_negative() || positive.is_zero() || positive.is_none());
      EXPECT_TRUE(negative.is_negative() && !negative.is_zero() && !negative.is_none());
      EXPECT_FALSE(positive == negative);
    }
  }
}

TEST(NativeKey, OfTheZeroBucketIsLikeNoOther) {
  EXPECT_TRUE(NativeKey::of_zero(3).is_zero());
  EXPECT_FALSE(NativeKey::of_zero(3).is_negative());
  EXPECT_EQ(NativeKey::of_zero(3).classic(), 3u);
  EXPECT_EQ(NativeKey::of_zero(3).index(), 0);
  EXPECT_FALSE(NativeKey::of_zero(3) == NativeKey(kPositive, 0, 3));
  EXPECT_FALSE(NativeKey::of_zero(3) == NativeKey::of_zero(4));
  EXPECT_TRUE(NativeKey().is_none());
}

TEST(NativeTable, FindsTheBucketOfAValue) {
  const NativeTable table(kFine);
  EXPECT_EQ(table.key(3, 7), NativeKey(kPositive, 2, 7));
  EXPECT_EQ(table.key(-4, 0), NativeKey(kNegative, 2, 0));
  EXPECT_EQ(table.key(kInfinity, 0), NativeKey(kPositive, 1025, 0));
  EXPECT_EQ(table.key(-kInfinity, 0), NativeKey(kNegative, 1025, 0));
  EXPECT_EQ(table.key(std::numeric_limits<double>::max(), 0), NativeKey(kPositive, 1024, 0));
}

TEST(NativeTable, TheZeroBucketHasTheThresholdOnBothSides) {
  for (const double threshold :
       {0x1p-128, 0.3, 1.0, 0x1p-1030, std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max()}) {
    const NativeTable table({NativeSchema(3), threshold, 0, 0});
    for (const double value : {0.0, -0.0, threshold / 2, threshold, -threshold}) {
      EXPECT_TRUE(table.key(value, 0).is_zero()) << threshold << " " << value;
    }
    const double above = std::nextafter(threshold, kInfinity);
    EXPECT_EQ(table.key(above, 0), NativeKey(kPositive, NativeSchema(3).index(above), 0)) << threshold;
    EXPECT_EQ(table.key(-above, 0), NativeKey(kNegative, NativeSchema(3).index(above), 0)) << threshold;
  }
}

TEST(NativeTable, TakesSubnormalValuesWhereTheThresholdIsBelow) {
  const NativeTable table({NativeSchema(0), 0x1p-1070, 0, 0});
  EXPECT_EQ(table.key(0x1p-1069, 0), NativeKey(kPositive, -1069, 0));
  EXPECT_EQ(table.key(-0x1p-1040, 0), NativeKey(kNegative, -1040, 0));
}

// Against a map, with keys that collide: far apart, on both sides, with classic buckets.
TEST(NativeCell, KeepsEachKeyApartWhileItGrows) {
  std::mt19937 random(7);
  NativeCell cell;
  std::map<std::pair<std::int32_t, std::uint32_t>, std::uint64_t> model;
  const NativeResolution fine{NativeSchema(8), 0x1p-128, 0, 0};
  const NativeTable keys(fine);
  for (int n = 0; n < 5000; ++n) {
    const double value = std::ldexp(1.0, static_cast<int>(random() % 200)) * (random() % 2 ? 1 : -1);
    const std::uint32_t classic = random() % 3;
    const NativeKey key = cell.add(fine, value, classic);
    EXPECT_EQ(key, keys.key(value, classic));
    ++model[{key.is_negative() ? -key.index() - 1 : key.index(), classic}];
  }
  std::size_t found = 0;
  cell.for_each([&](const NativeTable& table) {
    table.for_each([&](NativeKey key, const BucketCell::Pair& pair) {
      ++found;
      EXPECT_EQ(pair.count, (model[{key.is_negative() ? -key.index() - 1 : key.index(), key.classic()}]));
    });
    EXPECT_LE(table.slots(), 2 * 4 * model.size() / 3);
  });
  EXPECT_EQ(found, model.size());
}

TEST(NativeCell, IsSmallWithFewBuckets) {
  NativeCell cell;
  for (const double value : {1, 2, 3, 4, 5, 6}) cell.add(kFine, value, 0);
  cell.for_each([](const NativeTable& table) { EXPECT_EQ(table.slots(), 8u); });
}

TEST(NativeCell, BringsWhatItHasToALaterResolution) {
  NativeCell cell;
  for (const double value : {-2, -1, 0, 1, 2, 3, 4, 5}) cell.add(kFine, value, 0);
  EXPECT_THAT(contents(cell, kFine),
              ElementsAre(Pair(kZero, Pair(1, 0)), Pair(-1001, Pair(1, -2)), Pair(-1000, Pair(1, -1)),
                          Pair(0, Pair(1, 1)), Pair(1, Pair(1, 2)), Pair(2, Pair(2, 7)), Pair(3, Pair(1, 5))));
  const auto at_read = contents(cell, kCoarse);
  EXPECT_THAT(at_read,
              ElementsAre(Pair(kZero, Pair(3, 0)), Pair(-1001, Pair(1, -2)), Pair(1, Pair(3, 9)), Pair(2, Pair(1, 5))));
  cell.add(kCoarse, 0.5, 0);
  EXPECT_THAT(contents(cell, kCoarse), ElementsAre(Pair(kZero, Pair(4, 0.5)), Pair(-1001, Pair(1, -2)),
                                                   Pair(1, Pair(3, 9)), Pair(2, Pair(1, 5))));
}

TEST(NativeCell, DropsWhatIsOfAnEarlierEpoch) {
  NativeCell cell;
  cell.add(kCoarse, 3, 0);
  EXPECT_THAT(contents(cell, kAnew), IsEmpty());
  cell.add(kAnew, 5, 0);
  EXPECT_THAT(contents(cell, kAnew), ElementsAre(Pair(3, Pair(1, 5))));
}

TEST(NativeCell, FoldsAnEndedThreadsIn) {
  NativeCell shared;
  for (int thread = 0; thread < 3; ++thread) {
    NativeCell ended;
    for (const double value : {1.0, 2.0, std::ldexp(1.0, thread + 10)}) ended.add(kFine, value, 0);
    shared.fold(ended);
    EXPECT_THAT(contents(ended, kFine), IsEmpty());
  }
  EXPECT_THAT(contents(shared, kFine), ElementsAre(Pair(0, Pair(3, 3)), Pair(1, Pair(3, 6)), Pair(10, Pair(1, 1024)),
                                                   Pair(11, Pair(1, 2048)), Pair(12, Pair(1, 4096))));
}

TEST(NativeCell, KeepsRoomWhenItFoldsBucketsOfItsOwn) {
  NativeCell shared;
  for (int thread = 0; thread < 10; ++thread) {
    NativeCell ended;
    for (int i = 0; i < 6; ++i) ended.add(kFine, std::ldexp(1.0, thread * 6 + i), 0);
    shared.fold(ended);
    shared.for_each([](const NativeTable& table) { EXPECT_TRUE(table.has_room(0)); });
  }
  EXPECT_EQ(contents(shared, kFine).size(), 60u);
}

TEST(NativeCell, FoldsEarlierAndLaterResolutionsEitherWay) {
  for (const bool is_ended_later : {false, true}) {
    NativeCell shared;
    NativeCell ended;
    for (const double value : {1, 4, 5}) {
      shared.add(is_ended_later ? kFine : kCoarse, value, 0);
      ended.add(is_ended_later ? kCoarse : kFine, value, 0);
    }
    shared.fold(ended);
    EXPECT_THAT(contents(shared, kCoarse),
                ElementsAre(Pair(kZero, Pair(2, 2)), Pair(1, Pair(2, 8)), Pair(2, Pair(2, 10))));
  }
}

TEST(NativeCell, FoldsNothingOfAnEarlierEpoch) {
  for (const bool is_ended_later : {false, true}) {
    NativeCell shared;
    NativeCell ended;
    shared.add(is_ended_later ? kFine : kAnew, 2, 0);
    ended.add(is_ended_later ? kAnew : kFine, 2, 0);
    shared.fold(ended);
    EXPECT_THAT(contents(shared, kAnew), ElementsAre(Pair(1, Pair(1, 2))));
  }
}

TEST(NativeCell, ChangesNothingWhenMemoryIsShort) {
  NativeCell cell;
  for (const double value : {1, 2, 3, 5, 9, 17}) cell.add(kFine, value, 0);  // as many as the first table takes
  const auto before = contents(cell, kFine);
  memory_is_short = true;
  EXPECT_THROW(cell.add(kFine, 1000, 0), std::bad_alloc);
  EXPECT_THROW(cell.add(kCoarse, 1, 0), std::bad_alloc);
  memory_is_short = false;
  EXPECT_EQ(contents(cell, kFine), before);
}

// Two tables of four buckets each, which memory was too short to make one of.
void fold_while_memory_is_short(NativeCell& shared) {
  NativeCell ended;
  for (const double value : {1, 2, 4, 8}) {
    shared.add(kFine, value, 0);
    ended.add(kFine, value * 16, 0);
  }
  memory_is_short = true;
  shared.fold(ended);
  memory_is_short = false;
}

TEST(NativeCell, LosesNothingOfAnEndedThreadWhenMemoryIsShort) {
  NativeCell shared;
  fold_while_memory_is_short(shared);
  EXPECT_EQ(contents(shared, kFine).size(), 8u);
  NativeCell last;
  last.add(kCoarse, 256, 0);
  shared.fold(last);
  EXPECT_THAT(contents(shared, kCoarse), ElementsAre(Pair(kZero, Pair(1, 1)), Pair(1, Pair(2, 6)), Pair(2, Pair(2, 24)),
                                                     Pair(3, Pair(2, 96)), Pair(4, Pair(2, 128 + 256))));
}

TEST(NativeCell, TakesBothTablesToALaterResolution) {
  NativeCell shared;
  fold_while_memory_is_short(shared);
  shared.add(kCoarse, 1, 0);
  EXPECT_THAT(contents(shared, kCoarse), ElementsAre(Pair(kZero, Pair(2, 2)), Pair(1, Pair(2, 6)), Pair(2, Pair(2, 24)),
                                                     Pair(3, Pair(2, 96)), Pair(4, Pair(1, 128))));
}

TEST(NativeCell, TakesBothTablesToALargerOne) {
  NativeCell shared;
  fold_while_memory_is_short(shared);
  NativeCell last;
  for (int exponent = 10; exponent < 30; ++exponent) last.add(kFine, std::ldexp(1.0, exponent), 0);
  shared.fold(last);
  EXPECT_EQ(contents(shared, kFine).size(), 28u);
}

}  // namespace
}  // namespace prometheus_async::metrics::internal
