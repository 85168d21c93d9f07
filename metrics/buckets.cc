// SPDX-License-Identifier: Apache-2.0
#include "metrics/buckets.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace prometheus_async::metrics {

const Buckets& default_buckets() {
  static const Buckets& buckets = *new Buckets{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};
  return buckets;
}

Buckets linear_buckets(double start, double width, std::size_t count) {
  if (count == 0) throw std::invalid_argument("linear_buckets: count must be at least 1");
  if (!(width > 0)) throw std::invalid_argument(absl::StrCat("linear_buckets: width must be positive, is ", width));
  Buckets buckets;
  for (std::size_t i = 0; i < count; ++i) buckets.push_back(start + static_cast<double>(i) * width);
  return buckets;
}

Buckets exponential_buckets(double start, double factor, std::size_t count) {
  if (count == 0) throw std::invalid_argument("exponential_buckets: count must be at least 1");
  if (!(start > 0)) {
    throw std::invalid_argument(absl::StrCat("exponential_buckets: start must be positive, is ", start));
  }
  if (!(factor > 1)) {
    throw std::invalid_argument(absl::StrCat("exponential_buckets: factor must be above 1, is ", factor));
  }
  Buckets buckets;
  for (double bound = start; buckets.size() < count; bound *= factor) buckets.push_back(bound);
  return buckets;
}

Buckets checked_buckets(std::string_view metric, Buckets buckets) {
  const auto refuse = [metric](const auto&... why) {
    throw std::invalid_argument(absl::StrCat("histogram \"", std::string(metric), "\": ", why...));
  };
  if (!buckets.empty() && buckets.back() == std::numeric_limits<double>::infinity()) buckets.pop_back();
  if (buckets.empty()) refuse("needs at least one finite bucket bound");
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (!std::isfinite(buckets[i])) refuse("bucket bound ", buckets[i], " is not a finite number");
    if (i > 0 && buckets[i] <= buckets[i - 1]) {
      refuse("bucket bounds must ascend, but ", buckets[i], " follows ", buckets[i - 1]);
    }
  }
  return buckets;
}

}  // namespace prometheus_async::metrics
