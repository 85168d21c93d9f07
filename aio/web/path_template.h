// SPDX-License-Identifier: Apache-2.0
//
// The path of a route, with names in it: taken apart when the route is added, and put together for url_for().
//
//   PathTemplate path("/users/{id:int}/{file}.json");
//   path.names().size();                                  // 2
//   path.expand({{"id", "3"}, {"file", "a b"}});          // "/users/3/a%20b.json"
#ifndef PROMETHEUS_ASYNC_AIO_WEB_PATH_TEMPLATE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_PATH_TEMPLATE_H_

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aio/web/segment_pattern.h"

namespace prometheus_async::aio::web {

// Names and values, in any order.
using UrlValues = std::vector<std::pair<std::string, std::string>>;

namespace internal {

// A path has so many segments at most if it has names, and so many names; a search goes as deep as that, and keeps its
// values on the stack.
inline constexpr std::size_t kMaxSegments = 32;
inline constexpr std::size_t kMaxNames = 8;

class PathTemplate {
 public:
  // Between two slashes: text, or a name with text around it. Texts are in the form of http::Target::routing_path().
  struct Segment {
    std::string prefix;  // the whole text where there is no name
    std::string suffix;
    std::optional<SegmentPattern> pattern;

    bool is_tail() const { return pattern && pattern->is_tail(); }
    // The value of the name, or nullopt if `text`, a segment or for a tail the rest of the path, does not match.
    // Linear in the length of `text`.
    std::optional<std::string_view> match(std::string_view text) const;
    // Of two that have names: if all texts of the one are among the other's, the one comes first.
    friend std::strong_ordering operator<=>(const Segment& a, const Segment& b);
    friend bool operator==(const Segment& a, const Segment& b) { return (a <=> b) == 0; }
  };

  // An empty one is that of a sub-application's prefix, which is put in front of it.
  //
  // Throws std::invalid_argument, "route \"PATH\": RULE".
  explicit PathTemplate(std::string_view path);

  // As it was given.
  const std::string& text() const { return text_; }
  // At least one, but for an empty path. Without names: routing_path() is the whole.
  const std::vector<Segment>& segments() const { return segments_; }
  const std::vector<std::string>& names() const { return names_; }
  // Of the n-th name.
  const SegmentPattern& pattern(std::size_t n) const;
  // The path, of a template without names, in the form of http::Target::routing_path().
  std::string routing_path() const;

  // The path with these values, percent-encoded; the slashes of a tail stay.
  //
  // Throws std::invalid_argument, which names the template and the name, for one that is missing, unknown or twice, and
  // for a value that the path would not match with, or that a server refuses: dot segments, NUL, bytes that are not
  // UTF-8.
  std::string expand(const UrlValues& values) const;

 private:
  void parse_segment(std::string_view& rest);
  void parse_name(std::string_view braces, Segment& segment);
  [[noreturn]] void reject(std::string_view rule) const;

  std::string text_;
  std::vector<Segment> segments_;
  std::vector<std::string> names_;
};

// Appends ?name=value&..., percent-encoded; nothing for none.
void append_query(const UrlValues& query, std::string& url);

}  // namespace internal
}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_PATH_TEMPLATE_H_
