// SPDX-License-Identifier: Apache-2.0
#include "exposition/number.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace prometheus_async::exposition {

void append_number(std::string& text, double value) {
  if (std::isnan(value)) {
    text += "NaN";  // to_chars would keep its sign
    return;
  }
  if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  char digits[32];  // 24 at most: -1.7976931348623157e+308
  const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general).ptr;
  text.append(digits, end);
}

void append_number(std::string& text, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text.append(digits, end);
}

void append_bound(std::string& text, double value) {
  const std::size_t start = text.size();
  append_number(text, value);
  if (std::isfinite(value) && std::string_view(text).substr(start).find_first_of(".e") == std::string_view::npos) {
    text += ".0";
  }
}

}  // namespace prometheus_async::exposition
