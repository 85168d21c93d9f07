// SPDX-License-Identifier: Apache-2.0
#include "exposition/number.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace prometheus_async::exposition {
namespace {

char* write_text(char* to, std::string_view text) noexcept { return std::copy(text.begin(), text.end(), to); }

// NaN and the infinities, or Go's 'g'.
char* write_general(char* to, double value) noexcept {
  if (std::isnan(value)) return write_text(to, "NaN");  // to_chars would keep its sign
  if (std::isinf(value)) return write_text(to, value > 0 ? "+Inf" : "-Inf");
  return std::to_chars(to, to + kNumberSize, value, std::chars_format::general).ptr;
}

// Writes a number of up to three decimals that is no integer, such as 0.25 or -37.5, in a fifth of the time; or
// nothing, and returns null, if it is another. A decimal of up to 15 digits that reads as `value` is its only one, and
// so the shortest. REQUIRES: |value| < 1e6, from where on Go writes an exponent.
char* write_short_decimal(char* to, double value) noexcept {
  const auto thousandths = static_cast<std::int64_t>(value * 1000 + (value < 0 ? -0.5 : 0.5));
  if (static_cast<double>(thousandths) / 1000 != value) return nullptr;
  if (value < 0) *to++ = '-';
  const auto digits = static_cast<std::uint64_t>(std::abs(thousandths));
  char* at = std::to_chars(to, to + kNumberSize, digits / 1000).ptr;
  const auto fraction = static_cast<unsigned>(digits % 1000);
  *at++ = '.';
  *at++ = static_cast<char>('0' + fraction / 100);
  if (fraction % 100 != 0) *at++ = static_cast<char>('0' + fraction / 10 % 10);
  if (fraction % 10 != 0) *at++ = static_cast<char>('0' + fraction % 10);
  return at;
}

}  // namespace

char* write_number(char* to, double value) noexcept {
  constexpr double kAllIntegers = 9007199254740992;  // 2^53
  const double size = std::fabs(value);
  if (size < kAllIntegers) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) != value) {
      if (size < 1e6) {
        if (char* const end = write_short_decimal(to, value)) return end;
      }
    } else if (whole != 0 || !std::signbit(value)) {
      return std::to_chars(to, to + kNumberSize, whole).ptr;
    }
  }
  return write_general(to, value);
}

char* write_bound(char* to, double value) noexcept {
  char* const end = write_general(to, value);
  if (!std::isfinite(value) || std::any_of(to, end, [](char c) { return c == '.' || c == 'e'; })) return end;
  return write_text(end, ".0");
}

char* write_timestamp(char* to, double seconds) noexcept {
  // 12 digits before the point, and 17 in all that count: what a double of the smallest time would need beyond is
  // below a nanosecond.
  if (seconds < 1) return std::to_chars(to, to + kNumberSize, seconds, std::chars_format::fixed, 9).ptr;
  return std::to_chars(to, to + kNumberSize, seconds, std::chars_format::fixed).ptr;
}

void append_number(std::string& text, double value) {
  char digits[kNumberSize];
  text.append(digits, write_number(digits, value));
}

void append_number(std::string& text, std::uint64_t value) {
  char digits[kNumberSize];
  text.append(digits, write_number(digits, value));
}

void append_bound(std::string& text, double value) {
  char digits[kNumberSize];
  text.append(digits, write_bound(digits, value));
}

}  // namespace prometheus_async::exposition
