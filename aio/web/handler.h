// SPDX-License-Identifier: Apache-2.0
//
// The function behind a route.
//
//   web::Handler hello = [](web::Request&) -> asio::awaitable<web::Response> { co_return web::text("hello"); };
//   web::Handler health = [](web::Request&) { return web::text("ok"); };
#ifndef PROMETHEUS_ASYNC_AIO_WEB_HANDLER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_HANDLER_H_

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/awaitable.hpp>

#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {

// What may be a handler: called with a Request&, it gives a Response, at once or awaited.
template <class F>
concept RequestHandler =
    std::is_invocable_r_v<asio::awaitable<Response>, F&, Request&> || std::is_invocable_r_v<Response, F&, Request&>;

// Any such function, lambda, functor, or one of these decorated by the wrappers of `aio`; move-only ones too. It is
// kept by the application, so that a coroutine lambda may capture: its captures outlive each of its calls.
//
// Several calls may be under way at once: on one thread, or on each that the application is served by.
class Handler {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Handler> && RequestHandler<std::decay_t<F>>)
  Handler(F&& function)  // NOLINT(google-explicit-constructor): a function is a handler
      : function_(erase(std::forward<F>(function))) {}

  asio::awaitable<Response> operator()(Request& request) const {
    if (const auto* awaited = std::get_if<Awaited>(&function_)) return (*awaited)(request);
    return answer_in_coroutine(request);
  }

  // Whether it answers at once, and then how, without a coroutine.
  bool is_immediate() const { return std::holds_alternative<Immediate>(function_); }
  // REQUIRES: is_immediate().
  Response call_now(Request& request) const { return std::get<Immediate>(function_)(request); }

 private:
  using Immediate = std::function<Response(Request&)>;
  using Awaited = std::function<asio::awaitable<Response>(Request&)>;
  using Function = std::variant<Immediate, Awaited>;

  template <class F>
  static Function erase(F&& function) {
    using Callable = std::decay_t<F>;
    if constexpr (!std::copy_constructible<Callable>) {
      return erase([shared = std::make_shared<Callable>(std::forward<F>(function))](Request& request) {
        return std::invoke(*shared, request);
      });
    } else if constexpr (std::is_invocable_r_v<asio::awaitable<Response>, Callable&, Request&>) {
      return Awaited(std::forward<F>(function));
    } else {
      return Immediate(std::forward<F>(function));
    }
  }

  asio::awaitable<Response> answer_in_coroutine(Request& request) const { co_return call_now(request); }

  Function function_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_HANDLER_H_
