// SPDX-License-Identifier: Apache-2.0
//
// The index of a router: routes by method and path.
//
//   RouteTable table;
//   table.add(route);
//   RouteSearch search{.method = "GET", .path = "/users/3"};
//   if (table.find(search)) search.route->handler();
#ifndef PROMETHEUS_ASYNC_AIO_WEB_ROUTE_TABLE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_ROUTE_TABLE_H_

#include <array>
#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "aio/web/path_template.h"
#include "aio/web/route.h"

namespace prometheus_async::aio::web::internal {

// So many different names, as {a:int}, {b} and {c}.json, may there be at one place behind the same beginning.
inline constexpr std::size_t kMaxNamesAtOnePlace = 32;

// What is looked for, and what was found.
struct RouteSearch {
  std::string_view method;
  std::string_view path;

  const Route* route = nullptr;
  std::array<std::string_view, kMaxNames> values = {};  // as they stand in the path
  std::size_t value_count = 0;
  std::vector<std::string_view> allowed = {};  // methods of what has the path, some of them twice
};

// Templates with names are a tree of segments; the others are behind their whole path. What is behind a text is in one
// hash table for all nodes: a node has none of its own.
class RouteTable {
 public:
  RouteTable();
  ~RouteTable();
  RouteTable(RouteTable&&) noexcept;
  RouteTable& operator=(RouteTable&&) noexcept;

  // `route` outlives the table. Throws std::invalid_argument, which names both, if another route answers all that this
  // one does, or there are too many names at its place.
  void add(const Route& route);

  // Whether there is a route for both.
  bool find(RouteSearch& search) const;

  // Of all routes but "*".
  const std::set<std::string_view>& methods() const { return methods_; }

 private:
  // What has the same path: a route for each method.
  struct Resource {
    struct Entry {
      std::string_view method;
      const Route* route;
    };

    // Whether there is one for the method; otherwise notes the methods that there are.
    bool find(RouteSearch& search) const;

    std::vector<Entry> entries;
  };
  // A place in the tree: small, and beside those of the same route, since a search is as fast as memory is.
  struct Node {
    struct Name {
      const PathTemplate::Segment* segment;  // in segments_
      Node* node;
    };

    Resource resource;        // what ends here
    std::vector<Name> names;  // behind it, in the order in which they are tried
    bool has_texts = false;   // behind it
  };
  using Text = std::pair<const Node*, std::string_view>;

  Resource& resource_of(const Route& route);
  // The node of a segment, made if need be; of a whole path without a node.
  Node& behind_text(Node* node, const std::string& text);
  Node& behind_name(Node& node, const PathTemplate::Segment& segment, const Route& route);
  bool descend(const Node& node, std::size_t begin, RouteSearch& search) const;

  absl::flat_hash_map<Text, Node*> texts_;
  std::deque<Node> nodes_;  // the root is the first
  // What is the same in many templates is there once, so that it stays in the processor's cache.
  std::set<std::string> known_texts_;
  std::set<PathTemplate::Segment> segments_;
  std::set<std::string_view> methods_;
};

}  // namespace prometheus_async::aio::web::internal

#endif  // PROMETHEUS_ASYNC_AIO_WEB_ROUTE_TABLE_H_
