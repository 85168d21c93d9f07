// SPDX-License-Identifier: Apache-2.0
#include "metrics/labels.h"

#include <algorithm>
#include <cstring>

#include "metrics/names.h"
#include "metrics/utf8.h"

namespace prometheus_async::metrics {
namespace {

char escape_of(char c) noexcept { return c == '\n' ? 'n' : c == '\\' || c == '"' ? c : '\0'; }

void append_quoted(std::string& text, std::string_view value) {
  text += '"';
  for (const char c : value) {
    if (const char escape = escape_of(c)) {
      text += '\\';
      text += escape;
    } else {
      text += c;
    }
  }
  text += '"';
}

// Takes what is quoted at the beginning of `text`, with its comma or equals sign.
std::string take_quoted(std::string_view& text) {
  std::string value;
  std::size_t i = 1;
  for (; text[i] != '"'; ++i) {
    if (text[i] == '\\') {
      ++i;
      value += text[i] == 'n' ? '\n' : text[i];
    } else {
      value += text[i];
    }
  }
  text.remove_prefix(std::min(i + 2, text.size()));
  return value;
}

}  // namespace

Labels::Labels(const std::vector<Pair>& pairs) {
  for (const auto& [name, value] : pairs) {
    if (!text_.empty()) text_ += ',';
    if (is_classic_label_name(name)) {
      text_ += name;
    } else {
      append_quoted(text_, name);
      has_quoted_names_ = true;
    }
    text_ += '=';
    append_quoted(text_, value);
  }
  make_utf8(text_);
  text_.shrink_to_fit();
  has_escapes_ = text_.find('\\') != std::string::npos;
}

std::vector<Labels::Pair> Labels::pairs() const {
  std::vector<Pair> pairs;
  for (std::string_view rest = text_; !rest.empty();) {
    std::string name;
    if (rest.front() == '"') {
      name = take_quoted(rest);
    } else {
      const std::size_t end = rest.find('=');
      name = rest.substr(0, end);
      rest.remove_prefix(end + 1);
    }
    pairs.emplace_back(std::move(name), take_quoted(rest));
  }
  return pairs;
}

// Where nothing is escaped, the quotes in the text are those around the values. A value with a quote in it, which is
// none of these, could only be found across several labels: then what follows is not `,name="`, or the text is at its
// end before the values are.
bool Labels::has_plain_values(std::span<const std::string_view> values) const noexcept {
  const char* at = text_.data();
  const char* const end = at + text_.size();
  for (const std::string_view value : values) {
    if (at == end || (at != text_.data() && *at++ != ',')) return false;
    const auto left = [&] { return static_cast<std::size_t>(end - at); };
    at = static_cast<const char*>(std::memchr(at, '=', left()));
    if (at == nullptr || at[1] != '"') return false;
    at += 2;
    if (left() <= value.size()) return false;
    if (!value.empty() && std::memcmp(at, value.data(), value.size()) != 0) return false;
    at += value.size();
    if (*at++ != '"') return false;
  }
  return true;
}

bool Labels::has_values(std::span<const std::string_view> values) const noexcept {
  if (!has_escapes_ && !has_quoted_names_) return has_plain_values(values);
  const char* at = text_.data();
  const char* const end = at + text_.size();
  for (const std::string_view value : values) {
    if (*at == '"') {  // a quoted name
      for (++at; *at != '"'; ++at) at += *at == '\\';
      ++at;
    } else {
      while (*at != '=') ++at;
    }
    at += 2;  // ="
    // No character of a value reads as the quote that ends one, so that this never runs past the end.
    for (const char c : value) {
      const char escape = escape_of(c);
      if (escape != '\0' && *at++ != '\\') return false;
      if (*at++ != (escape != '\0' ? escape : c)) return false;
    }
    if (*at++ != '"') return false;
    if (at != end) ++at;  // the comma
  }
  return true;
}

}  // namespace prometheus_async::metrics
