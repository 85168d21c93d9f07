// SPDX-License-Identifier: Apache-2.0

#include "tx/web/url_map.h"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "tx/web/url_quote.h"

namespace prometheus_async::tx::web {
namespace {

using Segment = UrlRule::Segment;
using Segments = std::span<const std::string>;

bool is_path(const Segment& segment) {
  return segment.converter && segment.converter->kind() == Converter::Kind::kPath;
}

// Orders the ways on from a node; the smallest is tried first. Werkzeug's Weighting.
struct Weight {
  explicit Weight(std::span<const Segment> parts) {
    for (const Segment& part : parts) {
      for (const std::string* text : {&part.before, &part.after}) {
        if (text->empty()) continue;
        --texts;
        lengths.push_back(-static_cast<std::ptrdiff_t>(text->size()));
      }
      if (!part.converter) continue;
      --converters;
      weights.push_back(part.converter->weight());
    }
  }

  friend auto operator<=>(const Weight&, const Weight&) = default;

  std::ptrdiff_t texts = 0;  // their number, negated; likewise below
  std::vector<std::ptrdiff_t> lengths;
  std::ptrdiff_t converters = 0;
  std::vector<int> weights;
};

// Part of a path that a converter matched: text within a segment, or whole segments.
struct Value {
  std::string_view text;
  Segments path;

  std::string joined() const {
    if (path.empty()) return std::string(text);
    std::string all(path.front());
    for (const std::string& segment : path.subspan(1)) all.append("/").append(segment);
    return all;
  }
};

bool has_slashes_in_a_row(Segments segments) {
  return segments.size() > 1 &&
         std::any_of(segments.begin(), segments.end() - 1, [](const std::string& segment) { return segment.empty(); });
}

std::string quoted(Segments segments) {
  std::string path;
  for (const std::string& segment : segments) path.append("/").append(quote_segment(segment));
  return path;
}

}  // namespace

struct UrlMap::Node {
  // A way on through one segment with a converter in it, or through a path and all that follows it.
  struct Edge {
    std::vector<Segment> parts;
    bool ends_in_slash;  // of a path: its rule does
    Weight weight;
    std::unique_ptr<Node> next;
  };

  absl::flat_hash_map<std::string, std::unique_ptr<Node>> texts;
  std::vector<Edge> edges;            // by weight
  std::vector<const UrlRule*> rules;  // that end here

  Node& at_text(const std::string& text) {
    std::unique_ptr<Node>& next = texts[text];
    if (!next) next = std::make_unique<Node>();
    return *next;
  }

  Node& at_edge(std::span<const Segment> parts, bool ends_in_slash) {
    const auto is_same = [&](const Edge& edge) {
      return edge.ends_in_slash == ends_in_slash &&
             std::equal(edge.parts.begin(), edge.parts.end(), parts.begin(), parts.end(),
                        [](const Segment& a, const Segment& b) { return a.matches_same_as(b); });
    };
    if (const auto edge = std::find_if(edges.begin(), edges.end(), is_same); edge != edges.end()) return *edge->next;
    Edge edge{{parts.begin(), parts.end()}, ends_in_slash, Weight(parts), std::make_unique<Node>()};
    const auto place = std::upper_bound(edges.begin(), edges.end(), edge,
                                        [](const Edge& a, const Edge& b) { return a.weight < b.weight; });
    return *edges.insert(place, std::move(edge))->next;
  }
};

// One path on its way through the tree. It comes to each node once at most, and as deep as the rules are.
struct UrlMap::Search {
  enum class Outcome { kNone, kFound, kSlashMissing };

  explicit Search(std::string_view wanted_method) : method(wanted_method) {}

  std::string_view method;
  std::vector<Value> values = {};
  std::set<std::string_view> allowed = {};  // methods of rules that match but for theirs
  const UrlRule* rule = nullptr;

  bool visit(const UrlRule& candidate) {
    if (!candidate.answers(method)) {
      allowed.insert(candidate.methods().begin(), candidate.methods().end());
      return false;
    }
    rule = &candidate;
    return true;
  }

  void add_value(const Value& value) {
    if (values.empty()) values.reserve(4);  // the most that most patterns have
    values.push_back(value);
  }

  Outcome descend(const Node& node, Segments rest) {
    if (rest.empty()) return arrive(node);
    if (const auto text = node.texts.find(rest.front()); text != node.texts.end()) {
      if (const Outcome outcome = descend(*text->second, rest.subspan(1)); outcome != Outcome::kNone) return outcome;
    }
    for (const Node::Edge& edge : node.edges) {
      const std::size_t values_before = values.size();
      const Outcome outcome =
          is_path(edge.parts.front()) ? descend_path(edge, rest) : descend_segment(edge.parts, *edge.next, rest);
      if (outcome != Outcome::kNone) return outcome;
      values.resize(values_before);
    }
    if (rest.size() == 1 && rest.front().empty()) {  // a slash too many
      for (const UrlRule* candidate : node.rules) {
        if (!candidate->strict_slashes() && visit(*candidate)) return Outcome::kFound;
      }
    }
    return Outcome::kNone;
  }

  Outcome arrive(const Node& node) {
    for (const UrlRule* candidate : node.rules) {
      if (visit(*candidate)) return Outcome::kFound;
    }
    const auto slash = node.texts.find("");
    if (slash == node.texts.end()) return Outcome::kNone;
    for (const UrlRule* candidate : slash->second->rules) {
      if (!candidate->answers(method)) continue;
      rule = candidate;
      return candidate->strict_slashes() ? Outcome::kSlashMissing : Outcome::kFound;
    }
    return Outcome::kNone;
  }

  // Through the segments of `parts`, of which none is a path.
  Outcome descend_segment(std::span<const Segment> parts, const Node& next, Segments rest) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto text = parts[i].variable_of(rest[i]);
      if (!text) return Outcome::kNone;
      if (!parts[i].converter) {
        if (rest[i].size() != parts[i].before.size()) return Outcome::kNone;
        continue;
      }
      if (!parts[i].converter->matches(*text)) return Outcome::kNone;
      add_value({.text = *text, .path = {}});
    }
    return descend(next, rest.subspan(parts.size()));
  }

  Outcome descend_path(const Node::Edge& edge, Segments rest) {
    const std::span<const Segment> tail = std::span(edge.parts).subspan(1);
    const std::size_t slash = edge.ends_in_slash && rest.back().empty() ? 1 : 0;
    if (rest.size() < slash + tail.size() + 1) return Outcome::kNone;
    const Segments path = rest.first(rest.size() - slash - tail.size());
    if (path.front().empty() || path.front().front() == '/' || (edge.ends_in_slash && path.back().empty()))
      return Outcome::kNone;
    add_value({.text = {}, .path = path});
    return descend_segment(tail, *edge.next, rest.subspan(path.size()));
  }
};

UrlMap::UrlMap() : root_(std::make_unique<Node>()) {}
UrlMap::~UrlMap() = default;
UrlMap::UrlMap(UrlMap&&) noexcept = default;
UrlMap& UrlMap::operator=(UrlMap&&) noexcept = default;

const UrlRule& UrlMap::add(UrlRule rule) {
  auto owned = std::make_unique<const UrlRule>(std::move(rule));
  const std::vector<Segment>& segments = owned->segments();
  const bool ends_in_slash = segments.back().before.empty() && !segments.back().converter;
  Node* node = root_.get();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    std::span<const Segment> parts(&segments[i], 1);
    if (!segments[i].converter) {
      node = &node->at_text(segments[i].before);
    } else if (!is_path(segments[i])) {
      node = &node->at_edge(parts, false);
    } else {
      parts = std::span(segments).subspan(i, segments.size() - i - (ends_in_slash ? 1 : 0));
      node = &node->at_edge(parts, ends_in_slash);
      i += parts.size() - 1;
    }
  }
  for (const UrlRule* earlier : node->rules) {
    if (!earlier->hides(*owned)) continue;
    throw std::invalid_argument("route \"" + owned->pattern() + "\": never reached, since \"" + earlier->pattern() +
                                "\" answers the same paths and methods");
  }
  node->rules.push_back(owned.get());
  return *rules_.emplace_back(std::move(owned));
}

UrlMap::Routed UrlMap::match(std::string_view method, Segments segments) const {
  Search search(method);
  Search::Outcome outcome = search.descend(*root_, segments);
  std::vector<std::string> merged;
  if (outcome == Search::Outcome::kNone && has_slashes_in_a_row(segments)) {
    merged.assign(segments.begin(), segments.end());
    merged.erase(std::remove(merged.begin(), merged.end() - 1, std::string()), merged.end() - 1);
    segments = merged;
    search.values.clear();
    outcome = search.descend(*root_, segments);
    if (outcome == Search::Outcome::kFound) return Redirect{quoted(segments)};
  }
  if (outcome == Search::Outcome::kSlashMissing) return Redirect{quoted(segments) + "/"};
  if (outcome == Search::Outcome::kNone) return NoMatch{{search.allowed.begin(), search.allowed.end()}};

  Match match{search.rule, {}};
  match.values.reserve(search.values.size());
  for (const Segment& segment : search.rule->segments()) {
    if (match.values.size() == search.values.size()) break;
    if (!segment.converter) continue;
    std::string text = search.values[match.values.size()].joined();
    if (!segment.converter->accepts(text)) return NoMatch{{search.allowed.begin(), search.allowed.end()}};
    match.values.push_back(segment.converter->to_value(std::move(text)));
  }
  return match;
}

std::string UrlMap::build(std::string_view endpoint, const UrlValues& values, std::string_view method,
                          bool append_unknown) const {
  const UrlRule* best = nullptr;
  const UrlRule* incomplete = nullptr;  // has the endpoint and the method, but not a value for each place
  bool is_known = false;
  // Smaller is better: does not answer GET, and fewer places.
  const auto rank = [&](const UrlRule& rule) {
    return std::pair(method.empty() && !rule.answers("GET"), -static_cast<std::ptrdiff_t>(rule.arguments().size()));
  };
  for (const auto& rule : rules_) {
    if (rule->endpoint() != endpoint) continue;
    is_known = true;
    if (!method.empty() && !rule->answers(method)) continue;
    const auto arguments = rule->arguments();
    const bool is_complete = std::all_of(arguments.begin(), arguments.end(), [&](const Segment* argument) {
      return std::any_of(values.begin(), values.end(),
                         [&](const auto& value) { return value.first == argument->name; });
    });
    const UrlRule*& place = is_complete ? best : incomplete;
    if (place == nullptr || rank(*rule) < rank(*place)) place = rule.get();
  }
  const std::string prefix = "url_for(\"" + std::string(endpoint) + "\"): ";
  if (!is_known) throw BuildError(prefix + "no route has this endpoint");
  if (best == nullptr) best = incomplete;
  if (best == nullptr) throw BuildError(prefix + "no route of this endpoint answers " + std::string(method));
  try {
    return best->build(values, append_unknown);
  } catch (const std::invalid_argument& error) {
    throw BuildError(prefix + error.what());
  }
}

}  // namespace prometheus_async::tx::web
