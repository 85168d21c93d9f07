// SPDX-License-Identifier: Apache-2.0
//
// Finds the handler for a method and a path.
//
//   router.add_get("/", hello);
//   router.add_get("/users/{name}", get_user);
//   router.add_delete("/users/{name}", delete_user);
#ifndef PROMETHEUS_ASYNC_AIO_WEB_ROUTER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_ROUTER_H_

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "aio/web/handler.h"
#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {

// Templates. A path of `/` and segments; a segment is text, which may hold percent escapes, or `{name}`, which stands
// for any one segment that is not empty. The path is cut into segments before escapes are decoded: "/users/a%2Fb" is
// two segments, and gives the name "a/b".
//
// Which route: the one with text where another has a name, looked at from left to right. A path without names is found
// with one hash lookup; others at a cost of their own length, however many routes there are.
//
// Methods. GET answers HEAD too, unless HEAD has a route of its own. "*" answers every method that has none of its own.
// Without a route for the path: 404. With one, but not for the method: 405 and Allow.
//
// Threads: routes are added before the application serves; afterwards nothing changes and nothing is locked.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // All throw std::invalid_argument, naming the route and the rule, for a malformed template or method and for a route
  // that another one, perhaps with other names in it, would hide; and std::logic_error once the application serves.
  void add_get(std::string_view path, Handler handler) { add_route("GET", path, std::move(handler)); }
  void add_post(std::string_view path, Handler handler) { add_route("POST", path, std::move(handler)); }
  void add_put(std::string_view path, Handler handler) { add_route("PUT", path, std::move(handler)); }
  void add_patch(std::string_view path, Handler handler) { add_route("PATCH", path, std::move(handler)); }
  void add_delete(std::string_view path, Handler handler) { add_route("DELETE", path, std::move(handler)); }
  void add_route(std::string_view method, std::string_view path, Handler handler);

  // No more routes from here on.
  void freeze();

  // Calls the handler of the request's route. Throws HttpError 404 or 405.
  asio::awaitable<Response> handle(Request& request) const;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_ROUTER_H_
