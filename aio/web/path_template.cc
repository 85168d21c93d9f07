// SPDX-License-Identifier: Apache-2.0

#include "aio/web/path_template.h"

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "aio/http/ascii.h"
#include "aio/http/percent.h"

namespace prometheus_async::aio::web::internal {
namespace {

constexpr std::string_view kEscapesKept = "/%";  // as in http::Target::routing_path

constexpr bool is_letter(char c) { return http::ascii_lower(c) >= 'a' && http::ascii_lower(c) <= 'z'; }

bool is_identifier(std::string_view text) {
  return !text.empty() && !http::is_digit(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == '_' || http::is_digit(c) || is_letter(c); });
}

// Appends text, in which what is neither unreserved (RFC 3986 2.3) nor `kept` becomes an escape.
void append_encoded(std::string_view text, std::string_view kept, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (http::is_digit(c) || is_letter(c) || std::string_view("-._~").find(c) != std::string_view::npos ||
        kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
}

constexpr std::string_view kPathCharacters = "!$&'()*+,;=:@";  // sub-delims and those of pchar

// The other way round: what http::Target would make of the encoded text.
std::string to_routing_form(std::string_view text, bool is_tail) {
  std::string result;
  for (const char c : text) {
    if (c == '%') {
      result += "%25";
    } else if (c == '/' && !is_tail) {
      result += "%2F";
    } else {
      result += c;
    }
  }
  return result;
}

bool has_dot_segment(std::string_view path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "." || segment == "..") return true;
    begin = end + 1;
  }
  return false;
}

// Just behind the brace that closes the one in front, of which there may be more within; npos without one.
std::size_t end_of_braces(std::string_view text) {
  std::size_t depth = 0;
  bool is_in_class = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (is_in_class) {
      is_in_class = text[i] != ']';
    } else if (text[i] == '[') {
      is_in_class = true;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<std::string_view> PathTemplate::Segment::match(std::string_view text) const {
  if (text.size() < prefix.size() + suffix.size() || !text.starts_with(prefix) || !text.ends_with(suffix)) {
    return std::nullopt;
  }
  const std::string_view value = text.substr(prefix.size(), text.size() - prefix.size() - suffix.size());
  const std::string_view last_two = value.substr(value.size() - std::min<std::size_t>(value.size(), 2));
  if (last_two.find('%') != std::string_view::npos) return std::nullopt;  // the suffix would begin within an escape
  if (!pattern->matches(value)) return std::nullopt;
  return value;
}

// A name takes texts that differ in their first and in their last character, so that one with less text around it
// takes some that one with more does not.
std::strong_ordering operator<=>(const PathTemplate::Segment& a, const PathTemplate::Segment& b) {
  if (const auto order = a.is_tail() <=> b.is_tail(); order != 0) return order;
  const std::size_t a_size = a.prefix.size() + a.suffix.size();
  const std::size_t b_size = b.prefix.size() + b.suffix.size();
  if (a_size != b_size) return b_size <=> a_size;
  if (const auto order = *a.pattern <=> *b.pattern; order != 0) return order;
  return std::tie(a.prefix, a.suffix) <=> std::tie(b.prefix, b.suffix);
}

PathTemplate::PathTemplate(std::string_view path) : text_(path) {
  if (!path.empty() && !path.starts_with('/')) reject("does not begin with /");
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    if (!segments_.empty() && segments_.back().is_tail()) reject("{name:.*} is the last segment");
    parse_segment(path);
  }
  if (names_.empty()) return;
  if (names_.size() > kMaxNames) reject("more than " + std::to_string(kMaxNames) + " names");
  if (segments_.size() > kMaxSegments) {
    reject("more than " + std::to_string(kMaxSegments) + " segments, in a path with names");
  }
}

// Takes a segment off the front, up to the slash or the end.
void PathTemplate::parse_segment(std::string_view& rest) {
  Segment segment;
  const auto take_text = [&](std::string& out) {
    const std::string_view text = rest.substr(0, rest.find_first_of("/{"));
    rest.remove_prefix(text.size());
    if (text.find_first_of("?#") != std::string_view::npos) reject("a path has neither query nor fragment");
    if (text.find('}') != std::string_view::npos) reject("a } without its {");
    if (!http::percent_decode_except(text, kEscapesKept, out)) reject("bad percent escape");
    if (!http::is_valid_utf8(out) || out.find('\0') != std::string::npos) reject("text that is not UTF-8, or NUL");
  };
  take_text(segment.prefix);
  if (rest.starts_with('{')) {
    const std::size_t end = end_of_braces(rest);
    if (end == std::string_view::npos) reject("a { without its }");
    parse_name(rest.substr(1, end - 2), segment);
    rest.remove_prefix(end);
    take_text(segment.suffix);
    if (rest.starts_with('{')) reject("more than one {name} in a segment");
    if (segment.is_tail() && !(segment.prefix.empty() && segment.suffix.empty())) {
      reject("{name:.*} takes up a whole segment");
    }
  } else if (segment.prefix == "." || segment.prefix == "..") {
    reject("a dot segment, which no request has");
  }
  segments_.push_back(std::move(segment));
}

void PathTemplate::parse_name(std::string_view braces, Segment& segment) {
  const std::size_t colon = braces.find(':');
  std::string name(braces.substr(0, colon));
  if (!is_identifier(name)) reject("a name in braces is letters, digits and _");
  if (std::find(names_.begin(), names_.end(), name) != names_.end()) reject("{" + name + "} occurs twice");
  try {
    segment.pattern =
        colon == std::string_view::npos ? SegmentPattern() : SegmentPattern(std::string_view(braces.substr(colon + 1)));
  } catch (const std::invalid_argument& error) {
    reject("{" + name + "}: " + error.what());
  }
  names_.push_back(std::move(name));
}

void PathTemplate::reject(std::string_view rule) const {
  throw std::invalid_argument("route \"" + text_ + "\": " + std::string(rule));
}

const SegmentPattern& PathTemplate::pattern(std::size_t n) const {
  for (const Segment& segment : segments_) {
    if (segment.pattern && n-- == 0) return *segment.pattern;
  }
  throw std::out_of_range("no such name");
}

std::string PathTemplate::routing_path() const {
  std::string path;
  for (const Segment& segment : segments_) path.append("/").append(segment.prefix);
  return path;
}

std::string PathTemplate::expand(const UrlValues& values) const {
  for (const auto& [name, value] : values) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) reject("has no {" + name + "}");
  }
  std::string path;
  auto name = names_.begin();
  for (const Segment& segment : segments_) {
    path += '/';
    append_encoded(segment.prefix, std::string(kPathCharacters) + '%', path);
    if (!segment.pattern) continue;
    const auto has_name = [&](const auto& value) { return value.first == *name; };
    const auto found = std::find_if(values.begin(), values.end(), has_name);
    if (found == values.end()) reject("{" + *name + "} has no value");
    if (std::find_if(found + 1, values.end(), has_name) != values.end()) reject("{" + *name + "} has two values");
    const std::string& value = found->second;
    const std::string routed = segment.prefix + to_routing_form(value, segment.is_tail()) + segment.suffix;
    if (!http::is_valid_utf8(value) || value.find('\0') != std::string::npos || has_dot_segment(routed) ||
        !segment.match(routed)) {
      reject("{" + *name + "} cannot be \"" + value + "\"");
    }
    append_encoded(value, std::string(kPathCharacters) + (segment.is_tail() ? "/" : ""), path);
    append_encoded(segment.suffix, std::string(kPathCharacters) + '%', path);
    ++name;
  }
  return path;
}

void append_query(const UrlValues& query, std::string& url) {
  char separator = '?';
  for (const auto& [name, value] : query) {
    url += std::exchange(separator, '&');
    append_encoded(name, {}, url);
    url += '=';
    append_encoded(value, {}, url);
  }
}

}  // namespace prometheus_async::aio::web::internal
