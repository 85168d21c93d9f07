// SPDX-License-Identifier: Apache-2.0
//
// The few byte classes that HTTP/1 is made of. ASCII only, without a locale.
//
//   ascii_iequals("Content-Length", "content-length");  // true
//   is_token("GET");                                     // true
//   trim_ows(" close\t");                                // "close"
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_ASCII_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_ASCII_H_

#include <string_view>

namespace prometheus_async::aio::http {

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A control byte, DEL included. The tab is one.
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// tchar of RFC 9110 5.6.2.
constexpr bool is_token_char(char c) {
  const char lower = ascii_lower(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

// One or more tchar: a method, a field name.
constexpr bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

// One or more digits.
constexpr bool is_digits(std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return !text.empty();
}

constexpr bool ascii_iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  }
  return true;
}

// Without the spaces and tabs (OWS) at both ends.
constexpr std::string_view trim_ows(std::string_view text) {
  constexpr std::string_view kOws = " \t";
  const std::size_t first = text.find_first_not_of(kOws);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kOws) - first + 1);
}

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_ASCII_H_
