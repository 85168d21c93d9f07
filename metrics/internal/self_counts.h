// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong inside and must not throw, counted (metrics/self_metrics.h shows it).
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_SELF_COUNTS_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_SELF_COUNTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace prometheus_async::metrics::internal {

// A full family handed out the child of the overflow.
void count_overflow(std::string_view metric) noexcept;
// A callback threw, or gave a value that its metric cannot have.
void count_callback_error(std::string_view metric) noexcept;
// A collector threw in a scrape that went on.
void count_collector_error(std::string_view collector) noexcept;

// The same, by metric or collector.
using CountsByName = std::map<std::string, std::uint64_t, std::less<>>;
CountsByName overflows();
CountsByName callback_errors();
CountsByName collector_errors();

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_SELF_COUNTS_H_
