// SPDX-License-Identifier: Apache-2.0
//
// Functions behind URLs: Klein's application.
//
//   tx::web::Klein app;
//   app.route("/", [](tx::web::Request&) { return "hello"; });
//   app.route("/users/<int:id>", [](tx::web::Request&, int id) -> tx::Deferred<std::string> {
//     co_return (co_await find_user(id)).name;
//   });
//   app.route("/metrics", [](tx::web::Request&) { return tx::web::MetricsResource(); });
//   reactor.listen_tcp(8000, tx::web::Site(app.resource()));
#ifndef PROMETHEUS_ASYNC_TX_WEB_KLEIN_H_
#define PROMETHEUS_ASYNC_TX_WEB_KLEIN_H_

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tx/web/internal/error_function.h"
#include "tx/web/internal/klein_app.h"
#include "tx/web/internal/route_function.h"
#include "tx/web/klein_request.h"
#include "tx/web/klein_resource.h"
#include "tx/web/url_values.h"

namespace prometheus_async::tx::web {

struct RouteOptions {
  // The methods that are answered; GET brings HEAD along. All if empty.
  std::vector<std::string> methods = {};
  // The name for url_for; the pattern if empty.
  std::string endpoint = {};
  // Whether the route also answers every path below its own that no other route does: the Resource that the function
  // returns resolves the rest. At "/users" it answers "/users/" as well.
  bool branch = false;
  // See UrlRuleOptions.
  bool strict_slashes = true;
};

// Patterns and their order: UrlRule, UrlMap. Nothing depends on the order of the calls but ties between equal patterns
// and the order of the error handlers.
//
// A function is called with the request and the values of its pattern's converters, in order:
//
//   Request& or KleinRequest&                            first
//   any integer                                          for <int:...>
//   double or float                                      for <float:...>
//   std::string, const std::string& or std::string_view  for the others
//
// and returns nothing, text, a Response, a Body, a Resource (by value, by reference, by a raw, unique or shared
// pointer), or a Deferred of one of these, perhaps as a coroutine. Anything else does not compile. Text is UTF-8. With
// nothing returned the body is what the function has written; a Resource renders the request. The request, the values
// behind references and views, and the function with what it captured live until the Deferred has its result.
//
// A number that the parameter's type cannot hold is a 404, as one outside of min and max is.
//
// The client goes away: the function's Deferred is cancelled, and nothing is written. What it ends with, other than
// CancelledError, is reported as an unhandled failure.
//
// Threads: the reactor's; routes and error handlers may be added while it serves. Lifetime: see resource().
//
// Semantics: klein 24.8; docs/semantics.md has the differences.
class Klein {
 public:
  Klein();

  // Moved from, it is only to be destroyed or assigned to.
  Klein(Klein&&) noexcept = default;
  Klein& operator=(Klein&&) noexcept = default;

  // Throws std::invalid_argument, naming the pattern and the rule, for a bad pattern, for parameters that do not go
  // with its converters, and for a route that an earlier one hides.
  template <class F>
  void route(std::string_view pattern, RouteOptions options, F&& function) {
    add_route(pattern, std::move(options), internal::make_route_function(std::forward<F>(function)));
  }
  template <class F>
  void route(std::string_view pattern, F&& function) {
    route(pattern, RouteOptions(), std::forward<F>(function));
  }

  // Puts `prefix` in front of the patterns of all routes that `function` adds. It is called at once, with this Klein or
  // with nothing.
  //
  //   app.subroute("/users", [](tx::web::Klein& users) { users.route("/<int:id>", show); });  // "/users/<int:id>"
  template <class F>
  void subroute(std::string_view prefix, F&& function) {
    const Prefix scope(*this, prefix);
    static_assert(std::invocable<F, Klein&> || std::invocable<F>,
                  "prometheus_async: subroute takes a function of a tx::web::Klein& or of nothing");
    if constexpr (std::invocable<F, Klein&>) {
      std::invoke(std::forward<F>(function), *this);
    } else if constexpr (std::invocable<F>) {
      std::invoke(std::forward<F>(function));
    }
  }

  // `function` answers for failures of routes, their results included, and of routing itself: NotFound,
  // MethodNotAllowed, RequestRedirect. With `E`, for those that are one of them; else for all. The first that fits is
  // called, in the order of these calls; if it fails, the ones after it get the new failure. Where none is left, an
  // HttpException becomes its response and anything else a 500, which is logged.
  //
  // It takes a Request& or KleinRequest& and a const Failure&, or, of one E, a const E&, and returns what a route may.
  // A Resource that a route returned answers for its own failures: the ones of another application's routes too.
  template <class... E, class F>
  void handle_errors(F&& function) {
    add_error_function(
        std::make_unique<internal::TypedErrorFunction<std::decay_t<F>, E...>>(std::forward<F>(function)));
  }

  // The path of an endpoint; see KleinRequest::url_for, which knows where the application is mounted. With a request,
  // for external URLs. Throws BuildError.
  std::string url_for(std::string_view endpoint, const UrlValues& values = {}, const UrlForOptions& options = {}) const;
  std::string url_for(const Request& request, std::string_view endpoint, const UrlValues& values = {},
                      const UrlForOptions& options = {}) const;

  // For a Site, for put_child, or for a branch route of another application. May be called several times: all share
  // this application's state, which lives until Klein, resources and requests under way are gone. A function of the
  // application that holds one of its resources keeps both for ever.
  KleinResource resource() const { return KleinResource(app_); }

 private:
  // The prefixes of the subroutes that are open.
  class Prefix {
   public:
    Prefix(Klein& klein, std::string_view prefix);
    ~Prefix();
    Prefix(const Prefix&) = delete;
    Prefix& operator=(const Prefix&) = delete;

   private:
    std::string& prefix_;
    const std::size_t outer_size_;
  };

  void add_route(std::string_view pattern, RouteOptions options, std::shared_ptr<internal::RouteFunction> function);
  void add_error_function(std::unique_ptr<internal::ErrorFunction> function);

  std::shared_ptr<internal::KleinApp> app_;
  std::string prefix_;
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_KLEIN_H_
