// SPDX-License-Identifier: Apache-2.0
//
// Attaches a probe to a Deferred, and to a function that returns one.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_ATTACH_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_ATTACH_H_

#include <exception>
#include <functional>
#include <future>
#include <type_traits>
#include <utility>

#include "metrics/internal/instrumented_function.h"
#include "metrics/internal/settle.h"
#include "metrics/probe.h"
#include "metrics/span.h"
#include "tx/deferred.h"
#include "tx/internal/ending.h"
#include "tx/internal/holder.h"
#include "tx/internal/steps.h"

namespace prometheus_async::tx::internal {

// An operation under measurement that is sure to be ended: a chain always runs its steps. So it needs no more than the
// probe and its state, where a span guards against being dropped.
template <metrics::Probe P>
class Begun {
 public:
  explicit Begun(const P& probe) : probe_(probe), state_(probe_.begin(P::clock::now())) {}

  void operator()(const std::exception_ptr* exception) noexcept {
    probe_.end(state_, P::clock::now(), ended(exception));
  }

 private:
  [[no_unique_address]] P probe_;
  [[no_unique_address]] typename P::State state_;
};

// Ends `begun` when the Deferred, as it is now, has its result.
template <metrics::Probe P, class T>
void end_with(Deferred<T>& deferred, Begun<P>&& begun) {
  Holder<T>& holder = Access::holder(deferred);
  if (!holder.is_ready()) {
    add_node<ObserveNode<Begun<P>>>(holder.chain(), std::move(begun));
  } else if (holder.is_failure()) {
    begun(&holder.failure());
  } else {
    begun(nullptr);
  }
}

template <class T>
inline constexpr bool is_standard_future = false;
template <class T>
inline constexpr bool is_standard_future<std::future<T>> = true;
template <class T>
inline constexpr bool is_standard_future<std::shared_future<T>> = true;

// What can be awaited, but is no Deferred.
template <class T>
concept OtherAwaitable = !is_deferred<std::remove_cvref_t<T>> &&
                         (is_standard_future<std::remove_cvref_t<T>> || requires(T&& t) { t.await_resume(); } ||
                          requires(T&& t) { std::forward<T>(t).operator co_await(); } ||
                          requires(T&& t) { operator co_await(std::forward<T>(t)); });

struct Call {
  // Arguments go to the function as they came.
  template <metrics::Probe P, class F, class... Args>
  static decltype(auto) with_probe(const P& probe, F&& function, Args&&... args) {
    using Result = std::invoke_result_t<F, Args...>;
    static_assert(!OtherAwaitable<Result>,
                  "prometheus_async: the function returns something to await that is no Deferred, so only its creation "
                  "would be measured; use prometheus_async::aio for awaitables");
    const auto invoke = [&]() -> decltype(auto) {
      return std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
    };
    if constexpr (is_deferred<std::remove_cvref_t<Result>>) {
      static_assert(!std::is_const_v<std::remove_reference_t<Result>>,
                    "prometheus_async: the function returns a const Deferred, which nothing can be attached to");
      Begun<P> begun(probe);
      const auto start = [&]() -> Result {
        try {
          return invoke();
        } catch (...) {
          // An exception before there is a Deferred is the operation's end as well.
          const std::exception_ptr exception = std::current_exception();
          begun(&exception);
          throw;
        }
      };
      Result deferred = start();
      end_with(deferred, std::move(begun));
      return static_cast<Result>(std::forward<Result>(deferred));
    } else {
      metrics::Span<P> span(probe);
      return metrics::internal::settle(span, &read_exception, invoke);
    }
  }
};

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_ATTACH_H_
