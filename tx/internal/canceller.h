// SPDX-License-Identifier: Apache-2.0
//
// A function as the canceller of a chain.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_CANCELLER_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_CANCELLER_H_

#include <concepts>
#include <new>
#include <utility>

#include "tx/internal/chain.h"
#include "tx/internal/producer.h"
#include "tx/internal/recycler.h"

namespace prometheus_async::tx {

template <class T>
class Promise;

namespace internal {

template <class T, class F>
class FunctionCanceller final : public Canceller {
 public:
  template <class G>
  static Canceller* make(Chain* chain, G&& function) {
    if (void* const room = chain->allocate(sizeof(FunctionCanceller), alignof(FunctionCanceller))) {
      return ::new (room) FunctionCanceller(&kInChain, std::forward<G>(function));
    }
    void* const memory = Recycler::allocate(sizeof(FunctionCanceller));
    return ::new (memory) FunctionCanceller(&kOnHeap, std::forward<G>(function));
  }

 private:
  template <class G>
  FunctionCanceller(const Ops* canceller_ops, G&& function)
      : Canceller{canceller_ops}, function_(std::forward<G>(function)) {}

  static void cancel(Canceller* canceller, Chain* root) {
    F function(std::move(static_cast<FunctionCanceller*>(canceller)->function_));
    canceller->ops->destroy(canceller);
    if constexpr (std::invocable<F&, Promise<T>&>) {
      Promise<T> promise(Producer(Producer::Borrow(), root));
      function(promise);
    } else {
      function();
    }
  }
  template <bool kIsOnHeap>
  static void destroy(Canceller* canceller) noexcept {
    static_cast<FunctionCanceller*>(canceller)->~FunctionCanceller();
    if constexpr (kIsOnHeap) Recycler::free(canceller, sizeof(FunctionCanceller));
  }

  static constexpr Ops kInChain{&cancel, &destroy<false>};
  static constexpr Ops kOnHeap{&cancel, &destroy<true>};

  [[no_unique_address]] F function_;
};

}  // namespace internal
}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_CANCELLER_H_
