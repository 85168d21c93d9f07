// SPDX-License-Identifier: Apache-2.0
//
// Which bucket a value belongs to: the hottest loop of a histogram.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_BUCKET_SEARCH_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_BUCKET_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace prometheus_async::metrics::internal {

// A view of bounds, held by each histogram itself: one step less on the way to them.
class BucketSearch {
 public:
  // How many doubles the bounds are padded to a multiple of, with +Inf, which no value is above.
  static constexpr std::size_t kStep = 4;

  BucketSearch(const std::vector<double>& padded, std::size_t size) noexcept
      : first_(padded.data()),
        size_(static_cast<std::uint32_t>(size)),
        padded_size_(static_cast<std::uint32_t>(padded.size())) {}

  std::span<const double> bounds() const noexcept { return {first_, size_}; }

  // How many bounds are below `value`: the index of its bucket, whose bound is inclusive. Not for NaN.
  std::uint32_t find(double value) const noexcept { return is_short() ? compare_all(value) : search(value); }

  // Whether comparing with every bound, without a branch that could be mispredicted, beats a search.
  bool is_short() const noexcept { return size_ <= 32; }

  // The two ways of find(); the first is for any number of bounds, too.
  std::uint32_t compare_all(double value) const noexcept {
    // A comparison is -1 in its lane where it holds.
    using Doubles = double __attribute__((vector_size(16)));
    using Integers = std::int64_t __attribute__((vector_size(16)));
    const Doubles values{value, value};
    Integers even{0, 0};
    Integers odd{0, 0};
    const double* const end = first_ + padded_size_;
    for (const double* bound = first_; bound != end; bound += kStep) {
      Doubles low;
      Doubles high;
      std::memcpy(&low, bound, sizeof low);
      std::memcpy(&high, bound + 2, sizeof high);
      even -= values > low;
      odd -= values > high;
    }
    even += odd;
    return static_cast<std::uint32_t>(even[0] + even[1]);
  }

  [[gnu::noinline]] std::uint32_t search(double value) const noexcept {
    const double* first = first_;
    for (std::size_t size = size_; size > 1;) {
      const std::size_t half = size / 2;
      first += first[half - 1] < value ? half : 0;
      size -= half;
    }
    return static_cast<std::uint32_t>(first - first_) + (*first < value ? 1 : 0);
  }

 private:
  const double* first_;
  std::uint32_t size_;
  std::uint32_t padded_size_;
};

// Bounds that do not change, shared by the histograms of a family.
class BucketBounds {
 public:
  // REQUIRES: ascending, finite.
  explicit BucketBounds(std::vector<double> bounds) : size_(bounds.size()), padded_(std::move(bounds)) {
    constexpr std::size_t kStep = BucketSearch::kStep;
    padded_.resize((size_ + kStep - 1) / kStep * kStep, std::numeric_limits<double>::infinity());
  }

  // Valid while this lives.
  BucketSearch search() const noexcept { return {padded_, size_}; }
  std::span<const double> bounds() const noexcept { return search().bounds(); }
  std::uint32_t find(double value) const noexcept { return search().find(value); }

 private:
  std::size_t size_;
  std::vector<double> padded_;
};

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_BUCKET_SEARCH_H_
