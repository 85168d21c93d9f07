// SPDX-License-Identifier: Apache-2.0
//
// The values that a URL is built from.
//
//   const UrlValues values{{"id", 7}, {"since", "2026-01-01"}};
//   app.url_for("user", values);  // "/users/7?since=2026-01-01"
#ifndef PROMETHEUS_ASYNC_TX_WEB_URL_VALUES_H_
#define PROMETHEUS_ASYNC_TX_WEB_URL_VALUES_H_

#include <charconv>
#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus_async::tx::web {

// A text or a number, as text. Not yet quoted: that is done where it is put.
class UrlValue {
 public:
  template <std::convertible_to<std::string_view> Text>
  UrlValue(const Text& text)  // NOLINT(google-explicit-constructor): a value is written as itself
      : text_(std::string_view(text)) {}

  template <std::integral Number>
    requires(!std::same_as<Number, bool> && !std::same_as<Number, char>)
  UrlValue(Number number) : text_(std::to_string(number)) {}  // NOLINT(google-explicit-constructor)

  // The shortest text that reads back as this number, always with a dot.
  UrlValue(double number) {  // NOLINT(google-explicit-constructor)
    char text[std::numeric_limits<double>::max_exponent10 + 32];
    const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed).ptr;
    text_.assign(text, end);
    if (text_.find_first_not_of("-0123456789") == std::string::npos) text_ += ".0";
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// By the name of the part of the pattern. A vector, since a query may hold a name twice.
using UrlValues = std::vector<std::pair<std::string, UrlValue>>;

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_URL_VALUES_H_
