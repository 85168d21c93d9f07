// SPDX-License-Identifier: Apache-2.0
//
// Calls a function and gives a Deferred, whatever the function returns or throws: for code that takes either kind.
//
//   tx::Deferred<Page> serve(const Handler& handler, Request request) {
//     return tx::maybe_deferred(handler, std::move(request)).add_errback<NotFound>(&Page::not_found);
//   }
#ifndef PROMETHEUS_ASYNC_TX_MAYBE_DEFERRED_H_
#define PROMETHEUS_ASYNC_TX_MAYBE_DEFERRED_H_

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/internal/callback.h"

namespace prometheus_async::tx {

namespace internal {

template <class R>
struct MaybeDeferredOf : ValueOf<R> {};
template <>
struct MaybeDeferredOf<Failure> : std::type_identity<void> {};

}  // namespace internal

// What the function returned decides the type:
//
//   Deferred<T>, of a coroutine too    that Deferred
//   Result<T>                          a fired Deferred<T>, with the value or the failure
//   Failure                            a failed Deferred<void>
//   a T, nothing                       a fired Deferred<T>, Deferred<void>
//
// and an exception that it throws becomes the failure. `f` is anything that std::invoke takes, a member function for
// one.
//
// Lifetime: `f` is called once, before this returns, and not kept. A coroutine uses its lambda's captures for as long
// as it runs, so a lambda with captures that is a coroutine outlives the result.
// Cost: that of the call; allocates nothing.
// Semantics: twisted.internet.defer.maybeDeferred.
template <class F, class... Args>
auto maybe_deferred(F&& f, Args&&... args) {
  static_assert(std::invocable<F, Args...>,
                "prometheus_async: maybe_deferred takes a function and the arguments to call it with");
  using T = typename internal::MaybeDeferredOf<std::invoke_result_t<F, Args...>>::type;
  auto bound = [&]() -> decltype(auto) { return std::invoke(std::forward<F>(f), std::forward<Args>(args)...); };
  return internal::Access::make(internal::call<T>(bound));
}

// As maybe_deferred, for a function that does not return a Deferred.
// Semantics: twisted.internet.defer.execute.
//
// Constrained, unlike maybe_deferred: Asio's post() tries every execute() that argument-dependent lookup finds.
template <class F, class... Args>
  requires std::invocable<F, Args...>
auto execute(F&& f, Args&&... args) {
  static_assert(
      !internal::is_deferred<std::invoke_result_t<F, Args...>>,
      "prometheus_async: execute takes a function that returns a value; maybe_deferred takes one that returns "
      "a Deferred");
  return maybe_deferred(std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_MAYBE_DEFERRED_H_
