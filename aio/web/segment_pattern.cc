// SPDX-License-Identifier: Apache-2.0

#include "aio/web/segment_pattern.h"

#include <charconv>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>

#include "aio/http/ascii.h"

namespace prometheus_async::aio::web::internal {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789ABCDEFabcdef";
constexpr std::string_view kWord = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
constexpr std::uint32_t kMaxRepetitions = 9999;  // more than a path has characters by default

[[noreturn]] void reject(std::string_view rule) { throw std::invalid_argument(std::string(rule)); }

std::size_t index(char c) { return static_cast<unsigned char>(c); }

void add(std::bitset<256>& characters, std::string_view text) {
  for (const char c : text) characters.set(index(c));
}

char take(std::string_view& text) {
  if (text.empty()) reject("a [class] has no end");
  const char c = text.front();
  if (c < 0x20 || c > 0x7e) reject("a [class] is of printable ASCII; what is not is in a negated one, [^...]");
  text.remove_prefix(1);
  return c;
}

// \d or \w, of which only the letter is left.
bool add_shorthand(std::bitset<256>& characters, char letter) {
  if (letter == 'd') add(characters, kDigits);
  if (letter == 'w') add(characters, kWord);
  return letter == 'd' || letter == 'w';
}

// A character within brackets. Nullopt-like: '\0' for a shorthand, whose characters were added.
char take_class_character(std::string_view& text, std::bitset<256>& characters) {
  const char c = take(text);
  if (c == '[') reject("write \\[ for a bracket in a [class]");
  if (c != '\\') return c;
  const char escaped = take(text);
  if (add_shorthand(characters, escaped)) return '\0';
  if (kWord.find(escaped) != std::string_view::npos) reject("a [class] knows \\d and \\w, and \\ before punctuation");
  return escaped;
}

template <class Integer>
bool is_number(std::string_view text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : http::hex_value(text[i]) < 0) return false;
  }
  return true;
}

}  // namespace

SegmentPattern::SegmentPattern() { class_.set(); }

SegmentPattern::SegmentPattern(std::string_view text) {
  if (text == ".*" || text == ".+") {
    is_tail_ = true;
    class_.set();
    minimum_ = text == ".+" ? 1 : 0;
  } else if (text == "int") {
    type_ = Type::kInt;
    add(class_, kDigits);
    class_.set(index('-'));
  } else if (text == "uint") {
    type_ = Type::kUint;
    add(class_, kDigits);
  } else if (text == "uuid") {
    type_ = Type::kUuid;
    add(class_, kHexDigits);
    class_.set(index('-'));
    minimum_ = maximum_ = 36;
  } else if (text == "slug") {
    add(class_, kWord);
    class_.set(index('-'));
  } else {
    parse_class(text);
    parse_quantifier(text);
  }
}

// Takes the class off the front.
void SegmentPattern::parse_class(std::string_view& text) {
  if (text.starts_with('\\')) {
    if (text.size() < 2 || !add_shorthand(class_, text[1])) reject("of the classes \\x there are \\d and \\w");
    text.remove_prefix(2);
    return;
  }
  if (!text.starts_with('[')) {
    reject("behind the colon stands int, uint, uuid, slug, or one [class] with +, *, ? or {n,m}, or .* for the tail");
  }
  text.remove_prefix(1);
  const bool is_negated = text.starts_with('^');
  if (is_negated) text.remove_prefix(1);
  if (text.starts_with(']')) reject("an empty [class]; write \\] for a bracket in one");
  while (!text.starts_with(']')) {
    const char first = take_class_character(text, class_);
    if (first == '\0') continue;
    if (!text.starts_with('-') || text.substr(1).starts_with(']')) {
      class_.set(index(first));
      continue;
    }
    text.remove_prefix(1);
    const char last = take_class_character(text, class_);
    if (last < first) reject("a range in a [class] that runs backwards");
    for (std::size_t c = index(first); c <= index(last); ++c) class_.set(c);
  }
  text.remove_prefix(1);
  if (is_negated) {
    class_.flip();
  } else if (class_.test(index('/'))) {
    reject("a name stays within its segment, so that its [class] has no slash; {name:.*} takes the tail");
  }
  if (class_.count() < 2) reject("a [class] of one character is text; write it without a name");
}

// All that is left is the quantifier.
void SegmentPattern::parse_quantifier(std::string_view text) {
  constexpr std::string_view kRule = "behind the [class] stands nothing more than one of +, *, ?, {n}, {n,}, {n,m}";
  minimum_ = maximum_ = 1;
  if (text.empty()) return;
  if (text == "+" || text == "*") {
    minimum_ = text == "+" ? 1 : 0;
    maximum_ = kNoMaximum;
    return;
  }
  if (text == "?") {
    minimum_ = 0;
    return;
  }
  if (!text.starts_with('{') || !text.ends_with('}')) reject(kRule);
  const auto number = [&](std::string_view digits) {
    std::uint32_t value = 0;
    if (!http::is_digits(digits) || digits.size() > 4) reject(kRule);
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    static_assert(kMaxRepetitions == 9999, "four digits");
    return value;
  };
  text = text.substr(1, text.size() - 2);
  const std::size_t comma = text.find(',');
  minimum_ = number(text.substr(0, comma));
  if (comma == std::string_view::npos) {
    maximum_ = minimum_;
  } else if (comma + 1 == text.size()) {
    maximum_ = kNoMaximum;
  } else {
    maximum_ = number(text.substr(comma + 1));
  }
  if (maximum_ < minimum_ || maximum_ == 0) reject("{n,m} allows no text: m is 1 or more, and not below n");
}

bool SegmentPattern::matches(std::string_view text) const {
  switch (type_) {
    case Type::kInt: return is_number<std::int64_t>(text);
    case Type::kUint: return is_number<std::uint64_t>(text);
    case Type::kUuid: return is_uuid(text);
    case Type::kText: break;
  }
  return class_.all() ? text.size() >= minimum_ : matches_class(text);
}

bool SegmentPattern::matches_class(std::string_view text) const {
  std::uint32_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i, ++size) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return false;
      const int high = http::hex_value(text[i + 1]);
      const int low = http::hex_value(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (!class_.test(index(c))) return false;
  }
  return size >= minimum_ && size <= maximum_;
}

// Texts of a narrower class, and among equal ones of a narrower range, cannot contain those of a wider. The rest makes
// the order total.
std::strong_ordering operator<=>(const SegmentPattern& a, const SegmentPattern& b) {
  const auto rank = [](const SegmentPattern& pattern) {
    return std::tuple(pattern.is_tail_, pattern.class_.count(), pattern.maximum_ - pattern.minimum_, pattern.minimum_,
                      pattern.type_);
  };
  if (const auto order = rank(a) <=> rank(b); order != 0) return order;
  for (std::size_t c = 0; c < a.class_.size(); ++c) {
    if (a.class_[c] != b.class_[c]) return a.class_[c] ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return std::strong_ordering::equal;
}

}  // namespace prometheus_async::aio::web::internal
