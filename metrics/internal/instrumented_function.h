// SPDX-License-Identifier: Apache-2.0
//
// The callable that a decorator returns.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_INSTRUMENTED_FUNCTION_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_INSTRUMENTED_FUNCTION_H_

#include <concepts>
#include <utility>

#include "metrics/probe.h"

namespace prometheus_async::metrics::internal {

// As callable, and as copyable, as the function within; const calls call it as const. `Call::with_probe(probe,
// function, args...)` is how a call is made and measured.
template <Probe P, class F, class Call>
class InstrumentedFunction {
 public:
  InstrumentedFunction(P probe, F function) : probe_(std::move(probe)), function_(std::move(function)) {}

  template <class... Args>
    requires std::invocable<F&, Args...>
  decltype(auto) operator()(Args&&... args) & {
    return Call::with_probe(probe_, function_, std::forward<Args>(args)...);
  }
  template <class... Args>
    requires std::invocable<const F&, Args...>
  decltype(auto) operator()(Args&&... args) const& {
    return Call::with_probe(probe_, function_, std::forward<Args>(args)...);
  }
  template <class... Args>
    requires std::invocable<F, Args...>
  decltype(auto) operator()(Args&&... args) && {
    return Call::with_probe(probe_, std::move(function_), std::forward<Args>(args)...);
  }

 private:
  [[no_unique_address]] P probe_;
  [[no_unique_address]] F function_;
};

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_INSTRUMENTED_FUNCTION_H_
