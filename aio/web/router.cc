// SPDX-License-Identifier: Apache-2.0

#include "aio/web/router.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <stdexcept>

#include "aio/http/ascii.h"
#include "aio/web/route_table.h"

namespace prometheus_async::aio::web {
namespace {

std::string joined(const std::set<std::string_view>& methods) {
  std::string list;
  for (const std::string_view method : methods) list.append(list.empty() ? "" : ",").append(method);
  return list;
}

}  // namespace

struct Router::Routes {
  void check_building(std::string_view what) const {
    if (is_frozen) throw std::logic_error(std::string(what) + ": the application serves already");
  }

  // The route to which a name can go no more, or null.
  const Route* other_of(const Route& route) const {
    const auto found = by_name.find(route.name());
    if (found == by_name.end() || found->second->path() == route.path()) return nullptr;
    return found->second;
  }

  std::vector<std::unique_ptr<Route>> own;
  std::vector<const Route*> all;  // those that were mounted, too
  std::map<std::string, const Route*, std::less<>> by_name;
  internal::RouteTable table;
  bool answers_options = true;
  bool is_frozen = false;
};

Router::Router() : routes_(std::make_unique<Routes>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

const Route& Router::add_route(std::string_view method, std::string_view path, Handler handler, RouteOptions options) {
  const std::string title = "route \"" + std::string(path) + "\"";
  routes_->check_building(title);
  if (!http::is_token(method)) {
    throw std::invalid_argument(title + ": the method \"" + std::string(method) + "\" is no token");
  }
  auto route = std::make_unique<Route>(method, internal::PathTemplate(path), std::move(handler), std::move(options));
  if (const Route* other = routes_->other_of(*route)) {
    throw std::invalid_argument(title + ": the name \"" + std::string(route->name()) + "\" is of the route \"" +
                                std::string(other->path()) + "\" already");
  }
  routes_->table.add(*route);
  if (!route->name().empty()) routes_->by_name.emplace(route->name(), route.get());
  routes_->all.push_back(route.get());
  return *routes_->own.emplace_back(std::move(route));
}

void Router::add_routes(std::vector<RouteDef> routes) {
  for (RouteDef& each : routes) {
    add_route(each.method, each.path, std::move(each.handler), std::move(each.options));
  }
}

const Route& Router::add_static(std::string_view prefix, const std::string& directory, StaticOptions options) {
  RouteDef files = static_files(prefix, directory, std::move(options));
  return add_route(files.method, files.path, std::move(files.handler), std::move(files.options));
}

void Router::set_automatic_options(bool is_on) {
  routes_->check_building("set_automatic_options()");
  routes_->answers_options = is_on;
}

void Router::add_prefix(std::string_view prefix) {
  routes_->check_building("add_prefix()");
  if (prefix.ends_with('/')) throw std::invalid_argument("prefix \"" + std::string(prefix) + "\": ends with /");
  std::vector<internal::PathTemplate> paths;
  for (const auto& route : routes_->own) paths.emplace_back(std::string(prefix) + route->path_template().text());
  for (std::size_t i = 0; i < paths.size(); ++i) routes_->own[i]->path_ = std::move(paths[i]);
  routes_->table = internal::RouteTable();
  for (const Route* route : routes_->all) routes_->table.add(*route);
}

void Router::mount(const Router& sub) {
  routes_->check_building("mount()");
  for (const Route* route : sub.routes_->all) {
    routes_->table.add(*route);
    routes_->all.push_back(route);
  }
}

void Router::decorate(const std::function<Handler(Handler)>& decorator, const Application* app) {
  routes_->check_building("decorate()");
  for (const auto& route : routes_->own) {
    route->handler_ = decorator(std::move(route->handler_));
    route->app_ = app;
  }
}

void Router::freeze() { routes_->is_frozen = true; }

Match Router::match(std::string_view method, std::string_view path) const {
  internal::RouteSearch search{.method = method, .path = path};
  Match match;
  if (routes_->table.find(search)) {
    match.route = search.route;
    match.info = MatchInfo(search.route->path_template(), std::span(search.values).first(search.value_count));
    return match;
  }
  std::set<std::string_view> allowed(search.allowed.begin(), search.allowed.end());
  if (path == "*") allowed = routes_->table.methods();
  if (allowed.empty()) return match;
  if (routes_->answers_options) allowed.insert("OPTIONS");
  match.allow = joined(allowed);
  match.answers_options = routes_->answers_options && method == "OPTIONS";
  return match;
}

std::string Router::url_for(std::string_view name, const UrlValues& values, const UrlValues& query) const {
  const auto route = routes_->by_name.find(name);
  if (route == routes_->by_name.end()) {
    throw std::invalid_argument("url_for: no route has the name \"" + std::string(name) + "\"");
  }
  std::string url = route->second->path_template().expand(values);
  internal::append_query(query, url);
  return url;
}

const std::vector<const Route*>& Router::routes() const { return routes_->all; }

}  // namespace prometheus_async::aio::web
