// SPDX-License-Identifier: Apache-2.0
//
// The upper bounds of a histogram's buckets.
//
//   metrics::histogram("reply_bytes", "size of replies", {.buckets = metrics::exponential_buckets(64, 4, 8)});
#ifndef PROMETHEUS_ASYNC_METRICS_BUCKETS_H_
#define PROMETHEUS_ASYNC_METRICS_BUCKETS_H_

#include <cstddef>
#include <string_view>
#include <vector>

namespace prometheus_async::metrics {

// Inclusive upper bounds, ascending, without +Inf, which every histogram has.
using Buckets = std::vector<double>;

// .005 to 10 seconds: the defaults of Python's prometheus_client, made for request durations.
const Buckets& default_buckets();

// `count` bounds from `start`, `width` apart. Throws std::invalid_argument for a count of zero or a width not positive.
Buckets linear_buckets(double start, double width, std::size_t count);

// `count` bounds from `start`, each `factor` times the one before. Throws std::invalid_argument for a count of zero, a
// start not positive or a factor not above 1.
Buckets exponential_buckets(double start, double factor, std::size_t count);

// The bounds as a histogram keeps them: a last bound of +Inf is dropped, since it is implied. Throws
// std::invalid_argument, naming `metric` and the bound, when none is left, one is NaN or infinite, or they do not
// ascend strictly.
Buckets checked_buckets(std::string_view metric, Buckets buckets);

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_BUCKETS_H_
