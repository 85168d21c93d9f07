// SPDX-License-Identifier: Apache-2.0
//
// The steps that a Deferred's adders put into its chain. Each makes of one result the next; on a Deferred that has its
// result it is called at once and never stored.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_STEPS_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_STEPS_H_

#include <exception>
#include <type_traits>
#include <utility>

#include "tx/internal/callback.h"
#include "tx/internal/chain.h"
#include "tx/internal/holder.h"
#include "tx/result.h"

namespace prometheus_async::tx::internal {

template <class T, class Out, class F>
Holder<Out> call_with_value(F& function, Holder<T>& ready) noexcept {
  if constexpr (std::is_void_v<T>) {
    ready.take_value();
    return call<Out>(function);
  } else {
    T value = ready.take_value();
    return call<Out>(function, std::move(value));
  }
}

template <class T, class Out, class F>
struct OnValue {
  static constexpr bool kTakesValue = true;
  static constexpr bool kTakesFailure = false;
  using In = T;
  using Result = Out;

  Holder<Out> operator()(Holder<T>&& ready) noexcept {
    if (ready.is_failure()) return Holder<Out>::with_failure(ready.take_failure());
    return call_with_value<T, Out>(function, ready);
  }

  [[no_unique_address]] F function;
};

template <class T, class F>
struct OnFailure {
  static constexpr bool kTakesValue = false;
  static constexpr bool kTakesFailure = true;
  using In = T;
  using Result = T;

  Holder<T> operator()(Holder<T>&& ready) noexcept {
    if (!ready.is_failure()) return std::move(ready);
    return call<T>(function, Failure(ready.take_failure()));
  }

  [[no_unique_address]] F function;
};

template <class E, class T, class F>
struct OnError {
  static constexpr bool kTakesValue = false;
  static constexpr bool kTakesFailure = true;
  using In = T;
  using Result = T;

  Holder<T> operator()(Holder<T>&& ready) noexcept {
    if (!ready.is_failure()) return std::move(ready);
    const Failure failure(ready.take_failure());
    if (const E* const error = failure.check<E>()) return call<T>(function, *error);
    return Holder<T>::with_failure(failure.value());
  }

  [[no_unique_address]] F function;
};

template <class T, class Out, class F>
struct OnBoth {
  static constexpr bool kTakesValue = true;
  static constexpr bool kTakesFailure = true;
  using In = T;
  using Result = Out;

  Holder<Out> operator()(Holder<T>&& ready) noexcept { return call<Out>(function, ready.take_result()); }

  [[no_unique_address]] F function;
};

template <class T, class Out, class F, class G>
struct OnEither {
  static constexpr bool kTakesValue = true;
  static constexpr bool kTakesFailure = true;
  using In = T;
  using Result = Out;

  Holder<Out> operator()(Holder<T>&& ready) noexcept {
    if (ready.is_failure()) return call<Out>(errback, Failure(ready.take_failure()));
    return call_with_value<T, Out>(callback, ready);
  }

  [[no_unique_address]] F callback;
  [[no_unique_address]] G errback;
};

template <class T, class F>
struct Tap {
  static constexpr bool kTakesValue = true;
  static constexpr bool kTakesFailure = true;
  using In = T;
  using Result = T;

  Holder<T> operator()(Holder<T>&& ready) noexcept {
    tx::Result<T> result = ready.take_result();
    try {
      function(std::as_const(result));
    } catch (...) {
      return Holder<T>::with_failure(std::current_exception());
    }
    return Holder<T>::with_result(std::move(result));
  }

  [[no_unique_address]] F function;
};

// A step in a chain.
template <class Step>
struct StepNode : Node {
  using In = typename Step::In;

  StepNode(const Ops* node_ops, Step&& s) : Node(node_ops), step(std::move(s)) {}

  static Next run(Node* node, Chain* chain) noexcept {
    StepNode* const self = static_cast<StepNode*>(node);
    const bool is_failure = chain->state() == Chain::State::kFailure;
    if (is_failure ? !Step::kTakesFailure : !Step::kTakesValue) {
      self->~StepNode();
      return {};
    }
    Holder<In> ready;
    ready.take_from(chain);
    Holder<typename Step::Result> outcome = self->step(std::move(ready));
    // Before what follows, which may free the memory that it is in.
    self->~StepNode();
    return deliver(chain, std::move(outcome));
  }

  [[no_unique_address]] Step step;
};

// Sees how the Deferred went and changes nothing: `observe(exception)`, null for a value.
template <class F>
struct ObserveNode : Node {
  ObserveNode(const Ops* node_ops, F&& f) : Node(node_ops), observe(std::move(f)) {}

  static Next run(Node* node, Chain* chain) noexcept {
    ObserveNode* const self = static_cast<ObserveNode*>(node);
    self->observe(chain->state() == Chain::State::kFailure ? &chain->failure() : nullptr);
    self->~ObserveNode();
    return {};
  }

  [[no_unique_address]] F observe;
};

template <class N>
inline constexpr Node::Ops kInChain{&N::run, 0};
template <class N>
inline constexpr Node::Ops kOnHeap{&N::run, sizeof(N)};

// Puts a step at the end, and runs it if its turn has come.
template <class N, class Content>
void add_node(Chain* chain, Content&& content) {
  static_assert(alignof(N) <= alignof(std::max_align_t),
                "prometheus_async: a callback is aligned to more than 16 bytes");
  if (void* const room = chain->allocate(sizeof(N), alignof(N))) {
    chain->append(::new (room) N(&kInChain<N>, std::forward<Content>(content)));
  } else {
    void* const memory = Recycler::allocate(sizeof(N));
    chain->append(::new (memory) N(&kOnHeap<N>, std::forward<Content>(content)));
  }
  chain->run_if_ready();
}

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_STEPS_H_
