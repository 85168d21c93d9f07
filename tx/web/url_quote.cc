// SPDX-License-Identifier: Apache-2.0

#include "tx/web/url_quote.h"

#include "aio/http/ascii.h"

namespace prometheus_async::tx::web {
namespace {

std::string quote(std::string_view text, std::string_view kept) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const char lower = aio::http::ascii_lower(c);
    if (aio::http::is_digit(c) || (lower >= 'a' && lower <= 'z') || kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

}  // namespace

std::string quote_segment(std::string_view text) { return quote(text, "-._~!$&'()*+,;=:@"); }

std::string quote_path(std::string_view text) { return quote(text, "-._~!$&'()*+,;=:@/"); }

std::string quote_query(std::string_view text) {
  std::string out = quote(text, "-._~ ");
  for (char& c : out) {
    if (c == ' ') c = '+';
  }
  return out;
}

}  // namespace prometheus_async::tx::web
