// SPDX-License-Identifier: Apache-2.0
//
// The closed set of what a function behind a route may return, and its one form.
#ifndef PROMETHEUS_ASYNC_TX_WEB_INTERNAL_ROUTE_RESULT_H_
#define PROMETHEUS_ASYNC_TX_WEB_INTERNAL_ROUTE_RESULT_H_

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "tx/deferred.h"
#include "tx/web/body.h"
#include "tx/web/resource.h"
#include "tx/web/response.h"

namespace prometheus_async::tx::web::internal {

// Nothing, bytes or NOT_DONE_YET, a response, or a resource that is to render the request.
using RouteResult = std::variant<std::monostate, Body, Response, ResourcePtr>;

template <class T>
concept ResourceValue = std::derived_from<std::remove_cvref_t<T>, Resource>;

// What a route may return, Deferreds aside.
template <class T>
concept RouteValue = std::is_void_v<T> || ((std::convertible_to<T, Body> || std::convertible_to<T, std::string_view> ||
                                            std::same_as<std::remove_cvref_t<T>, Response> || ResourceValue<T> ||
                                            std::convertible_to<T, Resource*> || std::convertible_to<T, ResourcePtr>) &&
                                           !std::same_as<std::remove_cvref_t<T>, std::nullptr_t>);

template <class T>
inline constexpr bool is_deferred = false;
template <class T>
inline constexpr bool is_deferred<Deferred<T>> = true;

// With the message, of what is not allowed.
template <class T>
constexpr void check_route_value() {
  static_assert(RouteValue<T>,
                "prometheus_async: a function of Klein returns nothing, text (std::string, const char*, "
                "std::string_view), a tx::web::Response, a tx::web::Body, a tx::web::Resource (by value, by reference, "
                "by a raw, unique or shared pointer), or a tx::Deferred of one of these");
}

template <class T>
RouteResult to_route_result(T&& value) {
  using Value = std::remove_cvref_t<T>;
  if constexpr (std::same_as<Value, Response>) {
    return std::forward<T>(value);
  } else if constexpr (std::convertible_to<T, Body>) {
    return RouteResult(std::in_place_type<Body>, std::forward<T>(value));
  } else if constexpr (std::convertible_to<T, std::string_view>) {
    return RouteResult(std::in_place_type<Body>, std::string_view(value));
  } else if constexpr (std::convertible_to<T, Resource*>) {
    return ResourcePtr(std::shared_ptr<std::remove_pointer_t<Value>>(std::shared_ptr<void>(), value));  // the caller's
  } else if constexpr (ResourceValue<T> && std::is_lvalue_reference_v<T>) {
    return ResourcePtr(std::shared_ptr<Value>(std::shared_ptr<void>(), &value));
  } else {
    return ResourcePtr(std::forward<T>(value));
  }
}

// What `call` returns or throws.
template <class Call>
Deferred<RouteResult> call_for_result(Call&& call) {
  using R = std::invoke_result_t<Call>;
  try {
    if constexpr (std::is_void_v<R>) {
      call();
      return succeed(RouteResult());
    } else if constexpr (is_deferred<R>) {
      using T = typename R::value_type;
      check_route_value<T>();
      if constexpr (std::is_void_v<T>) {
        return call().add_callback([] { return RouteResult(); });
      } else if constexpr (RouteValue<T>) {
        return call().add_callback([](T&& value) { return to_route_result(std::move(value)); });
      }
    } else {
      check_route_value<R>();
      if constexpr (RouteValue<R>) return succeed(to_route_result<R>(call()));
    }
  } catch (...) {
    return fail<RouteResult>(Failure::current());
  }
}

}  // namespace prometheus_async::tx::web::internal

#endif  // PROMETHEUS_ASYNC_TX_WEB_INTERNAL_ROUTE_RESULT_H_
