// SPDX-License-Identifier: Apache-2.0
//
// Names, help texts and labels as the formats want them: escaped by scheme, quoted, taken apart.
#ifndef PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_NAMES_H_
#define PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_NAMES_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "exposition/escaping.h"

namespace prometheus_async::exposition::internal {

// The name in the scheme; classic ones stay as they are in every scheme.
std::string scheme_name(std::string_view name, Escaping escaping, NameKind kind);

// The escapes of what is between quotes: of \, " and newline.
void append_escaped(std::string& text, std::string_view value);

// As a text format has it: in quotes unless it is classic.
std::string quoted_unless_classic(std::string_view name, NameKind kind);

// A help text in one line: \ and newline escaped, and " too in OpenMetrics. Bytes that are no UTF-8, which would fail
// the scrape, and NUL, at which Prometheus 2 stops reading, become U+FFFD.
std::string help_text(std::string_view help, bool escape_quotes);

// Takes metrics::Labels::text() apart, allocating nothing.
//
//   for (LabelCursor label(labels.text()); label.next();) use(label.name(), label.value());
class LabelCursor {
 public:
  explicit LabelCursor(std::string_view text) noexcept : rest_(text) {}

  bool next() noexcept {
    if (rest_.empty()) return false;
    has_quoted_name_ = rest_.front() == '"';
    if (has_quoted_name_) {
      name_ = take_quoted();
    } else {
      const std::size_t end = rest_.find('=');
      name_ = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
    }
    value_ = take_quoted();
    return true;
  }

  // As they are in the text: with escapes, without quotes.
  std::string_view name() const noexcept { return name_; }
  std::string_view value() const noexcept { return value_; }
  bool has_quoted_name() const noexcept { return has_quoted_name_; }

 private:
  // What is between the quotes that rest_ begins with; takes it from rest_, with the character that follows.
  std::string_view take_quoted() noexcept {
    std::size_t end = rest_.find('"', 1);
    // A quote after a backslash ends the text if the backslash is the second of a pair.
    if (rest_[end - 1] == '\\') {
      for (end = 1; rest_[end] != '"'; ++end) end += rest_[end] == '\\';
    }
    const std::string_view quoted = rest_.substr(1, end - 1);
    rest_.remove_prefix(std::min(end + 2, rest_.size()));
    return quoted;
  }

  std::string_view rest_;
  std::string_view name_;
  std::string_view value_;
  bool has_quoted_name_ = false;
};

// Writes what the escapes stand for to `to`, which has escaped.size() bytes; returns the end.
char* put_unescaped(char* to, std::string_view escaped) noexcept;

// The text of labels with the names that are quoted in `text` in the scheme instead, which is not kAllowUtf8.
std::string labels_in_scheme(std::string_view text, Escaping escaping);

}  // namespace prometheus_async::exposition::internal

#endif  // PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_NAMES_H_
