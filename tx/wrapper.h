// SPDX-License-Identifier: Apache-2.0
//
// What time(), count_exceptions() and track_inprogress() return: a probe that is ready to be attached. It goes onto
// Deferreds, decorates functions, begins spans and scopes, and composes with `|`.
//
//   const auto charge = tx::time(seconds) | tx::count_exceptions<PaymentError>(declined) |
//                       tx::track_inprogress(in_flight) | [](Order order) -> tx::Deferred<Receipt> { ... };
//   tx::Deferred<Receipt> receipt = charge(std::move(order));    // one step, one clock reading at each end
//
// When does an operation begin and end?
//
//   Deferred             begins when it is wrapped; ends when the callbacks that it had then have run
//   decorated function   begins at the call; ends when the function returned or threw, or, if it returned a Deferred,
//                        as that one does
//
// So what is measured of a Deferred is the chain up to the point of wrapping: callbacks added later are not in it. One
// that fired already ends at once. One whose Promise is destroyed ends as abandoned. All three wrappers follow this
// table.
//
// Errors: the result passes through unchanged, the same exception object; adds none. A metric that throws is ignored.
// Threads: the Deferred's. Lifetime: the metric outlives every operation.
// Cost: nothing is allocated; a step of 24 or 32 bytes in the block of a Deferred that waits.
// Semantics: prometheus_async.tx, with its gaps closed (docs/semantics.md).
#ifndef PROMETHEUS_ASYNC_TX_WRAPPER_H_
#define PROMETHEUS_ASYNC_TX_WRAPPER_H_

#include <type_traits>
#include <utility>

#include "metrics/internal/instrumented_function.h"
#include "metrics/probe.h"
#include "metrics/span.h"
#include "tx/deferred.h"
#include "tx/internal/attach.h"

namespace prometheus_async::tx {

template <metrics::Probe P>
class [[nodiscard]] Wrapper {
 public:
  explicit Wrapper(P probe) : probe_(std::move(probe)) {}

  // Decorates a callable: a function, lambda, functor (its overloads stay), or pointer to a member. What it returns may
  // be a Deferred, a plain value, a reference or nothing. Something else that can be awaited does not compile.
  template <class F>
    requires(!internal::is_deferred<std::remove_cvref_t<F>>)
  auto operator()(F&& function) const {
    static_assert(!internal::OtherAwaitable<F>,
                  "prometheus_async: this can be awaited and is no Deferred; use prometheus_async::aio for awaitables");
    return metrics::internal::InstrumentedFunction<P, std::decay_t<F>, internal::Call>(probe_,
                                                                                       std::forward<F>(function));
  }

  // Attaches itself to a Deferred, and gives that very one back.
  template <class T>
  Deferred<T>& operator()(Deferred<T>& deferred) const {
    internal::Access::holder(deferred).require("a metric wrapper");
    internal::end_with(deferred, internal::Begun<P>(probe_));
    return deferred;
  }
  template <class T>
  Deferred<T>&& operator()(Deferred<T>&& deferred) const {
    return std::move((*this)(deferred));
  }

  // Begins a span now, for code that ends it by hand; measures to the end of the block. See metrics/span.h.
  metrics::Span<P> start() const { return metrics::Span<P>(probe_); }
  metrics::Scope<P> scope() const { return metrics::Scope<P>(probe_); }

  const P& probe() const noexcept { return probe_; }

 private:
  [[no_unique_address]] P probe_;
};

// Composes: the left one begins first and ends last.
template <metrics::Probe A, metrics::Probe B>
auto operator|(const Wrapper<A>& outer, const Wrapper<B>& inner) {
  return Wrapper<metrics::BothProbes<A, B>>(metrics::BothProbes<A, B>(outer.probe(), inner.probe()));
}

namespace internal {
template <class T>
inline constexpr bool is_wrapper = false;
template <class P>
inline constexpr bool is_wrapper<Wrapper<P>> = true;
}  // namespace internal

// `wrapper | x` is wrapper(x): the end of a chain is what it measures.
template <metrics::Probe P, class X>
  requires(!internal::is_wrapper<std::remove_cvref_t<X>>)
decltype(auto) operator|(const Wrapper<P>& wrapper, X&& x) {
  return wrapper(std::forward<X>(x));
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_WRAPPER_H_
