// SPDX-License-Identifier: Apache-2.0

#include "aio/http/percent.h"

#include "aio/http/ascii.h"
#include "metrics/utf8.h"

namespace prometheus_async::aio::http {

bool percent_decode(std::string_view text, std::string& out) { return percent_decode_except(text, {}, out); }

bool percent_decode_except(std::string_view text, std::string_view kept, std::string& out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return false;
    const char decoded = static_cast<char>(high * 16 + low);
    if (kept.find(decoded) == std::string_view::npos) {
      out += decoded;
    } else {
      out += '%';
      out += kDigits[high];
      out += kDigits[low];
    }
    i += 2;
  }
  return true;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = metrics::utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace prometheus_async::aio::http
