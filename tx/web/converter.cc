// SPDX-License-Identifier: Apache-2.0

#include "tx/web/converter.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <system_error>

#include "aio/http/ascii.h"

namespace prometheus_async::tx::web {
namespace {

using aio::http::is_digits;

[[noreturn]] void reject(const std::string& rule) { throw std::invalid_argument(rule); }

Converter::Kind kind_of(std::string_view name) {
  using Kind = Converter::Kind;
  if (name == "string" || name == "default") return Kind::kString;
  if (name == "int") return Kind::kInt;
  if (name == "float") return Kind::kFloat;
  if (name == "path") return Kind::kPath;
  if (name == "any") return Kind::kAny;
  if (name == "uuid") return Kind::kUuid;
  reject("no converter is called \"" + std::string(name) + "\"; there are string, int, float, path, any and uuid");
}

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <class Number>
void set(std::optional<Number>& limit, const Converter::Argument& argument) {
  const std::optional<Number> number = parse<Number>(argument.value);
  if (!number) reject(argument.name + " takes a number, not \"" + argument.value + "\"");
  limit = number;
}

bool parse_bool(const Converter::Argument& argument) {
  if (argument.value != "True" && argument.value != "False") reject(argument.name + " is True or False");
  return argument.value == "True";
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : aio::http::hex_value(text[i]) < 0) return false;
  }
  return true;
}

}  // namespace

Converter::Converter(std::string_view name, const std::vector<Argument>& arguments) : kind_(kind_of(name)) {
  for (const Argument& argument : arguments) take(argument);
  check_limits();
}

void Converter::take(const Argument& argument) {
  const auto& [name, value] = argument;
  if (kind_ == Kind::kAny) {
    if (!name.empty()) reject("any takes texts, not " + name + "=");
    if (value.empty() || value.find('/') != std::string::npos) reject("a text of any is not empty and has no slash");
    return texts_.push_back(value);
  }
  if (kind_ == Kind::kString) {
    if (name == "minlength") return set(min_length_, argument);
    if (name == "maxlength") return set(max_length_, argument);
    if (name == "length") return set(length_, argument);
  } else if (kind_ == Kind::kInt) {
    if (name == "fixed_digits") return set(fixed_digits_, argument);
    if (name == "min") return set(min_, argument);
    if (name == "max") return set(max_, argument);
  } else if (kind_ == Kind::kFloat) {
    if (name == "min") return set(min_float_, argument);
    if (name == "max") return set(max_float_, argument);
  }
  if ((kind_ == Kind::kInt || kind_ == Kind::kFloat) && name == "signed") {
    is_signed_ = parse_bool(argument);
    return;
  }
  reject(name.empty() ? "an argument without a name, \"" + value + "\": only any takes these"
                      : "this converter has no argument " + name);
}

void Converter::check_limits() const {
  if (kind_ == Kind::kAny && texts_.empty()) reject("any takes one text or more");
  if (min_length_ == 0u || max_length_ == 0u || length_ == 0u) reject("a segment has one character or more");
  if (length_ && (min_length_ || max_length_)) reject("length leaves no room for minlength and maxlength");
  if (min_length_ && max_length_ && *min_length_ > *max_length_) reject("minlength is above maxlength");
  if (fixed_digits_ == 0u) reject("fixed_digits is one or more");
  if ((min_ && max_ && *min_ > *max_) || (min_float_ && max_float_ && *min_float_ > *max_float_)) {
    reject("min is above max");
  }
}

bool Converter::matches(std::string_view text) const {
  if (is_signed_ && text.starts_with('-')) text.remove_prefix(1);
  switch (kind_) {
    case Kind::kString: {
      if (text.empty()) return false;
      if (!length_ && !min_length_ && !max_length_) return true;
      const std::size_t characters = count_characters(text);
      if (length_) return characters == *length_;
      return characters >= min_length_.value_or(1) && characters <= max_length_.value_or(characters);
    }
    case Kind::kInt: return is_digits(text);
    case Kind::kFloat: {
      const std::size_t dot = text.find('.');
      return dot != std::string_view::npos && is_digits(text.substr(0, dot)) && is_digits(text.substr(dot + 1));
    }
    case Kind::kPath: return !text.empty() && text.front() != '/';
    case Kind::kAny: return std::find(texts_.begin(), texts_.end(), text) != texts_.end();
    case Kind::kUuid: return is_uuid(text);
  }
  return false;
}

bool Converter::accepts(std::string_view text) const {
  if (kind_ == Kind::kInt) {
    if (fixed_digits_ && text.size() != *fixed_digits_) return false;
    if (const auto number = parse<std::int64_t>(text))
      return number >= min_.value_or(*number) && number <= max_.value_or(*number);
    return !max_ && parse<std::uint64_t>(text);  // above every min
  }
  if (kind_ == Kind::kFloat) {
    const auto number = parse<double>(text);
    return number && *number >= min_float_.value_or(*number) && *number <= max_float_.value_or(*number);
  }
  return true;
}

std::string Converter::to_value(std::string text) const {
  if (kind_ == Kind::kUuid) std::transform(text.begin(), text.end(), text.begin(), aio::http::ascii_lower);
  return text;
}

std::optional<std::string> Converter::to_text(std::string_view value) const {
  std::string text(value);
  if (fixed_digits_ && text.size() < *fixed_digits_) {
    text.insert(text.starts_with('-') ? 1 : 0, *fixed_digits_ - text.size(), '0');
  }
  if (!matches(text) || !accepts(text)) return std::nullopt;
  return text;
}

int Converter::weight() const {
  switch (kind_) {
    case Kind::kInt:
    case Kind::kFloat: return 50;
    case Kind::kPath: return 200;
    default: return 100;
  }
}

}  // namespace prometheus_async::tx::web
