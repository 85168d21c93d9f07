// SPDX-License-Identifier: Apache-2.0

#include "aio/web/route_table.h"

#include <algorithm>
#include <stdexcept>

namespace prometheus_async::aio::web::internal {
namespace {

[[noreturn]] void reject(const Route& route, const std::string& rule) {
  throw std::invalid_argument("route \"" + std::string(route.path()) + "\": " + rule);
}

// The common methods at one place in memory, which stays in the cache however many routes there are.
std::string_view intern(std::string_view method) {
  for (const std::string_view known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "*"}) {
    if (method == known) return known;
  }
  return method;
}

}  // namespace

bool RouteTable::Resource::find(RouteSearch& search) const {
  const Route* any = nullptr;
  const Route* get = nullptr;
  for (const auto& [method, route] : entries) {
    if (method == search.method) {
      search.route = route;
      return true;
    }
    if (method == "*") any = route;
    if (method == "GET" && route->allow_head()) get = route;
  }
  search.route = get != nullptr && search.method == "HEAD" ? get : any;
  if (search.route != nullptr) return true;
  for (const Entry& entry : entries) search.allowed.push_back(entry.method);
  if (get != nullptr) search.allowed.push_back("HEAD");
  return false;
}

RouteTable::RouteTable() { nodes_.emplace_back(); }
RouteTable::~RouteTable() = default;
RouteTable::RouteTable(RouteTable&&) noexcept = default;
RouteTable& RouteTable::operator=(RouteTable&&) noexcept = default;

void RouteTable::add(const Route& route) {
  auto& entries = resource_of(route).entries;
  const auto same = [&](const Resource::Entry& entry) { return entry.method == route.method(); };
  if (const auto other = std::find_if(entries.begin(), entries.end(), same); other != entries.end()) {
    reject(route,
           std::string(route.method()) + " goes to the route \"" + std::string(other->route->path()) + "\" already");
  }
  const std::string_view method = intern(route.method());
  entries.push_back({method, &route});
  if (method == "*") return;
  methods_.insert(method);
  if (method == "GET" && route.allow_head()) methods_.insert("HEAD");
}

RouteTable::Resource& RouteTable::resource_of(const Route& route) {
  const PathTemplate& path = route.path_template();
  if (path.names().empty()) return behind_text(nullptr, path.routing_path()).resource;
  Node* node = &nodes_.front();
  for (const PathTemplate::Segment& segment : path.segments()) {
    node = segment.pattern ? &behind_name(*node, segment, route) : &behind_text(node, segment.prefix);
  }
  return node->resource;
}

RouteTable::Node& RouteTable::behind_text(Node* node, const std::string& text) {
  const auto found = texts_.find(Text(node, text));
  if (found != texts_.end()) return *found->second;
  Node& added = nodes_.emplace_back();
  texts_.emplace(Text(node, *known_texts_.insert(text).first), &added);
  if (node != nullptr) node->has_texts = true;
  return added;
}

RouteTable::Node& RouteTable::behind_name(Node& node, const PathTemplate::Segment& segment, const Route& route) {
  const auto found = std::find_if(node.names.begin(), node.names.end(),
                                  [&](const Node::Name& other) { return !(*other.segment < segment); });
  if (found != node.names.end() && *found->segment == segment) return *found->node;
  if (node.names.size() == kMaxNamesAtOnePlace) {
    reject(route, "more than " + std::to_string(kMaxNamesAtOnePlace) + " different names at one place");
  }
  Node& added = nodes_.emplace_back();
  node.names.insert(found, {&*segments_.insert(segment).first, &added});
  return added;
}

bool RouteTable::find(RouteSearch& search) const {
  const auto fixed = texts_.find(Text(nullptr, search.path));
  if (fixed != texts_.end() && fixed->second->resource.find(search)) return true;
  return search.path.starts_with('/') && descend(nodes_.front(), 1, search);
}

// `begin` is where the next segment of the path begins, npos behind the last. As deep as the templates are; the path
// has no say in it.
bool RouteTable::descend(const Node& node, std::size_t begin, RouteSearch& search) const {
  if (begin == std::string_view::npos) return node.resource.find(search);
  const std::size_t slash = search.path.find('/', begin);
  const std::string_view segment = search.path.substr(begin, slash - begin);
  const std::size_t next = slash == std::string_view::npos ? slash : slash + 1;
  if (node.has_texts) {
    const auto text = texts_.find(Text(&node, segment));
    if (text != texts_.end() && descend(*text->second, next, search)) return true;
  }
  for (const auto& [name, behind] : node.names) {
    const auto value = name->match(name->is_tail() ? search.path.substr(begin) : segment);
    if (!value) continue;
    search.values[search.value_count++] = *value;
    if (descend(*behind, name->is_tail() ? std::string_view::npos : next, search)) return true;
    --search.value_count;
  }
  return false;
}

}  // namespace prometheus_async::aio::web::internal
