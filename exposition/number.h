// SPDX-License-Identifier: Apache-2.0
//
// Numbers as Prometheus writes them.
//
//   std::string text;
//   exposition::append_number(text, 0.1 + 0.2);      // 0.30000000000000004
#ifndef PROMETHEUS_ASYNC_EXPOSITION_NUMBER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_NUMBER_H_

#include <cstdint>
#include <string>

namespace prometheus_async::exposition {

// The shortest digits that read back as the same double, laid out as Go's strconv does with 'g' (1e+06, 1e-05); NaN,
// +Inf, -Inf.
void append_number(std::string& text, double value);
void append_number(std::string& text, std::uint64_t value);

// A bucket's bound or a quantile: as append_number, with ".0" where the digits would read as an integer. Prometheus 2
// takes le="1" and le="1.0" for two series, so all formats spell it alike: as OpenMetrics demands.
void append_bound(std::string& text, double value);

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_NUMBER_H_
