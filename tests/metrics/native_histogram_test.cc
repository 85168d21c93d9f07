// SPDX-License-Identifier: Apache-2.0
#include "metrics/native_histogram.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/concepts.h"
#include "metrics/exemplar_provider.h"
#include "metrics/histogram.h"
#include "metrics/refused.h"

namespace prometheus_async::metrics {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Bucket = NativeBuckets::Bucket;

static_assert(Observer<NativeHistogram>);

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Factor 2: the bucket with index i ends at 2^i.
constexpr NativeOptions kDoubling{.bucket_factor = 2, .min_reset_interval = 0ns};

// A clock that goes by hand.
struct Clock {
  static inline std::chrono::steady_clock::time_point steady{};
  static inline double unix_time = 1000;
  static constexpr internal::NativeClock kClock{.now = []() noexcept { return steady; },
                                                .unix_time = []() noexcept { return unix_time; }};
  static void step(std::chrono::seconds by) {
    steady += by;
    unix_time += static_cast<double>(by.count());
  }
};

std::uint64_t native_count(const HistogramSnapshot& snapshot) {
  std::uint64_t count = snapshot.native->zero_count;
  for (const auto* side : {&snapshot.native->positive, &snapshot.native->negative}) {
    for (const Bucket& bucket : *side) count += bucket.count;
  }
  return count;
}

std::map<std::int32_t, std::uint64_t> as_map(const std::vector<Bucket>& buckets) {
  std::map<std::int32_t, std::uint64_t> counts;
  for (const Bucket& bucket : buckets) counts[bucket.index] = bucket.count;
  return counts;
}

// Observes on a thread that ends before this returns.
void observe_elsewhere(NativeHistogram& histogram, const std::vector<double>& values) {
  std::thread([&] {
    for (const double value : values) histogram.Observe(value);
  }).join();
}

TEST(NativeHistogram, ListsBucketsAscendingOnBothSides) {
  NativeHistogram histogram(kDoubling);
  for (const double value : {8.0, 1.0, 3.0, 4.0, 0.5, -3.0, -0.25, -3.0, 0.0, -0.0, 1e-50}) histogram.Observe(value);
  const HistogramSnapshot snapshot = histogram.snapshot();
  ASSERT_TRUE(snapshot.native);
  EXPECT_EQ(snapshot.native->schema, 0);
  EXPECT_EQ(snapshot.native->zero_threshold, 0x1p-128);
  EXPECT_EQ(snapshot.native->zero_count, 3u);
  EXPECT_THAT(snapshot.native->positive, ElementsAre(Bucket{-1, 1}, Bucket{0, 1}, Bucket{2, 2}, Bucket{3, 1}));
  EXPECT_THAT(snapshot.native->negative, ElementsAre(Bucket{-2, 1}, Bucket{2, 2}));
  EXPECT_THAT(snapshot.bounds, IsEmpty());
  EXPECT_THAT(snapshot.counts, ElementsAre(11));
  EXPECT_EQ(snapshot.count(), 11u);
  EXPECT_EQ(snapshot.sum, 10.25 + 1e-50);
}

TEST(NativeHistogram, IsEmptyAtFirst) {
  NativeHistogram histogram({.bucket_factor = 1.1}, {1, 2});
  const HistogramSnapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.native->schema, 3);
  EXPECT_EQ(native_count(snapshot), 0u);
  EXPECT_THAT(snapshot.native->positive, IsEmpty());
  EXPECT_THAT(snapshot.counts, ElementsAre(0, 0, 0));
  EXPECT_EQ(snapshot.sum, 0);
}

TEST(NativeHistogram, CountsInfinitiesPastTheGreatestDouble) {
  NativeHistogram histogram(kDoubling, {1});
  histogram.Observe(std::numeric_limits<double>::max());
  histogram.Observe(kInfinity);
  EXPECT_THAT(histogram.snapshot().native->positive, ElementsAre(Bucket{1024, 1}, Bucket{1025, 1}));
  EXPECT_EQ(histogram.snapshot().sum, kInfinity);
  histogram.Observe(-kInfinity);
  EXPECT_THAT(histogram.snapshot().native->negative, ElementsAre(Bucket{1025, 1}));
  EXPECT_THAT(histogram.snapshot().counts, ElementsAre(1, 2));
  EXPECT_TRUE(std::isnan(histogram.snapshot().sum));
}

TEST(NativeHistogram, RefusesAndCountsNaN) {
  NativeHistogram histogram;
  const auto before = refused_values();
  histogram.Observe(kNaN);
  histogram.Observe(kNaN, exemplar({{"trace_id", "a"}}));
  EXPECT_EQ(refused_values() - before, 2u);
  EXPECT_EQ(histogram.snapshot().count(), 0u);
  EXPECT_EQ(histogram.snapshot().sum, 0);
  EXPECT_THAT(histogram.snapshot().exemplars, IsEmpty());
}

TEST(NativeHistogram, ChecksItsOptionsAndBounds) {
  EXPECT_THROW(NativeHistogram({.bucket_factor = 1}), std::invalid_argument);
  EXPECT_THROW(NativeHistogram({}, {2, 1}), std::invalid_argument);
}

// The same values into a classic histogram, and into a list.
TEST(NativeHistogram, AgreesWithAClassicOneAndWithAPlainModel) {
  const Buckets bounds{-10, -0.5, 0, 1e-9, 0.25, 1, 3, 1e6};
  for (const double factor : {1.003, 1.1, 2.0, 300.0}) {
    for (const std::size_t most : {std::size_t{0}, std::size_t{10}, std::size_t{160}}) {
      for (const double max_zero_threshold : {0.0, 0.01}) {
        NativeHistogram histogram({.bucket_factor = factor,
                                   .max_buckets = most,
                                   .min_reset_interval = 0ns,
                                   .max_zero_threshold = max_zero_threshold},
                                  bounds);
        Histogram classic(bounds);
        std::vector<double> values{0, 1, -1, 0.25, 1e6, -10};
        std::mt19937_64 random(8);
        for (int n = 0; n < 3000; ++n) {
          // Multiples of 2^-12, so few of them that their sum is exact.
          const auto mantissa = static_cast<double>(random() % 256);
          values.push_back(std::ldexp(mantissa, static_cast<int>(random() % 24) - 12) * (random() % 3 == 0 ? -1 : 1));
        }
        double sum = 0;
        for (const double value : values) {
          histogram.Observe(value);
          classic.Observe(value);
          sum += value;
        }

        const HistogramSnapshot snapshot = histogram.snapshot();
        EXPECT_EQ(snapshot.counts, classic.snapshot().counts);
        EXPECT_EQ(snapshot.sum, sum);
        const internal::NativeSchema schema(snapshot.native->schema);
        std::uint64_t zero_count = 0;
        std::map<std::int32_t, std::uint64_t> positive;
        std::map<std::int32_t, std::uint64_t> negative;
        for (const double value : values) {
          if (std::abs(value) <= snapshot.native->zero_threshold) {
            ++zero_count;
          } else {
            ++(value > 0 ? positive : negative)[schema.index(std::abs(value))];
          }
        }
        EXPECT_EQ(snapshot.native->zero_count, zero_count);
        EXPECT_EQ(as_map(snapshot.native->positive), positive);
        EXPECT_EQ(as_map(snapshot.native->negative), negative);
        EXPECT_LE(positive.size() + negative.size(), most > 0 ? most : values.size());
      }
    }
  }
}

TEST(NativeHistogram, StaysWithinItsLimit) {
  NativeOptions options = kDoubling;
  options.max_buckets = 4;
  options.max_zero_threshold = 0.5;
  NativeHistogram histogram(options);
  for (int exponent = -6; exponent <= 9; ++exponent) {
    histogram.Observe(std::ldexp(1.0, exponent));
    EXPECT_LE(histogram.snapshot().native->positive.size(), 4u);
  }
  const HistogramSnapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.native->zero_threshold, 0.5);
  EXPECT_EQ(snapshot.native->schema, -2);
  EXPECT_EQ(snapshot.native->zero_count, 6u);  // 2^-6 to 2^-1
  EXPECT_THAT(snapshot.native->positive, ElementsAre(Bucket{0, 1}, Bucket{1, 4}, Bucket{2, 4}, Bucket{3, 1}));
  EXPECT_EQ(snapshot.count(), 16u);
}

TEST(NativeHistogram, TheLimitIsForAllThreadsTogether) {
  NativeOptions options = kDoubling;
  options.max_buckets = 3;
  NativeHistogram histogram(options);
  for (int exponent = 0; exponent < 3; ++exponent) observe_elsewhere(histogram, {std::ldexp(1.0, exponent)});
  EXPECT_EQ(histogram.snapshot().native->schema, 0);
  histogram.Observe(8);
  EXPECT_EQ(histogram.snapshot().native->schema, -1);
  EXPECT_THAT(histogram.snapshot().native->positive, ElementsAre(Bucket{0, 1}, Bucket{1, 2}, Bucket{2, 1}));
}

// Another thread makes the histogram coarser; what this thread counted before, and counts after, is read as if it had
// always been so.
TEST(NativeHistogram, ThreadsFollowAChangeOfResolution) {
  NativeOptions options = kDoubling;
  options.max_buckets = 3;
  NativeHistogram histogram(options);
  for (const double value : {1, 2, 4}) histogram.Observe(value);
  observe_elsewhere(histogram, {8});
  EXPECT_THAT(histogram.snapshot().native->positive, ElementsAre(Bucket{0, 1}, Bucket{1, 2}, Bucket{2, 1}));
  for (const double value : {1, 2, 4, 8}) histogram.Observe(value);
  EXPECT_THAT(histogram.snapshot().native->positive, ElementsAre(Bucket{0, 2}, Bucket{1, 4}, Bucket{2, 2}));
  EXPECT_EQ(histogram.snapshot().sum, 30);
}

TEST(NativeHistogram, EndedThreadsFollowAChangeOfResolution) {
  NativeOptions options = kDoubling;
  options.max_buckets = 3;
  NativeHistogram histogram(options);
  observe_elsewhere(histogram, {1, 2, 4});
  histogram.Observe(8);
  EXPECT_THAT(histogram.snapshot().native->positive, ElementsAre(Bucket{0, 1}, Bucket{1, 2}, Bucket{2, 1}));
  observe_elsewhere(histogram, {1, 2, 4});
  EXPECT_THAT(histogram.snapshot().native->positive, ElementsAre(Bucket{0, 2}, Bucket{1, 4}, Bucket{2, 1}));
}

TEST(NativeHistogram, StartsAnewAtItsLimit) {
  NativeOptions options = kDoubling;
  options.max_buckets = 2;
  options.min_reset_interval = 1h;
  NativeHistogram histogram(options, {1}, Clock::kClock);
  const double created = Clock::unix_time;
  histogram.Observe(1);
  Clock::step(1min);
  observe_elsewhere(histogram, {1, 2});
  Clock::step(59min);
  EXPECT_EQ(histogram.snapshot().created, created);
  observe_elsewhere(histogram, {4});  // the third bucket
  const HistogramSnapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.created, created + 3600);
  EXPECT_THAT(snapshot.native->positive, ElementsAre(Bucket{2, 1}));
  EXPECT_THAT(snapshot.counts, ElementsAre(0, 1));
  EXPECT_EQ(snapshot.sum, 4);
  histogram.Observe(1);  // this thread finds its own values outdated
  EXPECT_THAT(histogram.snapshot().counts, ElementsAre(1, 1));
  EXPECT_EQ(histogram.snapshot().sum, 5);
}

TEST(NativeHistogram, StartsAnewAfterAScrapeWhereItsResolutionSuffered) {
  NativeOptions options = kDoubling;
  options.max_buckets = 2;
  options.min_reset_interval = 1h;
  NativeHistogram histogram(options, {}, Clock::kClock);
  for (const double value : {1, 2, 4}) histogram.Observe(value);
  const double created = Clock::unix_time;
  Clock::step(59min);
  EXPECT_EQ(histogram.snapshot().count(), 3u);
  Clock::step(1min);
  const HistogramSnapshot last = histogram.snapshot();
  EXPECT_EQ(last.native->schema, -1);
  EXPECT_EQ(last.count(), 3u);
  EXPECT_EQ(last.created, created);
  const HistogramSnapshot first = histogram.snapshot();
  EXPECT_EQ(first.native->schema, 0);
  EXPECT_EQ(first.count(), 0u);
  EXPECT_EQ(first.sum, 0);
  EXPECT_EQ(first.created, created + 3600);
  histogram.Observe(1);
  EXPECT_EQ(histogram.snapshot().count(), 1u);
}

TEST(NativeHistogram, ReadsIntoASnapshotOfAnother) {
  NativeHistogram native(kDoubling);
  native.Observe(2);
  Histogram classic({5});
  classic.Observe(4, exemplar({{"trace_id", "a"}}));
  HistogramSnapshot snapshot = classic.snapshot();
  native.read(snapshot);
  EXPECT_THAT(snapshot.bounds, IsEmpty());
  EXPECT_THAT(snapshot.counts, ElementsAre(1));
  EXPECT_THAT(snapshot.exemplars, IsEmpty());
  EXPECT_EQ(snapshot.sum, 2);
  EXPECT_THAT(snapshot.native->positive, ElementsAre(Bucket{1, 1}));
  native.read(snapshot);
  EXPECT_THAT(snapshot.native->positive, ElementsAre(Bucket{1, 1}));
}

TEST(NativeHistogram, SharesBoundsWithOthers) {
  const auto bounds = std::make_shared<const internal::BucketBounds>(Buckets{1, 2});
  NativeHistogram histogram(kDoubling, bounds);
  histogram.Observe(1.5);
  EXPECT_THAT(histogram.snapshot().counts, ElementsAre(0, 1, 0));
  EXPECT_EQ(histogram.snapshot().bounds.data(), bounds->bounds().data());
}

TEST(NativeHistogram, KeepsTheLatestExemplarOfEachClassicBucket) {
  NativeHistogram histogram({}, {1, 10});
  for (const double value : {0.5, 0.75, 100.0}) {
    histogram.Observe(value, exemplar({{"trace_id", std::to_string(value)}}));
  }
  const HistogramSnapshot snapshot = histogram.snapshot();
  ASSERT_THAT(snapshot.exemplars, SizeIs(2));
  EXPECT_EQ(snapshot.exemplars[0].first, 0u);
  EXPECT_EQ(snapshot.exemplars[0].second->value, 0.75);
  EXPECT_EQ(snapshot.exemplars[0].second->labels.text(), "trace_id=\"0.750000\"");
  EXPECT_GT(snapshot.exemplars[0].second->timestamp, 0);
  EXPECT_EQ(snapshot.exemplars[1].first, 2u);
  EXPECT_EQ(snapshot.exemplars[1].second->value, 100);
  EXPECT_EQ(snapshot.count(), 3u);
}

TEST(NativeHistogram, KeepsTenExemplarsOfDifferentSizesWithoutClassicBuckets) {
  NativeHistogram histogram(kDoubling);
  for (int exponent = -5; exponent < 25; ++exponent) {
    histogram.Observe(std::ldexp(1.0, exponent), exemplar({{"trace_id", "a"}}));
  }
  histogram.Observe(0, exemplar({{"trace_id", "b"}}));
  const HistogramSnapshot snapshot = histogram.snapshot();
  ASSERT_THAT(snapshot.exemplars, SizeIs(10));
  double sum = 0;
  for (const auto& [index, sample] : snapshot.exemplars) {
    EXPECT_EQ(index, 0u);
    sum += sample->value;
  }
  EXPECT_EQ(sum, 0x1p25 - 0x1p15 - 0x1p20);  // 2^15 to 2^24, and 0 in place of 2^20
}

TEST(NativeHistogram, KeepsExemplarsOfAValueAndItsInverseApart) {
  NativeHistogram histogram(kDoubling);
  histogram.Observe(0x1p3, exemplar({{"trace_id", "a"}}));
  histogram.Observe(0x1p-3, exemplar({{"trace_id", "b"}}));
  EXPECT_THAT(histogram.snapshot().exemplars, SizeIs(2));
}

TEST(NativeHistogram, AsksTheProviderForExemplars) {
  NativeHistogram histogram;
  set_exemplar_provider([]() -> std::optional<Exemplar> { return exemplar({{"trace_id", "provided"}}); });
  histogram.Observe(3);
  set_exemplar_provider({});
  histogram.Observe(4);
  ASSERT_THAT(histogram.snapshot().exemplars, SizeIs(1));
  EXPECT_EQ(histogram.snapshot().exemplars[0].second->value, 3);
}

// Exemplars have the time of the system.
TEST(NativeHistogram, DropsExemplarsOfBeforeANewStart) {
  NativeOptions options = kDoubling;
  options.max_buckets = 1;
  options.min_reset_interval = 1h;
  NativeHistogram histogram(options, {}, Clock::kClock);
  histogram.Observe(1, exemplar({{"trace_id", "a"}}));
  EXPECT_THAT(histogram.snapshot().exemplars, SizeIs(1));
  const double before = Clock::unix_time;
  Clock::step(1h);
  Clock::unix_time = 1e12;
  histogram.Observe(2);
  Clock::unix_time = before;
  EXPECT_THAT(histogram.snapshot().exemplars, IsEmpty());
}

// While others record ones, each snapshot's sum is its count, and both views have it.
TEST(NativeHistogram, SnapshotsAreConsistent) {
  NativeHistogram histogram({}, {0.5, 2});
  constexpr int kEach = 50'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) histogram.Observe(1);
    });
  }
  HistogramSnapshot snapshot;
  for (std::uint64_t before = 0; before < 3 * kEach; before = snapshot.count()) {
    histogram.read(snapshot);
    ASSERT_EQ(snapshot.sum, static_cast<double>(snapshot.count()));
    ASSERT_EQ(native_count(snapshot), snapshot.count());
    ASSERT_GE(snapshot.count(), before);
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(histogram.snapshot().counts, ElementsAre(0, 3 * kEach, 0));
}

// Threads come and go, find new buckets all the time, and make the histogram coarser under each other. Nothing is lost,
// and no snapshot is torn.
TEST(NativeHistogram, LosesNothingWhileTheResolutionFalls) {
  NativeHistogram histogram({.max_buckets = 20, .min_reset_interval = 0ns, .max_zero_threshold = 0x1p-10},
                            {1, 1e3, 1e6});
  constexpr int kThreads = 40;
  constexpr int kEach = 1'000;
  const auto value_of = [](std::uint64_t n) {
    return std::ldexp(static_cast<double>(n % 7 + 1), static_cast<int>(n % 31) - 15);
  };
  std::atomic<bool> is_done = false;
  std::thread starter([&] {
    for (int t = 0; t < kThreads; t += 2) {
      const auto record = [&](int first) {
        for (int i = 0; i < kEach; ++i) histogram.Observe(value_of(static_cast<std::uint64_t>(first * kEach + i)));
      };
      std::thread one(record, t);
      std::thread other(record, t + 1);
      one.join();
      other.join();
    }
    is_done = true;
  });
  HistogramSnapshot snapshot;
  std::uint64_t before = 0;
  while (!is_done) {
    histogram.read(snapshot);
    ASSERT_EQ(native_count(snapshot), snapshot.count());
    ASSERT_GE(snapshot.count(), before);
    ASSERT_LE(snapshot.native->positive.size(), 20u);
    before = snapshot.count();
  }
  starter.join();
  double sum = 0;
  for (int n = 0; n < kThreads * kEach; ++n) sum += value_of(static_cast<std::uint64_t>(n));
  histogram.read(snapshot);
  EXPECT_EQ(snapshot.count(), static_cast<std::uint64_t>(kThreads * kEach));
  EXPECT_EQ(snapshot.sum, sum);
  EXPECT_LT(snapshot.native->schema, 3);
}

// New starts in the midst of it: what is read belongs together all the same.
TEST(NativeHistogram, SnapshotsAreConsistentWhileItStartsAnew) {
  NativeHistogram histogram({.bucket_factor = 2, .max_buckets = 4, .min_reset_interval = 1ns}, {32});
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) histogram.Observe(std::ldexp(1.0, i % 10));
    });
  }
  HistogramSnapshot snapshot;
  for (int i = 0; i < 500; ++i) {
    histogram.read(snapshot);
    ASSERT_EQ(native_count(snapshot), snapshot.count());
    ASSERT_LE(snapshot.native->positive.size(), 4u);
    ASSERT_EQ(snapshot.native->schema, 0);
    double sum = 0;  // values are the bounds of their buckets
    for (const Bucket& bucket : snapshot.native->positive) {
      sum += std::ldexp(static_cast<double>(bucket.count), bucket.index);
    }
    ASSERT_EQ(snapshot.sum, sum);
  }
  for (auto& thread : threads) thread.join();
}

TEST(NativeHistogram, ThousandsOfShortThreadsLoseNothing) {
  NativeHistogram histogram;
  constexpr int kThreads = 2000;
  for (int t = 0; t < kThreads; ++t) observe_elsewhere(histogram, {static_cast<double>(t % 10 + 1)});
  EXPECT_EQ(histogram.snapshot().count(), static_cast<std::uint64_t>(kThreads));
  EXPECT_EQ(histogram.snapshot().sum, kThreads / 10 * 55.0);
  EXPECT_THAT(histogram.snapshot().native->positive, SizeIs(10));
}

// A cell that is used again is empty.
TEST(NativeHistogram, LeavesNothingToTheNext) {
  for (int n = 0; n < 3; ++n) {
    NativeHistogram histogram;
    EXPECT_EQ(histogram.snapshot().count(), 0u);
    histogram.Observe(n + 1);
    observe_elsewhere(histogram, {1});
    EXPECT_EQ(histogram.snapshot().count(), 2u);
  }
}

// The example at the head of the header.
TEST(NativeHistogram, Example) {
  metrics::NativeHistogram seconds;
  metrics::NativeHistogram both({.bucket_factor = 1.05}, {0.1, 1, 10});
  seconds.Observe(0.25);
  both.Observe(0.25);
  EXPECT_EQ(seconds.snapshot().count(), 1u);
  EXPECT_EQ(both.snapshot().native->schema, 4);
  EXPECT_THAT(both.snapshot().counts, ElementsAre(0, 1, 0, 0));
}

// That of metrics/native_options.h.
TEST(NativeOptions, Example) {
  metrics::NativeHistogram seconds({.bucket_factor = 1.05, .max_buckets = 100});
  EXPECT_EQ(seconds.snapshot().native->schema, 4);
}

}  // namespace
}  // namespace prometheus_async::metrics
