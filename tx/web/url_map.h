// SPDX-License-Identifier: Apache-2.0
//
// Many rules, and the way from a path to the one that answers it, and back. No I/O: a request is a method and segments.
//
//   UrlMap map;
//   map.add(UrlRule("/users/<int:id>", {.endpoint = "user", .methods = {"GET"}}));
//   const std::vector<std::string> segments{"users", "7"};
//   const UrlMap::Routed routed = map.match("GET", segments);
//   std::get<UrlMap::Match>(routed).values;             // {"7"}
//   map.build("user", {{"id", 7}});                     // "/users/7"
#ifndef PROMETHEUS_ASYNC_TX_WEB_URL_MAP_H_
#define PROMETHEUS_ASYNC_TX_WEB_URL_MAP_H_

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tx/web/url_rule.h"
#include "tx/web/url_values.h"

namespace prometheus_async::tx::web {

// No URL for this endpoint with these values. The message says why.
class BuildError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// Which rule: looked at segment by segment, from left to right, the one with text before one with a converter, text
// around the converter before none, then the converters by their weight, then the rule that was added first. A number
// outside of its min and max is no match, and no other rule is tried for it.
//
// Slashes: "/foo" is redirected to a rule "/foo/"; "/foo/" does not match a rule "/foo"; both unless strict_slashes is
// off. A path with `//` that nothing matches is redirected to the one without, if that has a match.
//
// Cost: linear in the path and in the rules that begin as it does; no regular expression; a path without variable parts
// allocates nothing. Threads: adding is not for a map in use on another thread.
//
// Semantics: werkzeug.routing.Map. The segments are cut before they are decoded, so that "a%2Fb" is one.
class UrlMap {
 public:
  struct Match {
    const UrlRule* rule;
    std::vector<std::string> values;  // of rule->arguments(), in order
  };
  // 405 with these methods, sorted; or 404 if there are none.
  struct NoMatch {
    std::vector<std::string> allowed;
  };
  // 308 to this path, quoted, of the same map.
  struct Redirect {
    std::string path;
  };
  using Routed = std::variant<Match, NoMatch, Redirect>;

  UrlMap();
  ~UrlMap();
  UrlMap(UrlMap&&) noexcept;
  UrlMap& operator=(UrlMap&&) noexcept;

  // The rule stays where it is. Throws std::invalid_argument, and takes nothing, for a rule that an earlier one hides:
  // it answers the same paths for all of its methods.
  const UrlRule& add(UrlRule rule);

  // `segments` is the path as between its slashes, decoded: {"users", "7"}; a slash at the end makes an empty last one,
  // and "/" is {""}.
  Routed match(std::string_view method, std::span<const std::string> segments) const;

  // The path of the first rule of the endpoint that has a place for most of the values, and values for all its places,
  // quoted, with the other values as a query. With `method`, only of rules that answer it; without, one that answers
  // GET is preferred. Throws BuildError.
  std::string build(std::string_view endpoint, const UrlValues& values = {}, std::string_view method = {},
                    bool append_unknown = true) const;

 private:
  struct Node;
  struct Search;

  std::vector<std::unique_ptr<const UrlRule>> rules_;
  std::unique_ptr<Node> root_;
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_URL_MAP_H_
