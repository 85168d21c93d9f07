// SPDX-License-Identifier: Apache-2.0
//
// The few byte classes that HTTP/1 is made of. ASCII only, without a locale.
//
//   ascii_iequals("Content-Length", "content-length");  // true
//   is_token("GET");                                     // true
//   trim_ows(" close\t");                                // "close"
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_ASCII_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_ASCII_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
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

// A set of bytes, asked with one load.
class ByteSet {
 public:
  // Letters and digits, and these.
  static constexpr ByteSet alphanumeric_and(std::string_view others) {
    ByteSet set;
    for (int c = 0; c < 128; ++c) {
      const char lower = ascii_lower(static_cast<char>(c));
      set.has_[static_cast<std::size_t>(c)] = is_digit(lower) || (lower >= 'a' && lower <= 'z');
    }
    for (const char c : others) set.has_[static_cast<unsigned char>(c)] = true;
    return set;
  }
  // Those of which `predicate(char)` is true.
  template <class Predicate>
  static constexpr ByteSet where(Predicate predicate) {
    ByteSet set;
    for (std::size_t c = 0; c < set.has_.size(); ++c) set.has_[c] = predicate(static_cast<char>(c));
    return set;
  }

  constexpr bool contains(char c) const { return has_[static_cast<unsigned char>(c)]; }
  constexpr bool contains_all(std::string_view text) const {
    for (const char c : text) {
      if (!contains(c)) return false;
    }
    return true;
  }

 private:
  std::array<bool, 256> has_{};
};

inline constexpr ByteSet kTokenChars = ByteSet::alphanumeric_and("!#$%&'*+-.^_`|~");
// What the value of a field may hold: no control byte but the tab (RFC 9110 5.5).
inline constexpr ByteSet kValueChars = ByteSet::where([](char c) { return c == '\t' || !is_control(c); });

// Whether a field may have this value. Eight bytes at a time, since most of a request is values.
constexpr bool is_field_value(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighBits = 0x80 * kOnes;
  while (text.size() >= 8) {
    std::array<char, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = text[i];
    const auto word = std::bit_cast<std::uint64_t>(bytes);
    const std::uint64_t not_delete = word ^ (0x7f * kOnes);
    // The high bit of each byte that is less than a space, and of each that is DEL; and of some beside such a one.
    const std::uint64_t suspects = ((word - 0x20 * kOnes) & ~word) | ((not_delete - kOnes) & ~not_delete);
    if ((suspects & kHighBits) != 0 && !kValueChars.contains_all(text.substr(0, 8))) return false;
    text.remove_prefix(8);
  }
  return kValueChars.contains_all(text);
}

// tchar of RFC 9110 5.6.2.
constexpr bool is_token_char(char c) { return kTokenChars.contains(c); }

// One or more tchar: a method, a field name.
constexpr bool is_token(std::string_view text) { return !text.empty() && kTokenChars.contains_all(text); }

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
  const auto is_ows = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_ows(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ows(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_ASCII_H_
