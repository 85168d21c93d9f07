// SPDX-License-Identifier: Apache-2.0
//
// Numbers as Prometheus writes them.
//
//   std::string text;
//   exposition::append_number(text, 0.1 + 0.2);      // 0.30000000000000004
//
//   char digits[exposition::kNumberSize];
//   const std::string_view bound(digits, exposition::write_bound(digits, 1) - digits);      // 1.0
#ifndef PROMETHEUS_ASYNC_EXPOSITION_NUMBER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_NUMBER_H_

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>

namespace prometheus_async::exposition {

// Room for any number: -1.7976931348623157e+308 has 24 characters.
inline constexpr std::size_t kNumberSize = 32;

// These write to `to`, which has kNumberSize bytes, and return the end of what they wrote.

inline char* write_number(char* to, std::uint64_t value) noexcept {
  return std::to_chars(to, to + kNumberSize, value).ptr;
}

// The shortest digits that read back as the same double. Integers of which a double holds each (below 2^53) are digits
// alone, since that is fast to write and to read; others are laid out as Go's strconv does with 'g' (0.1, 1e-05,
// 1e+20). NaN, +Inf, -Inf.
char* write_number(char* to, double value) noexcept;

// A bucket's bound or a quantile: OpenMetrics' canonical number, which is Go's 'g' for integers as well (1e+06), with
// ".0" where that would read as an integer. Prometheus 2 takes le="1" and le="1.0" for two series, so all formats spell
// it alike.
char* write_bound(char* to, double value) noexcept;

// Unix time in seconds, without an exponent, which OpenMetrics does not allow in a time. REQUIRES: is_timestamp(value).
char* write_timestamp(char* to, double seconds) noexcept;

// Whether it is a time that can be written: after 1970 and before the year 33658. 0 stands for a time that is not
// known.
constexpr bool is_timestamp(double seconds) noexcept { return seconds > 0 && seconds < 1e12; }

void append_number(std::string& text, double value);
void append_number(std::string& text, std::uint64_t value);
void append_bound(std::string& text, double value);

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_NUMBER_H_
