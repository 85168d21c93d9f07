// SPDX-License-Identifier: Apache-2.0
//
// What a callback's return type makes of a Deferred, and the call that turns its result or its exception into one.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_CALLBACK_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_CALLBACK_H_

#include <concepts>
#include <exception>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tx/failure.h"
#include "tx/internal/holder.h"
#include "tx/result.h"

namespace prometheus_async::tx {

namespace internal {

// The value type of the Deferred that goes on from a callback which returns R.
template <class R>
struct ValueOf : std::type_identity<R> {
  static_assert(!std::is_reference_v<R>,
                "prometheus_async: a callback returned a reference, which a Deferred cannot hold; return a value");
  static_assert(!std::is_same_v<R, Failure>,
                "prometheus_async: a callback that returns only a Failure does not say the type of its value; return "
                "a tx::Result");
};
template <class T>
struct ValueOf<Deferred<T>> : std::type_identity<T> {};
template <class T>
struct ValueOf<Result<T>> : std::type_identity<T> {};

// The call of a callback: with the value in front of the bound arguments, or with them alone if there is none.
template <class F, class In, class... Args>
struct CallWith : std::invoke_result<F&, In, Args...> {};
template <class F, class... Args>
struct CallWith<F, void, Args...> : std::invoke_result<F&, Args...> {};
template <class F, class In, class... Args>
struct CanCallWith : std::bool_constant<std::invocable<F&, In, Args...>> {};
template <class F, class... Args>
struct CanCallWith<F, void, Args...> : std::bool_constant<std::invocable<F&, Args...>> {};

template <class F, class In, class... Args>
constexpr void check_callback() {
  static_assert(CanCallWith<F, In, Args...>::value,
                "prometheus_async: the callback cannot be called with the Deferred's value (nothing for void), given "
                "as an rvalue, and the arguments bound after it");
}

// A callable with the arguments that follow the result, which a Deferred's adders take as Twisted's do. Called once.
template <class F, class... Args>
class Bound {
 public:
  template <class G, class... As>
  explicit Bound(std::in_place_t, G&& function, As&&... args)
      : function_(std::forward<G>(function)), args_(std::forward<As>(args)...) {}

  template <class... First>
  decltype(auto) operator()(First&&... first) {
    return std::apply(
        [&](Args&... args) -> decltype(auto) {
          return std::invoke(function_, std::forward<First>(first)..., std::move(args)...);
        },
        args_);
  }

 private:
  [[no_unique_address]] F function_;
  [[no_unique_address]] std::tuple<Args...> args_;
};

template <class F, class... Args>
auto bind(F&& function, Args&&... args) {
  return Bound<std::decay_t<F>, std::decay_t<Args>...>(std::in_place, std::forward<F>(function),
                                                       std::forward<Args>(args)...);
}

// Calls and gives what came of it: an exception as a failure.
template <class Out, class F, class... Args>
Holder<Out> call(F& function, Args&&... args) noexcept {
  using H = Holder<Out>;
  try {
    using R = decltype(function(std::forward<Args>(args)...));
    if constexpr (std::is_void_v<R>) {
      function(std::forward<Args>(args)...);
      return H::with_value(Unit());
    } else if constexpr (is_deferred<R>) {
      H waits = Access::take(function(std::forward<Args>(args)...));
      if (waits.is_empty()) return H::with_failure(returned_moved_from_error());
      return waits;
    } else if constexpr (is_result<R>) {
      return H::with_result(function(std::forward<Args>(args)...));
    } else if constexpr (std::is_same_v<R, Failure>) {
      return H::with_failure(function(std::forward<Args>(args)...).value());
    } else {
      return H::with_value(function(std::forward<Args>(args)...));
    }
  } catch (...) {
    return H::with_failure(std::current_exception());
  }
}

}  // namespace internal
}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_CALLBACK_H_
