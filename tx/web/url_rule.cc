// SPDX-License-Identifier: Apache-2.0

#include "tx/web/url_rule.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <utility>

#include "aio/http/ascii.h"
#include "aio/http/percent.h"
#include "tx/web/url_quote.h"

namespace prometheus_async::tx::web {
namespace {

namespace http = aio::http;

using Segment = UrlRule::Segment;

[[noreturn]] void reject(std::string_view pattern, const std::string& rule) {
  throw std::invalid_argument("route \"" + std::string(pattern) + "\": " + rule);
}

bool is_word_char(char c) {
  const char lower = http::ascii_lower(c);
  return c == '_' || http::is_digit(c) || (lower >= 'a' && lower <= 'z');
}

bool is_dot_segment(std::string_view text) { return text == "." || text == ".."; }

// Reads a pattern from left to right, once.
class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : pattern_(pattern), rest_(pattern) {}

  std::vector<Segment> read() {
    if (!skip('/')) fail("does not begin with /");
    do {
      segments_.push_back(read_segment());
    } while (skip('/'));
    for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
      if (is_empty(segments_[i])) fail("two slashes in a row, which a request never has");
    }
    return std::move(segments_);
  }

 private:
  [[noreturn]] void fail(const std::string& rule) const { reject(pattern_, rule); }

  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_spaces() {
    while (skip(' ')) {
    }
  }

  static bool is_empty(const Segment& segment) { return segment.before.empty() && !segment.converter; }

  Segment read_segment() {
    Segment segment;
    segment.before = read_text();
    if (rest_.starts_with('<')) {
      read_variable(segment);
      segment.after = read_text();
      if (rest_.starts_with('<')) fail("a segment has one <...> at most");
      if (segment.converter->kind() == Converter::Kind::kPath) check_path(segment);
    } else if (is_dot_segment(segment.before)) {
      fail("a segment . or .., which a request never has");
    }
    return segment;
  }

  std::string read_text() {
    const std::string_view text = rest_.substr(0, rest_.find_first_of("/<"));
    rest_.remove_prefix(text.size());
    if (text.find('>') != std::string_view::npos) fail("a > without its <");
    if (text.find_first_of("?#") != std::string_view::npos) fail("a path has neither query nor fragment");
    std::string decoded;
    if (!http::percent_decode(text, decoded)) fail("bad percent escape");
    if (!http::is_valid_utf8(decoded)) fail("not UTF-8");
    return decoded;
  }

  std::string read_word() {
    std::size_t size = 0;
    while (size < rest_.size() && is_word_char(rest_[size])) ++size;
    std::string word(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return word;
  }

  void read_variable(Segment& segment) {
    skip('<');
    std::string converter = "string";
    std::vector<Converter::Argument> arguments;
    std::string name = read_word();
    const bool has_arguments = skip('(');
    if (has_arguments) arguments = read_arguments();
    if (skip(':')) {
      converter = std::exchange(name, read_word());
    } else if (has_arguments) {
      fail("a converter with arguments is written <converter(...):name>");
    }
    if (!skip('>')) fail("a <...> is <name>, <converter:name> or <converter(arguments):name>");
    if (name.empty() || http::is_digit(name.front())) fail("a name is letters, digits and _, and begins with no digit");
    const auto has_name = [&](const Segment& other) { return other.converter && other.name == name; };
    if (std::any_of(segments_.begin(), segments_.end(), has_name)) fail("<" + name + "> occurs twice");
    try {
      segment.converter.emplace(converter, arguments);
    } catch (const std::invalid_argument& error) {
      fail("<" + name + ">: " + error.what());
    }
    segment.name = std::move(name);
  }

  // What follows the opening parenthesis, up to the closing one.
  std::vector<Converter::Argument> read_arguments() {
    std::vector<Converter::Argument> arguments;
    skip_spaces();
    while (!skip(')')) {
      Converter::Argument argument{.name = {}, .value = read_value()};
      skip_spaces();
      if (skip('=')) {
        skip_spaces();
        argument.name = std::exchange(argument.value, read_value());
        skip_spaces();
      }
      arguments.push_back(std::move(argument));
      if (skip(',')) {
        skip_spaces();
      } else if (!rest_.starts_with(')')) {
        fail("arguments are words, numbers and quoted texts with commas between them");
      }
    }
    return arguments;
  }

  std::string read_value() {
    for (const char quote : {'"', '\''}) {
      if (!skip(quote)) continue;
      const std::size_t size = rest_.find(quote);
      if (size == std::string_view::npos) fail("a quoted argument without its end");
      std::string text(rest_.substr(0, size));
      rest_.remove_prefix(size + 1);
      return text;
    }
    std::size_t size = 0;
    while (size < rest_.size() && (is_word_char(rest_[size]) || rest_[size] == '.' || rest_[size] == '-')) ++size;
    if (size == 0) fail("arguments are words, numbers and quoted texts with commas between them");
    std::string word(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return word;
  }

  void check_path(const Segment& segment) const {
    if (!segment.before.empty() || !segment.after.empty()) fail("a <path:...> has no text in its own segment");
    for (const Segment& other : segments_) {
      if (other.converter && other.converter->kind() == Converter::Kind::kPath) fail("a second <path:...>");
    }
  }

  std::string_view pattern_;
  std::string_view rest_;
  std::vector<Segment> segments_;
};

const UrlValue* find(const UrlValues& values, std::string_view name) {
  for (const auto& [key, value] : values) {
    if (key == name) return &value;
  }
  return nullptr;
}

// Whether a request may have these segments: the parser of requests refuses others.
bool is_sayable(std::string_view path) {
  if (path.find('\0') != std::string_view::npos || !http::is_valid_utf8(path)) return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (is_dot_segment(path.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

std::optional<std::string_view> Segment::variable_of(std::string_view text) const {
  if (text.size() < before.size() + after.size() || !text.starts_with(before) || !text.ends_with(after)) return {};
  return text.substr(before.size(), text.size() - before.size() - after.size());
}

bool Segment::matches_same_as(const Segment& other) const {
  return before == other.before && after == other.after && converter == other.converter;
}

UrlRule::UrlRule(std::string_view pattern, UrlRuleOptions options)
    : pattern_(pattern), options_(std::move(options)), segments_(PatternReader(pattern).read()) {
  std::vector<std::string>& methods = options_.methods;
  for (std::string& method : methods) {
    if (!http::is_token(method)) reject(pattern, "the method \"" + method + "\" is no token");
    std::transform(method.begin(), method.end(), method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  }
  if (std::find(methods.begin(), methods.end(), "GET") != methods.end()) methods.emplace_back("HEAD");
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  if (options_.endpoint.empty()) options_.endpoint = pattern_;
}

std::vector<const Segment*> UrlRule::arguments() const {
  std::vector<const Segment*> arguments;
  for (const Segment& segment : segments_) {
    if (segment.converter) arguments.push_back(&segment);
  }
  return arguments;
}

bool UrlRule::answers(std::string_view method) const {
  return methods().empty() || std::binary_search(methods().begin(), methods().end(), method);
}

bool UrlRule::hides(const UrlRule& later) const {
  if (methods().empty()) return true;
  return !later.methods().empty() &&
         std::includes(methods().begin(), methods().end(), later.methods().begin(), later.methods().end());
}

std::string UrlRule::build(const UrlValues& values, bool append_unknown) const {
  std::string url;
  for (const Segment& segment : segments_) {
    url.append("/").append(quote_segment(segment.before));
    if (!segment.converter) continue;
    const UrlValue* value = find(values, segment.name);
    if (value == nullptr) reject(pattern_, "needs a value for <" + segment.name + ">");
    const std::optional<std::string> text = segment.converter->to_text(value->text());
    if (!text || !is_sayable(segment.before + *text + segment.after)) {
      reject(pattern_, "<" + segment.name + "> does not take \"" + value->text() + "\"");
    }
    const bool is_path = segment.converter->kind() == Converter::Kind::kPath;
    url.append(is_path ? quote_path(*text) : quote_segment(*text)).append(quote_segment(segment.after));
  }
  if (!append_unknown) return url;
  char separator = '?';
  for (const auto& [name, value] : values) {
    const auto is_place = [&name](const Segment& segment) { return segment.converter && segment.name == name; };
    if (std::any_of(segments_.begin(), segments_.end(), is_place)) continue;
    url += std::exchange(separator, '&');
    url.append(quote_query(name)).append("=").append(quote_query(value.text()));
  }
  return url;
}

}  // namespace prometheus_async::tx::web
