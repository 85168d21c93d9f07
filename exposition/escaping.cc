// SPDX-License-Identifier: Apache-2.0
#include "exposition/escaping.h"

#include <charconv>
#include <cstddef>

#include "metrics/names.h"
#include "metrics/utf8.h"

namespace prometheus_async::exposition {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

// Takes the character at the beginning of `text`, which is not empty.
std::uint32_t take_character(std::string_view& text) noexcept {
  const std::size_t length = metrics::utf8_length(text);
  if (length == 0) {
    text.remove_prefix(1);
    return kReplacement;
  }
  const auto first = static_cast<unsigned char>(text[0]);
  // The first byte of a character of n bytes has n ones and a zero before its bits.
  std::uint32_t character = length == 1 ? first : first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  text.remove_prefix(length);
  return character;
}

bool is_classic(std::uint32_t c, bool first, NameKind kind) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && kind == NameKind::kMetric) ||
         (c >= '0' && c <= '9' && !first);
}

bool is_classic(std::string_view name, NameKind kind) noexcept {
  return kind == NameKind::kMetric ? metrics::is_classic_metric_name(name) : metrics::is_classic_label_name(name);
}

void append_value(std::string& text, std::uint32_t character) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, character, 16).ptr;
  text += '_';
  text.append(digits, end);
  text += '_';
}

}  // namespace

std::string_view to_string(Escaping escaping) noexcept {
  switch (escaping) {
    case Escaping::kUnderscores: return "underscores";
    case Escaping::kDots: return "dots";
    case Escaping::kValues: return "values";
    case Escaping::kAllowUtf8: break;
  }
  return "allow-utf-8";
}

std::string escape_name(std::string_view name, Escaping escaping, NameKind kind) {
  if (escaping == Escaping::kAllowUtf8 || name.empty()) return std::string(name);
  if (escaping != Escaping::kDots && is_classic(name, kind)) return std::string(name);
  std::string escaped = escaping == Escaping::kValues ? "U__" : "";
  for (bool first = true; !name.empty(); first = false) {
    const std::uint32_t c = take_character(name);
    if (c == '_' && escaping != Escaping::kUnderscores) {
      escaped += "__";
    } else if (is_classic(c, first, kind)) {
      escaped += static_cast<char>(c);
    } else if (escaping == Escaping::kUnderscores) {
      escaped += '_';
    } else if (escaping == Escaping::kDots) {
      escaped += c == '.' ? "_dot_" : "__";
    } else {
      append_value(escaped, c);
    }
  }
  return escaped;
}

}  // namespace prometheus_async::exposition
