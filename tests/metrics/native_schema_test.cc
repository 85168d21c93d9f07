// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/native_schema.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace prometheus_async::metrics::internal {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kGreatest = std::numeric_limits<double>::max();
constexpr double kSmallestNormal = std::numeric_limits<double>::min();
constexpr double kSmallest = std::numeric_limits<double>::denorm_min();

// Of indexes with a bound among the normal doubles, the least and the greatest.
std::int32_t least(int schema) { return schema < 0 ? -(1022 >> -schema) : -1022 * (1 << schema); }
std::int32_t greatest(int schema) { return schema < 0 ? 1024 >> -schema : 1024 * (1 << schema); }

// Whole numbers of any length, little-endian.
using Whole = std::vector<std::uint32_t>;

Whole whole(std::uint64_t number) {
  return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32)};
}

Whole square(const Whole& number) {
  Whole result(number.size() * 2);
  for (std::size_t i = 0; i < number.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < number.size(); ++j) {
      carry += std::uint64_t{number[i]} * number[j] + result[i + j];
      result[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    result[i + number.size()] = static_cast<std::uint32_t>(carry);
  }
  return result;
}

// The greatest power of two that is not above: its exponent. Of 0, -1.
int log2_floor(const Whole& number) {
  for (std::size_t i = number.size(); i-- > 0;) {
    if (number[i] != 0) return static_cast<int>(i) * 32 + std::bit_width(number[i]) - 1;
  }
  return -1;
}

// x is at most 2^(i/256) exactly if x^256 is at most 2^i. With 53-bit whole numbers that is arithmetic without
// rounding.
TEST(NativeSchema, BoundsAreTheGreatestDoublesNotAboveTheTrueOnes) {
  const NativeSchema finest(8);
  for (int i = 1; i < 256; ++i) {
    const auto below = static_cast<std::uint64_t>(std::ldexp(finest.upper_bound(i), 52));
    const int true_bound = 52 * 256 + i;  // exponent of its 256th power; irrational, so never met
    Whole lower = whole(below);
    Whole upper = whole(below + 1);
    for (int squares = 0; squares < 8; ++squares) {
      lower = square(lower);
      upper = square(upper);
    }
    ASSERT_LT(log2_floor(lower), true_bound) << i;
    ASSERT_GE(log2_floor(upper), true_bound) << i;
  }
}

TEST(NativeSchema, BoundsOfACoarserSchemaAreEverySecondOfTheFiner) {
  for (int schema = -4; schema < 8; ++schema) {
    const NativeSchema coarse(schema);
    const NativeSchema fine(schema + 1);
    for (std::int32_t i = least(schema); i <= greatest(schema) + 1; ++i) {
      ASSERT_EQ(coarse.upper_bound(i), fine.upper_bound(2 * i)) << schema << " " << i;
    }
  }
}

TEST(NativeSchema, BoundsOfIndexZeroAreOne) {
  for (int schema = -4; schema <= 8; ++schema) EXPECT_EQ(NativeSchema(schema).upper_bound(0), 1.0);
}

// All 700,000 bounds of all schemas, from both sides.
TEST(NativeSchema, AValueOnABoundBelongsToTheBucketBelowAndTheNextDoubleAbove) {
  for (int schema = -4; schema <= 8; ++schema) {
    const NativeSchema native(schema);
    for (std::int32_t i = least(schema); i < greatest(schema); ++i) {
      const double bound = native.upper_bound(i);
      ASSERT_EQ(native.index(bound), i) << schema;
      ASSERT_EQ(native.index(std::nextafter(bound, kInfinity)), i + 1) << schema;
      ASSERT_EQ(native.index(std::nextafter(bound, 0.0)), i) << schema;
    }
  }
}

// A computation of its own kind: logarithms, where they are precise enough to tell.
TEST(NativeSchema, AgreesWithLogarithms) {
  std::mt19937_64 random(4);
  for (int n = 0; n < 200'000; ++n) {
    const double value = std::bit_cast<double>(random() & ~(std::uint64_t{1} << 63));
    if (!std::isfinite(value) || value == 0) continue;
    const long double log = std::log2(static_cast<long double>(value));
    for (int schema = -4; schema <= 8; ++schema) {
      const long double place = std::ldexp(log, schema);
      if (std::abs(place - std::round(place)) < 1e-12L) continue;
      ASSERT_EQ(NativeSchema(schema).index(value), static_cast<std::int32_t>(std::ceil(place))) << value;
    }
  }
}

TEST(NativeSchema, SubnormalValuesLieWithinTheirBuckets) {
  std::mt19937_64 random(5);
  std::vector<double> values;
  for (int n = 1; n < 5000; ++n) values.push_back(n * kSmallest);
  for (int n = 0; n < 50'000; ++n) {
    values.push_back(std::bit_cast<double>((random() & (NativeSchema::kSmallestNormal - 1)) >> random() % 52 | 1));
  }
  values.push_back(std::nextafter(kSmallestNormal, 0.0));
  for (int schema = -4; schema <= 8; ++schema) {
    const NativeSchema native(schema);
    for (const double value : values) {
      const std::int32_t i = native.index(value);
      ASSERT_LT(native.upper_bound(i - 1), value) << schema;
      ASSERT_GE(native.upper_bound(i), value) << schema;
    }
  }
}

TEST(NativeSchema, InfinityIsOnePastTheGreatestDouble) {
  for (int schema = -4; schema <= 8; ++schema) {
    const NativeSchema native(schema);
    EXPECT_EQ(native.index(kGreatest), greatest(schema));
    EXPECT_EQ(native.upper_bound(greatest(schema)), kGreatest);
    EXPECT_EQ(native.index(kInfinity), greatest(schema) + 1);
    EXPECT_EQ(native.upper_bound(greatest(schema) + 1), kInfinity);
  }
}

TEST(NativeSchema, CoarserIsTheIndexAtTheCoarserSchema) {
  std::mt19937_64 random(6);
  std::vector<double> values = {kSmallest, kSmallestNormal, 0.5, 1, std::nextafter(1.0, 2.0), 2, kGreatest, kInfinity};
  for (int n = 0; n < 20'000; ++n) {
    const double value = std::bit_cast<double>(random() & ~(std::uint64_t{1} << 63));
    if (std::isfinite(value) && value > 0) values.push_back(value);
  }
  for (int fine = -4; fine <= 8; ++fine) {
    for (int coarse = -4; coarse <= fine; ++coarse) {
      const NativeSchema from(fine);
      const NativeSchema to(coarse);
      for (const double value : values) {
        ASSERT_EQ(NativeSchema::coarser(from.index(value), fine - coarse), to.index(value)) << value;
      }
    }
  }
}

TEST(NativeSchema, AFactorIsNotExceeded) {
  for (int schema = -4; schema <= 8; ++schema) {
    const double factor = std::exp2(std::ldexp(1.0, -schema));
    EXPECT_EQ(NativeSchema::for_factor(factor).schema(), schema);
    const double less = std::nextafter(factor, 1.0);
    EXPECT_EQ(NativeSchema::for_factor(less).schema(), std::min(schema + 1, 8));
  }
  EXPECT_EQ(NativeSchema::for_factor(1.1).schema(), 3);
  EXPECT_EQ(NativeSchema::for_factor(1.5).schema(), 1);
  EXPECT_EQ(NativeSchema::for_factor(3).schema(), 0);
  EXPECT_EQ(NativeSchema::for_factor(5).schema(), -1);
}

TEST(NativeSchema, FactorsBeyondTheRangeTakeItsEnds) {
  EXPECT_EQ(NativeSchema::for_factor(std::nextafter(1.0, 2.0)).schema(), 8);
  EXPECT_EQ(NativeSchema::for_factor(1e300).schema(), -4);
  EXPECT_EQ(NativeSchema::for_factor(kInfinity).schema(), -4);
}

}  // namespace
}  // namespace prometheus_async::metrics::internal
