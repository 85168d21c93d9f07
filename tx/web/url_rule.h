// SPDX-License-Identifier: Apache-2.0
//
// One pattern of URLs, taken apart.
//
//   UrlRule rule("/users/<int:id>/<path:rest>", {.endpoint = "user_files"});
//   rule.arguments().size();                            // 2
//   rule.build({{"id", 7}, {"rest", "a/b c"}});         // "/users/7/a/b%20c"
#ifndef PROMETHEUS_ASYNC_TX_WEB_URL_RULE_H_
#define PROMETHEUS_ASYNC_TX_WEB_URL_RULE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tx/web/converter.h"
#include "tx/web/url_values.h"

namespace prometheus_async::tx::web {

struct UrlRuleOptions {
  // The name for url_for. The pattern if empty; several rules may share one.
  std::string endpoint = {};
  // The methods that are answered, in any case; GET brings HEAD along. All if empty.
  std::vector<std::string> methods = {};
  // A pattern with a `/` at its end redirects the path without it, and one without does not match the path with it. If
  // false, both match both.
  bool strict_slashes = true;
};

// Pattern: `/` and segments. A segment is text, which may hold percent escapes, with at most one `<name>`,
// `<converter:name>` or `<converter(arguments):name>` in it: "/v<int:major>/<name>.json". A <path:...> stands alone in
// its place and there is one at most; segments may follow it. Arguments are words, numbers or quoted texts.
//
// Semantics: werkzeug.routing.Rule, but that a segment there may hold several converters.
class UrlRule {
 public:
  struct Segment {
    std::string before;                  // the text in front of the converter; all of it if there is none
    std::optional<Converter> converter;  //
    std::string name;                    // of the value
    std::string after;                   // the text behind the converter

    // What the converter is to match, if the texts are around it.
    std::optional<std::string_view> variable_of(std::string_view text) const;
    bool matches_same_as(const Segment& other) const;
  };

  // Throws std::invalid_argument, naming the pattern and the rule that it breaks.
  explicit UrlRule(std::string_view pattern, UrlRuleOptions options = {});

  const std::string& pattern() const { return pattern_; }
  const std::string& endpoint() const { return options_.endpoint; }
  // Sorted, in upper case, HEAD included. Empty means all.
  const std::vector<std::string>& methods() const { return options_.methods; }
  bool strict_slashes() const { return options_.strict_slashes; }
  // Decoded. A pattern with a slash at its end has an empty last one.
  const std::vector<Segment>& segments() const { return segments_; }
  // Those with a converter.
  std::vector<const Segment*> arguments() const;

  bool answers(std::string_view method) const;
  // Whether this leaves nothing for `later` where both match.
  bool hides(const UrlRule& later) const;

  // The path, quoted, with the values that the pattern has no place for in a query behind it, unless `append_unknown`
  // is false. Throws std::invalid_argument for a value that is missing or that its converter does not accept.
  std::string build(const UrlValues& values, bool append_unknown = true) const;

 private:
  std::string pattern_;
  UrlRuleOptions options_;
  std::vector<Segment> segments_;
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_URL_RULE_H_
