// SPDX-License-Identifier: Apache-2.0
//
// What was added to a router: a handler, and the method and path that it answers.
//
//   const web::Route& user = app.router().add_get("/users/{id:int}", get_user, {.name = "user"});
//   user.path();  // "/users/{id:int}"
#ifndef PROMETHEUS_ASYNC_AIO_WEB_ROUTE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_ROUTE_H_

#include <string>
#include <string_view>
#include <utility>

#include "aio/web/handler.h"
#include "aio/web/path_template.h"

namespace prometheus_async::aio::web {

class Application;

struct RouteOptions {
  // For url_for(). Routes of one path may share a name. Empty: none.
  std::string name = {};
  // Whether a GET route answers HEAD too, which leaves the body out. It yields to a route for HEAD.
  bool allow_head = true;
};

// Stays where it is as long as its router lives, wherever that is moved. Threads: changes only until the application
// serves.
class Route {
 public:
  // Made by Router::add_route().
  Route(std::string_view method, internal::PathTemplate path, Handler handler, RouteOptions options)
      : method_(method), path_(std::move(path)), handler_(std::move(handler)), options_(std::move(options)) {}

  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;

  // "GET", or "*" for all that have no route of their own.
  std::string_view method() const { return method_; }
  // The template, with the prefixes of sub-applications: fit for a metric's label as a request's path is not.
  std::string_view path() const { return path_.text(); }
  std::string_view name() const { return options_.name; }
  bool allow_head() const { return options_.allow_head; }
  const Handler& handler() const { return handler_; }
  // The application that it belongs to; null until that serves, and in a router without one.
  const Application* app() const { return app_; }

  const internal::PathTemplate& path_template() const { return path_; }

 private:
  friend class Router;

  const std::string method_;
  internal::PathTemplate path_;
  Handler handler_;
  RouteOptions options_;
  const Application* app_ = nullptr;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_ROUTE_H_
