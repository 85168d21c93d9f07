// SPDX-License-Identifier: Apache-2.0
//
// How finely a native histogram counts, and what it does when it has too many buckets.
//
//   metrics::NativeHistogram seconds({.bucket_factor = 1.05, .max_buckets = 100});
#ifndef PROMETHEUS_ASYNC_METRICS_NATIVE_OPTIONS_H_
#define PROMETHEUS_ASYNC_METRICS_NATIVE_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <string_view>

namespace prometheus_async::metrics {

// Meanings are client_golang's (HistogramOpts.NativeHistogram...), whose defaults they have where it names one.
//
// When a value needs a bucket more than `max_buckets`, these are tried in order until there are few enough:
//   1. All starts anew, with that value, if the last start is `min_reset_interval` ago.
//   2. The zero bucket takes in the buckets nearest to it, as far as `max_zero_threshold`.
//   3. Neighbours become one bucket: half the resolution, down to a factor of 65536 between bounds.
// What 2 and 3 did is undone by a new start, which comes with the first scrape that finds `min_reset_interval` over,
// after that scrape has read what was there.
struct NativeOptions {
  // The most by which a bucket's upper bound may exceed its lower one, as a factor above 1. Taken is the greatest of
  // 2^(2^-8), 2^(2^-7), ... 2^16 that is not above it: 1.1 gives eight buckets to a doubling. 2^(2^-8), some 1.0027,
  // is taken for what is smaller.
  double bucket_factor = 1.1;
  // Values not further than this from zero share one bucket. Positive: where it is 0 Prometheus takes an empty
  // histogram for a classic one. The default is a bound at every resolution.
  double zero_threshold = 0x1p-128;
  // Of positive and negative values together, without the zero bucket; 0 is no limit, and then whoever chooses the
  // values chooses the memory. Some 150 are enough for every value, at the coarsest: a limit below can be exceeded.
  std::size_t max_buckets = 160;
  // 0: never starts anew.
  std::chrono::nanoseconds min_reset_interval = std::chrono::hours(1);
  // 0: the zero bucket never grows.
  double max_zero_threshold = 0;
};

// Throws std::invalid_argument, naming `metric`, the option and its rule, for a factor that is not above 1, a zero
// threshold that is not positive and finite, a greatest one that is negative or not finite, or a negative interval.
void check_native_options(std::string_view metric, const NativeOptions& options);

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_NATIVE_OPTIONS_H_
