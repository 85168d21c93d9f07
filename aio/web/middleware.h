// SPDX-License-Identifier: Apache-2.0
//
// What stands around the handlers of an application: it sees each request before, and each answer after them.
//
//   app.use([](web::Request& request, web::Next next) -> asio::awaitable<web::Response> {
//     web::Response response = co_await next(request);
//     response.headers.set("X-Frame-Options", "deny");
//     co_return response;
//   });
#ifndef PROMETHEUS_ASYNC_AIO_WEB_MIDDLEWARE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_MIDDLEWARE_H_

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "aio/web/handler.h"
#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {

// The rest of the way to the handler. A middleware calls it once, or answers itself.
class Next {
 public:
  // `handler` outlives the calls.
  explicit Next(const Handler& handler) : handler_(&handler) {}

  // The answer of what is further in, an HttpError that was thrown there included: so a middleware looks at one thing
  // only. Any other exception passes through, and becomes a 500 further out.
  asio::awaitable<Response> operator()(Request& request) const;

 private:
  const Handler* handler_;
};

// Called for each request, those that no route takes (404, 405) included. It is kept by the application: captures
// outlive each of its calls. Several calls may be under way at once.
class Middleware {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Middleware> &&
             std::is_invocable_r_v<asio::awaitable<Response>, std::decay_t<F>&, Request&, Next>)
  Middleware(F&& function)  // NOLINT(google-explicit-constructor): a function is a middleware
      : function_(std::make_shared<Function>(share(std::forward<F>(function)))) {}

  // Around `inner`, which it keeps.
  Handler around(Handler inner) const;

 private:
  using Function = std::function<asio::awaitable<Response>(Request&, Next)>;

  template <class F>
  static Function share(F&& function) {
    using Callable = std::decay_t<F>;
    if constexpr (std::copy_constructible<Callable>) {
      return Function(std::forward<F>(function));
    } else {
      return [shared = std::make_shared<Callable>(std::forward<F>(function))](Request& request, Next next) {
        return std::invoke(*shared, request, next);
      };
    }
  }

  std::shared_ptr<const Function> function_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_MIDDLEWARE_H_
