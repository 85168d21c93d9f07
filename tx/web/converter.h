// SPDX-License-Identifier: Apache-2.0
//
// What a variable part of a URL may look like: Werkzeug's converters, without regular expressions.
//
//   Converter id("int", {{.name = "min", .value = "1"}});
//   id.matches("42");   // true
//   id.accepts("0");    // false: below min
#ifndef PROMETHEUS_ASYNC_TX_WEB_CONVERTER_H_
#define PROMETHEUS_ASYNC_TX_WEB_CONVERTER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus_async::tx::web {

// One of
//
//   string(minlength, maxlength, length)   one character or more; lengths are in characters, not bytes
//   int(fixed_digits, min, max, signed)    digits, of a number that std::int64_t or std::uint64_t can hold
//   float(min, max, signed)                digits, a dot and digits
//   path                                   segments and the slashes between them; not empty, no slash in front
//   any(a, b, ...)                         one of these texts
//   uuid                                   8-4-4-4-12 hexadecimal digits
//
// All but path stay within one segment of the path. A number has no sign unless signed=True, which allows a `-`.
//
// Semantics: werkzeug.routing.converters; a regular converter there, its `to_python` and its `to_url`.
class Converter {
 public:
  enum class Kind { kString, kInt, kFloat, kPath, kAny, kUuid };

  // One thing in the parentheses: `min=1` or, without a name, `draft`.
  struct Argument {
    std::string name;
    std::string value;
  };

  // Throws std::invalid_argument for a name that is none of them, and for arguments that it does not take or cannot
  // use; the message says which.
  explicit Converter(std::string_view name, const std::vector<Argument>& arguments = {});

  Kind kind() const { return kind_; }

  // Whether the text has the shape. If not, another rule may match.
  bool matches(std::string_view text) const;
  // Whether a text that matches() is within min, max and fixed_digits. If not, no other rule is tried.
  bool accepts(std::string_view text) const;

  // The value for a text that is accepted: itself, but a UUID is spelled in lower case.
  std::string to_value(std::string text) const;
  // The other way, before it is quoted: zeros in front as fixed_digits asks for. Nullopt if the result would not be
  // accepted.
  std::optional<std::string> to_text(std::string_view value) const;

  // The rank among converters at one place; the smallest is tried first. Numbers 50, path 200, all others 100.
  int weight() const;

  friend bool operator==(const Converter&, const Converter&) = default;

 private:
  void take(const Argument& argument);
  void check_limits() const;

  Kind kind_;
  bool is_signed_ = false;
  std::optional<std::size_t> min_length_;
  std::optional<std::size_t> max_length_;
  std::optional<std::size_t> length_;
  std::optional<std::size_t> fixed_digits_;
  std::optional<std::int64_t> min_;
  std::optional<std::int64_t> max_;
  std::optional<double> min_float_;
  std::optional<double> max_float_;
  std::vector<std::string> texts_;  // of any
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_CONVERTER_H_
