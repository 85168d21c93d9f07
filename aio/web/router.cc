// SPDX-License-Identifier: Apache-2.0

#include "aio/web/router.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "aio/http/ascii.h"
#include "aio/http/percent.h"
#include "aio/web/http_error.h"

namespace prometheus_async::aio::web {
namespace {

constexpr std::string_view kEscapesKept = "/%";  // as in http::Target::routing_path

struct Route {
  std::string path;                // the template, as it was given
  std::vector<std::string> names;  // of its segments, in order
  Handler handler;
};

// What is at one path: a route for each method.
struct Resource {
  std::map<std::string, Route, std::less<>> routes;

  const Route* find(std::string_view method) const {
    auto route = routes.find(method);
    if (route == routes.end() && method == "HEAD") route = routes.find("GET");
    if (route == routes.end()) route = routes.find("*");
    return route == routes.end() ? nullptr : &route->second;
  }
};

// Resources by segments.
struct Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> texts;
  std::unique_ptr<Node> name;
  std::optional<Resource> resource;
};

struct HashText {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

struct Template {
  std::string routing_path;           // its form in the table of paths without names
  std::vector<std::string> segments;  // texts; "{" for a name, which no text can be
  std::vector<std::string> names;
};

[[noreturn]] void reject(std::string_view path, std::string_view rule) {
  throw std::invalid_argument("route \"" + std::string(path) + "\": " + std::string(rule));
}

bool is_identifier(std::string_view text) {
  return !text.empty() && !http::is_digit(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
    return c == '_' || http::is_digit(c) || (http::ascii_lower(c) >= 'a' && http::ascii_lower(c) <= 'z');
  });
}

// Cuts the first segment off a path without its leading slash.
std::string_view take_segment(std::optional<std::string_view>& path) {
  const std::size_t slash = path->find('/');
  const std::string_view segment = path->substr(0, slash);
  if (slash == std::string_view::npos) {
    path.reset();
  } else {
    path->remove_prefix(slash + 1);
  }
  return segment;
}

Template parse_template(std::string_view path) {
  Template result;
  if (!path.starts_with('/')) reject(path, "does not begin with /");
  if (path.find_first_of("?#") != std::string_view::npos) reject(path, "a path has neither query nor fragment");
  if (!http::percent_decode_except(path, kEscapesKept, result.routing_path)) reject(path, "bad percent escape");
  std::optional<std::string_view> rest = std::string_view(result.routing_path).substr(1);
  while (rest) {
    const std::string_view segment = take_segment(rest);
    if (segment.find_first_of("{}") == std::string_view::npos) {
      result.segments.emplace_back(segment);
      continue;
    }
    if (segment.size() < 2 || segment.front() != '{' || segment.back() != '}') {
      reject(path, "a {name} takes up a whole segment");
    }
    std::string name(segment.substr(1, segment.size() - 2));
    if (!is_identifier(name)) reject(path, "a name in braces is letters, digits and _");
    if (std::find(result.names.begin(), result.names.end(), name) != result.names.end()) {
      reject(path, "{" + name + "} occurs twice");
    }
    result.names.push_back(std::move(name));
    result.segments.emplace_back("{");
  }
  return result;
}

// What is looked for, and what was found on the way.
struct Search {
  std::string_view method;
  std::vector<std::string_view> values = {};  // of the names passed
  std::set<std::string_view> allowed = {};    // methods of resources that matched
  const Route* route = nullptr;

  // Whether the search is over.
  bool visit(const Resource& resource) {
    route = resource.find(method);
    if (route != nullptr) return true;
    for (const auto& entry : resource.routes) {
      allowed.insert(entry.first);
      if (entry.first == "GET") allowed.insert("HEAD");
    }
    return false;
  }

  // As deep as the templates are; the path has no say in it.
  bool descend(const Node& node, std::optional<std::string_view> path) {
    if (!path) return node.resource && visit(*node.resource);
    const std::string_view segment = take_segment(path);
    const auto text = node.texts.find(segment);
    if (text != node.texts.end() && descend(*text->second, path)) return true;
    if (!node.name || segment.empty()) return false;
    values.push_back(segment);
    if (descend(*node.name, path)) return true;
    values.pop_back();
    return false;
  }
};

}  // namespace

struct Router::Table {
  std::unordered_map<std::string, Resource, HashText, std::equal_to<>> fixed;  // templates without names
  Node named;                                                                  // the others
  bool is_frozen = false;

  Resource& resource_of(const Template& path) {
    if (path.names.empty()) return fixed[path.routing_path];
    Node* node = &named;
    for (const std::string& segment : path.segments) {
      std::unique_ptr<Node>& next = segment == "{" ? node->name : node->texts[segment];
      if (!next) next = std::make_unique<Node>();
      node = next.get();
    }
    if (!node->resource) node->resource.emplace();
    return *node->resource;
  }
};

Router::Router() : table_(std::make_unique<Table>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add_route(std::string_view method, std::string_view path, Handler handler) {
  if (table_->is_frozen) throw std::logic_error("route \"" + std::string(path) + "\": the application serves already");
  if (!http::is_token(method)) reject(path, "the method \"" + std::string(method) + "\" is no token");
  Template parsed = parse_template(path);
  auto& routes = table_->resource_of(parsed).routes;
  if (const auto other = routes.find(method); other != routes.end()) {
    reject(path, std::string(method) + " goes to the route \"" + other->second.path + "\" already");
  }
  routes.emplace(method, Route{std::string(path), std::move(parsed.names), std::move(handler)});
}

void Router::freeze() { table_->is_frozen = true; }

asio::awaitable<Response> Router::handle(Request& request) const {
  const std::string_view path = request.head_.target.routing_path();
  Search search{request.method()};
  const auto fixed = table_->fixed.find(path);
  const bool found = (fixed != table_->fixed.end() && search.visit(fixed->second)) ||
                     (path.starts_with('/') && search.descend(table_->named, path.substr(1)));
  if (found) {
    MatchInfo& match = request.match_info_;
    match.route_ = search.route->path;
    for (std::size_t i = 0; i < search.route->names.size(); ++i) {
      std::string value;
      http::percent_decode(search.values[i], value);
      match.values_.emplace_back(search.route->names[i], std::move(value));
    }
    return search.route->handler(request);
  }

  if (path.starts_with('/') && search.allowed.empty()) throw HttpError(404);
  std::string allow;  // nothing for what has no path: CONNECT, and OPTIONS of the whole server
  for (const std::string_view method : search.allowed) allow.append(allow.empty() ? "" : ",").append(method);
  Response response = HttpError(405).response();
  response.headers.set("Allow", allow);
  throw HttpError(std::move(response));
}

}  // namespace prometheus_async::aio::web
