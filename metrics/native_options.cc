// SPDX-License-Identifier: Apache-2.0
#include "metrics/native_options.h"

#include <cmath>
#include <stdexcept>
#include <string>

#include "absl/strings/str_cat.h"

namespace prometheus_async::metrics {

void check_native_options(std::string_view metric, const NativeOptions& options) {
  const auto refuse = [metric](const auto&... why) {
    throw std::invalid_argument(absl::StrCat("native histogram \"", std::string(metric), "\": ", why...));
  };
  if (!(options.bucket_factor > 1)) refuse("bucket_factor must be above 1, is ", options.bucket_factor);
  if (!(options.zero_threshold > 0) || !std::isfinite(options.zero_threshold)) {
    refuse("zero_threshold must be positive and finite, is ", options.zero_threshold);
  }
  if (!(options.max_zero_threshold >= 0) || !std::isfinite(options.max_zero_threshold)) {
    refuse("max_zero_threshold must be finite and not negative, is ", options.max_zero_threshold);
  }
  if (options.min_reset_interval.count() < 0) {
    refuse("min_reset_interval must not be negative, is ", options.min_reset_interval.count(), " ns");
  }
}

}  // namespace prometheus_async::metrics
