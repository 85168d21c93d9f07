// SPDX-License-Identifier: Apache-2.0
//
// Finds the route for a method and a path.
//
//   router.add_get("/", hello);
//   router.add_get("/users/{id:int}", get_user, {.name = "user"});
//   router.add_delete("/users/{id:int}", delete_user);
//   router.add_get("/files/{path:.*}", get_file);
//   router.match("GET", "/users/3").info.get_int("id");  // 3
//   router.url_for("user", {{"id", "3"}});               // "/users/3"
#ifndef PROMETHEUS_ASYNC_AIO_WEB_ROUTER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_ROUTER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aio/web/handler.h"
#include "aio/web/match_info.h"
#include "aio/web/path_template.h"
#include "aio/web/route.h"
#include "aio/web/route_def.h"
#include "aio/web/static_files.h"

namespace prometheus_async::aio::web {

// The answer of a router.
struct Match {
  // Null: no route for the path (404), or none for the method (405).
  const Route* route = nullptr;
  MatchInfo info;
  // Without a route: the methods that the path has, sorted: "GET,HEAD,OPTIONS". Empty if no route has the path.
  std::string allow;
  // Without a route: OPTIONS is asked for and to be answered with `allow`.
  bool answers_options = false;
};

// Templates. A path of `/` and segments; a segment is text, which may hold percent escapes, or one name in braces, with
// text around it or without. A name stands for
//
//   {name}            any text, not empty, up to the next slash
//   {name:int}        -17: digits, of a number that fits std::int64_t; {name:uint} 17: std::uint64_t
//   {name:uuid}       8-4-4-4-12 hexadecimal digits
//   {name:slug}       letters, digits, _ and -
//   {name:[a-z.]+}    one class of ASCII characters, [...], [^...], \d or \w, and behind it nothing (one character) or
//                     +, *, ?, {2}, {2,}, {2,4}; never a slash, except an escaped one in a class that says [^...]
//   {name:.*}         the rest of the path with its slashes, perhaps nothing; {name:.+}: not nothing. The last segment
//
// and nothing else: what looks like a larger regular expression is refused. A path is cut into segments before escapes
// are decoded: "/users/a%2Fb" is two segments, and gives the name "a/b". A template has 8 names and 32 segments at
// most; without names, any number. In a sub-application the empty path "" is its prefix itself.
//
// Which route: looked at from left to right, the one with text where another has a name; then the one with more text
// around the name; then the one whose name takes fewer different characters, then fewer lengths; the rest of the path
// last. The order of adding has no say. A route that has the path but not the method yields to the next.
//
// Methods. GET answers HEAD too, unless HEAD has a route of its own or `allow_head` is off. "*" answers every method
// that has none of its own. OPTIONS is answered with the methods that there are, unless it has a route or
// automatic_options is off; `OPTIONS *` with those of all paths.
//
// Cost. A path without names in its template is found with one hash lookup. Others take a hash lookup and a look at the
// names at that place, 32 at most, for each segment, whatever the number of routes. Only where templates overlap (text
// and a name, or two names, that both fit the segment) is a second way tried if the first fails further on. No point of
// the tree of templates is come to twice for one path: no path can make it slower than a look at each template that
// its beginning fits.
//
// Threads: routes are added before the application serves; afterwards nothing changes and nothing is locked.
// Semantics: aiohttp.web.UrlDispatcher, except for the order and the patterns.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // All throw std::invalid_argument, naming the route and the rule, for a malformed template or method, for a name that
  // a route of another path has, and for a route that another one, perhaps with other names in it, would hide; and
  // std::logic_error once the application serves. Then nothing was added.
  const Route& add_get(std::string_view path, Handler handler, RouteOptions options = {}) {
    return add_route("GET", path, std::move(handler), std::move(options));
  }
  const Route& add_head(std::string_view path, Handler handler, RouteOptions options = {}) {
    return add_route("HEAD", path, std::move(handler), std::move(options));
  }
  const Route& add_post(std::string_view path, Handler handler, RouteOptions options = {}) {
    return add_route("POST", path, std::move(handler), std::move(options));
  }
  const Route& add_put(std::string_view path, Handler handler, RouteOptions options = {}) {
    return add_route("PUT", path, std::move(handler), std::move(options));
  }
  const Route& add_patch(std::string_view path, Handler handler, RouteOptions options = {}) {
    return add_route("PATCH", path, std::move(handler), std::move(options));
  }
  const Route& add_delete(std::string_view path, Handler handler, RouteOptions options = {}) {
    return add_route("DELETE", path, std::move(handler), std::move(options));
  }
  const Route& add_options(std::string_view path, Handler handler, RouteOptions options = {}) {
    return add_route("OPTIONS", path, std::move(handler), std::move(options));
  }
  const Route& add_route(std::string_view method, std::string_view path, Handler handler, RouteOptions options = {});
  // Those in front of one that is refused stay.
  void add_routes(std::vector<RouteDef> routes);
  // The files in a directory: web::static_files() says how.
  const Route& add_static(std::string_view prefix, const std::string& directory, StaticOptions options = {});

  // Whether OPTIONS is answered where it has no route. On by default.
  void set_automatic_options(bool is_on);

  // Puts `prefix`, a template without a slash at its end, in front of all paths. Not of those that were mounted.
  //
  // Throws as add_route does; then nothing has changed.
  void add_prefix(std::string_view prefix);
  // Answers the routes of `sub`, those mounted there included, as well; names stay with `sub`, which outlives this and
  // changes no more.
  //
  // Throws std::invalid_argument for a route that one here would hide; those in front of it stay.
  void mount(const Router& sub);
  // Replaces the handler of each route, but for those mounted, and says which application they are of.
  void decorate(const std::function<Handler(Handler)>& decorator, const Application* app);
  // No more routes from here on.
  void freeze();

  // `path` is as of http::Target::routing_path(), and outlives what is returned: values may be views of it. Any other
  // text is safe, and found or not. Without names in its template nothing is allocated.
  Match match(std::string_view method, std::string_view path) const;

  // The path of the routes of that name, with values in place of the names, and behind it the query: all
  // percent-encoded.
  //
  // Throws std::invalid_argument, naming the route and the rule, for an unknown route, a value that is missing, unknown
  // or given twice, and one that the path would not match with (`x` for an int).
  std::string url_for(std::string_view name, const UrlValues& values = {}, const UrlValues& query = {}) const;

  // Its own, in the order of adding, and then those that were mounted.
  const std::vector<const Route*>& routes() const;

 private:
  struct Routes;
  std::unique_ptr<Routes> routes_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_ROUTER_H_
