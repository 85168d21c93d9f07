// SPDX-License-Identifier: Apache-2.0
//
// What can be said about a metric beside its name and its help.
//
//   registry.counter("sent_bytes_total", "bytes sent", {"peer"}, {.unit = "bytes", .max_series = 10'000});
#ifndef PROMETHEUS_ASYNC_METRICS_FAMILY_OPTIONS_H_
#define PROMETHEUS_ASYNC_METRICS_FAMILY_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <string>

namespace prometheus_async::metrics {

struct FamilyOptions {
  // The base unit, for readers of OpenMetrics. The name ends in it, or in it and _total.
  std::string unit = {};

  // At most so many children; 0 is no limit. What goes beyond is recorded in one further child, whose label values are
  // all "__overflow__", and each time that it is handed out counts in
  // prometheus_async_overflowed_lookups_total{metric="..."}.
  std::size_t max_series = 0;

  // A child whose value has not changed in scrapes for longer than this is shown no more; 0 is for ever. It comes back,
  // as it was, when it is recorded in; or anew, from zero, if nobody held it meanwhile, since then it is destroyed.
  std::chrono::nanoseconds expire_after{0};
};

// The label values of a child that takes what is beyond max_series.
inline constexpr const char* kOverflowValue = "__overflow__";

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_FAMILY_OPTIONS_H_
