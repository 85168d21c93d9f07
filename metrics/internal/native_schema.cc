// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/native_schema.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace prometheus_async::metrics::internal {

struct NativeSchema::Tables {
  std::array<std::uint64_t, 1 << kFinest> fractions;                  // of the finest bounds in [1, 2), rounded down
  std::array<std::vector<Step>, kFinest - kCoarsest + 1> steps_of{};  // by schema, the coarsest first

  Tables() {
    for (std::size_t i = 0; i < fractions.size(); ++i) {
      const long double bound = std::exp2(static_cast<long double>(i) / static_cast<long double>(fractions.size()));
      fractions[i] = static_cast<std::uint64_t>(std::floor(std::ldexp(bound - 1, kFractionBits)));
    }
    for (int schema = kCoarsest; schema <= kFinest; ++schema) steps(schema) = make_steps(schema);
  }

  std::vector<Step>& steps(int schema) { return steps_of[static_cast<std::size_t>(schema - kCoarsest)]; }
  const std::vector<Step>& steps(int schema) const { return steps_of[static_cast<std::size_t>(schema - kCoarsest)]; }

  std::vector<Step> make_steps(int schema) const {
    std::vector<std::uint64_t> bounds;
    if (schema < 0) {
      // 1 has the exponent 1023, which is one less than a multiple of every period.
      bounds.push_back(period_mask(schema) & ~kFraction);
    } else {
      for (std::size_t i = 0; i < fractions.size(); i += std::size_t{1} << (kFinest - schema)) {
        bounds.push_back(fractions[i]);
      }
    }
    const auto buckets_to_one =
        static_cast<std::int32_t>((std::uint64_t{kBias} << kFractionBits) >> (step_shift(schema) + 1));
    std::vector<Step> made(bounds.size() * 2);
    std::int32_t below = 0;
    for (std::size_t i = 0; i < made.size(); ++i) {
      const auto next = std::ranges::find(bounds, i, [&](std::uint64_t bound) { return bound >> step_shift(schema); });
      made[i] = {next != bounds.end() ? *next : period_mask(schema),
                 below - static_cast<std::int32_t>(i / 2) - buckets_to_one};
      if (next != bounds.end()) ++below;
    }
    return made;
  }
};

const NativeSchema::Tables& NativeSchema::tables() noexcept {
  static const Tables& tables = *new Tables;
  return tables;
}

NativeSchema::NativeSchema(int schema) noexcept
    : steps_(tables().steps(schema).data()),
      step_mask_(tables().steps(schema).size() - 1),
      period_mask_(period_mask(schema)),
      step_shift_(step_shift(schema)),
      schema_(schema) {}

NativeSchema NativeSchema::for_factor(double factor) noexcept {
  int schema = kCoarsest;
  while (schema < kFinest && std::exp2(std::ldexp(1.0, -schema)) > factor) ++schema;
  return NativeSchema(schema);
}

std::int32_t NativeSchema::index(double magnitude) const noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(magnitude);
  if (bits == kInfinity) return index(std::numeric_limits<double>::max()) + 1;
  if (bits >= kSmallestNormal) return index_of_normal(bits);
  constexpr std::int32_t kDoublings = 64;
  static_assert(kDoublings % (1 << -kCoarsest) == 0, "a whole number of buckets at every schema");
  const std::int32_t further = index_of_normal(std::bit_cast<std::uint64_t>(magnitude * 0x1p64));
  return further - static_cast<std::int32_t>(std::ldexp(kDoublings, schema_));
}

double NativeSchema::upper_bound(std::int32_t index) const noexcept {
  constexpr std::int32_t kLast = 1024;  // doublings: the greatest double is below 2^1024
  if (schema_ < 0) {
    const std::int32_t doublings = index * (1 << -schema_);
    return doublings == kLast ? std::numeric_limits<double>::max() : std::ldexp(1.0, doublings);
  }
  const std::int32_t doublings = index >> schema_;
  const auto bound = static_cast<std::size_t>(index & ((1 << schema_) - 1));
  if (doublings == kLast && bound == 0) return std::numeric_limits<double>::max();
  const std::uint64_t fraction = tables().fractions[bound << (kFinest - schema_)];
  const double scaled = std::bit_cast<double>((std::uint64_t{kBias} << kFractionBits) | fraction);
  constexpr std::int32_t kSmallest = -1074;  // doublings of the smallest double; next to it, bits fall off the end
  if (doublings < -kBias) return std::ldexp(std::floor(std::ldexp(scaled, doublings - kSmallest)), kSmallest);
  return std::ldexp(scaled, doublings);
}

}  // namespace prometheus_async::metrics::internal
