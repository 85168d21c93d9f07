// SPDX-License-Identifier: Apache-2.0
//
// A function behind handle_errors, of whatever type, and the failures that it is for.
#ifndef PROMETHEUS_ASYNC_TX_WEB_INTERNAL_ERROR_FUNCTION_H_
#define PROMETHEUS_ASYNC_TX_WEB_INTERNAL_ERROR_FUNCTION_H_

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/web/internal/route_result.h"
#include "tx/web/klein_request.h"
#include "tx/web/request.h"

namespace prometheus_async::tx::web::internal {

class ErrorFunction {
 public:
  virtual ~ErrorFunction() = default;
  virtual bool takes(const Failure& failure) const = 0;
  // REQUIRES: takes(failure). Both outlive the Deferred.
  virtual Deferred<RouteResult> call(KleinRequest& request, const Failure& failure) = 0;
};

// `F` is called with a Request& or a KleinRequest&, and with the failure: as an E, if there is one E and it takes that.
template <class F, class... E>
class TypedErrorFunction final : public ErrorFunction {
 public:
  explicit TypedErrorFunction(F&& function) : function_(std::move(function)) {}
  explicit TypedErrorFunction(const F& function) : function_(function) {}

  bool takes(const Failure& failure) const override {
    return sizeof...(E) == 0 || (... || (failure.check<E>() != nullptr));
  }

  Deferred<RouteResult> call(KleinRequest& request, const Failure& failure) override {
    if constexpr (sizeof...(E) == 1) {
      using Error = std::tuple_element_t<0, std::tuple<E...>>;
      if constexpr (takes_request_and<const Error&>())
        return call_with(request, *failure.check<Error>());
      else
        return call_with(request, failure);
    } else {
      return call_with(request, failure);
    }
  }

 private:
  template <class Error>
  static constexpr bool takes_request_and() {
    return std::invocable<F&, Request&, Error> || std::invocable<F&, KleinRequest&, Error>;
  }

  template <class Error>
  Deferred<RouteResult> call_with(KleinRequest& request, const Error& error) {
    static_assert(takes_request_and<const Error&>(),
                  "prometheus_async: a function of handle_errors takes a tx::web::Request& or tx::web::KleinRequest&, "
                  "and a const tx::Failure&; that of handle_errors<E> may take a const E& in its place");
    return call_for_result([&]() -> decltype(auto) {
      if constexpr (std::invocable<F&, Request&, const Error&>) {
        return std::invoke(function_, request.request(), error);
      } else if constexpr (std::invocable<F&, KleinRequest&, const Error&>) {
        return std::invoke(function_, request, error);
      }
    });
  }

  F function_;
};

}  // namespace prometheus_async::tx::web::internal

#endif  // PROMETHEUS_ASYNC_TX_WEB_INTERNAL_ERROR_FUNCTION_H_
