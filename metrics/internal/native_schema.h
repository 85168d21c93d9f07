// SPDX-License-Identifier: Apache-2.0
//
// The bounds of native histograms' buckets (https://prometheus.io/docs/specs/native_histograms/#schema): the bucket
// with index i holds magnitudes in (2^((i-1) / 2^schema), 2^(i / 2^schema)].
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_NATIVE_SCHEMA_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_NATIVE_SCHEMA_H_

#include <cstdint>

namespace prometheus_async::metrics::internal {

// A value, a few words. Indexes are exact: no magnitude is in a bucket that it does not belong to. (Of the bounds,
// which are irrational but for powers of two, the greatest double not above each counts. client_golang's table is an
// ulp off here and there.)
class NativeSchema {
 public:
  static constexpr int kCoarsest = -4;
  static constexpr int kFinest = 8;

  // REQUIRES: kCoarsest to kFinest.
  explicit NativeSchema(int schema) noexcept;

  // The coarsest whose buckets are not wider than `factor`, which is above 1; or the finest. client_golang's rule.
  static NativeSchema for_factor(double factor) noexcept;

  int schema() const noexcept { return schema_; }

  static constexpr std::uint64_t kSmallestNormal = std::uint64_t{1} << 52;  // bits of doubles
  static constexpr std::uint64_t kInfinity = std::uint64_t{2047} << 52;

  // REQUIRES: the bits of a finite double above zero that is not subnormal.
  std::int32_t index_of_normal(std::uint64_t bits) const noexcept {
    const std::uint64_t steps = bits >> step_shift_;
    const Step& step = steps_[steps & step_mask_];
    return static_cast<std::int32_t>(steps >> 1) + step.further + ((bits & period_mask_) > step.bound ? 1 : 0);
  }

  // REQUIRES: above zero. Infinity is one past the bucket of the greatest double.
  std::int32_t index(double magnitude) const noexcept;

  // The greatest double in the bucket. Above the greatest finite one: infinity.
  double upper_bound(std::int32_t index) const noexcept;

  // The index, `steps` schemas coarser, of the bucket that holds this one's.
  static std::int32_t coarser(std::int32_t index, int steps) noexcept { return (index + (1 << steps) - 1) >> steps; }

 private:
  static constexpr int kFractionBits = 52;
  static constexpr std::int32_t kBias = 1023;
  static constexpr std::uint64_t kFraction = (std::uint64_t{1} << kFractionBits) - 1;

  // A period is a doubling, or one bucket where that is longer. It is cut in steps, two for each of its buckets, and
  // then there is at most one bound in a step. The bits of a double, as a number, count steps: so that half of that
  // number is the index, but for a distance that depends on the place in the period only.
  struct Step {
    std::uint64_t bound = 0;   // as bits within the period; what is above belongs to the next bucket
    std::int32_t further = 0;  // the distance
  };
  static int step_shift(int schema) noexcept { return kFractionBits - schema - 1; }
  static std::uint64_t period_mask(int schema) noexcept {
    return (std::uint64_t{1} << (schema < 0 ? kFractionBits - schema : kFractionBits)) - 1;
  }
  struct Tables;
  static const Tables& tables() noexcept;

  const Step* steps_;
  std::uint64_t step_mask_;
  std::uint64_t period_mask_;
  int step_shift_;
  int schema_;
};

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_NATIVE_SCHEMA_H_
