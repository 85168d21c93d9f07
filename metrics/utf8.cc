// SPDX-License-Identifier: Apache-2.0
#include "metrics/utf8.h"

#include <algorithm>
#include <cstdint>

namespace prometheus_async::metrics {

std::size_t utf8_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  // Table 3-7 of the Unicode standard: the range of the second byte depends on the first.
  std::size_t length = 0;
  std::uint8_t low = 0x80, high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;   // shorter forms exist
    if (first == 0xED) high = 0x9F;  // surrogates
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;  // above U+10FFFF
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

void make_utf8(std::string& text) {
  const auto length_at = [&text](std::size_t place) {
    return text[place] == '\0' ? 0 : utf8_length(std::string_view(text).substr(place));
  };
  std::size_t good = 0;
  while (good < text.size()) {
    const std::size_t length = length_at(good);
    if (length == 0) break;
    good += length;
  }
  if (good == text.size()) return;
  std::string fixed = text.substr(0, good);
  for (std::size_t i = good; i < text.size();) {
    const std::size_t length = length_at(i);
    if (length == 0) {
      fixed += "\xEF\xBF\xBD";
    } else {
      fixed.append(text, i, length);
    }
    i += std::max<std::size_t>(length, 1);
  }
  text = std::move(fixed);
}

}  // namespace prometheus_async::metrics
