// SPDX-License-Identifier: Apache-2.0
//
// Routes as values, so that a list of them reads as a table.
//
//   app.router().add_routes({
//       web::get("/", index),
//       web::get("/users/{id:int}", get_user, {.name = "user"}),
//       web::post("/users", add_user),
//   });
#ifndef PROMETHEUS_ASYNC_AIO_WEB_ROUTE_DEF_H_
#define PROMETHEUS_ASYNC_AIO_WEB_ROUTE_DEF_H_

#include <string>
#include <utility>

#include "aio/web/handler.h"
#include "aio/web/route.h"

namespace prometheus_async::aio::web {

// Checked when it is added. Semantics: aiohttp.web.RouteDef.
struct RouteDef {
  std::string method;
  // A template: aio/web/router.h. Empty in a sub-application: its prefix itself, without a slash behind it.
  std::string path;
  Handler handler;
  RouteOptions options = {};
};

// "*" answers every method that has no route of its own at the path.
inline RouteDef route(std::string method, std::string path, Handler handler, RouteOptions options = {}) {
  return {std::move(method), std::move(path), std::move(handler), std::move(options)};
}

inline RouteDef get(std::string path, Handler handler, RouteOptions options = {}) {
  return route("GET", std::move(path), std::move(handler), std::move(options));
}
inline RouteDef head(std::string path, Handler handler, RouteOptions options = {}) {
  return route("HEAD", std::move(path), std::move(handler), std::move(options));
}
inline RouteDef post(std::string path, Handler handler, RouteOptions options = {}) {
  return route("POST", std::move(path), std::move(handler), std::move(options));
}
inline RouteDef put(std::string path, Handler handler, RouteOptions options = {}) {
  return route("PUT", std::move(path), std::move(handler), std::move(options));
}
inline RouteDef patch(std::string path, Handler handler, RouteOptions options = {}) {
  return route("PATCH", std::move(path), std::move(handler), std::move(options));
}
// `delete` is a keyword.
inline RouteDef delete_(std::string path, Handler handler, RouteOptions options = {}) {
  return route("DELETE", std::move(path), std::move(handler), std::move(options));
}
inline RouteDef options(std::string path, Handler handler, RouteOptions route_options = {}) {
  return route("OPTIONS", std::move(path), std::move(handler), std::move(route_options));
}

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_ROUTE_DEF_H_
