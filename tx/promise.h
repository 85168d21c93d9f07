// SPDX-License-Identifier: Apache-2.0
//
// The producer's end of a Deferred: "the Deferred that I kept", in Twisted's terms. It fires once.
//
//   tx::Deferred<int> answer() {
//     tx::Promise<int> promise;
//     tx::Deferred<int> d = promise.get_deferred();
//     ask([promise = std::move(promise)](int reply) mutable { promise.callback(reply); });
//     return d;
//   }
#ifndef PROMETHEUS_ASYNC_TX_PROMISE_H_
#define PROMETHEUS_ASYNC_TX_PROMISE_H_

#include <concepts>
#include <exception>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/internal/canceller.h"
#include "tx/internal/chain.h"
#include "tx/internal/holder.h"
#include "tx/internal/producer.h"
#include "tx/result.h"

namespace prometheus_async::tx {

namespace internal {
template <class T>
struct Forward;
}  // namespace internal

// Move-only. Destroyed before it fired, it fires AbandonedError: nobody is left who could.
//
// Firing runs the callbacks before it returns. Firing again throws AlreadyCalledError. A Deferred that was cancelled
// has its result: if there was no canceller, the late result of the producer, who could not know, is dropped once;
// after a canceller, who could have told him, it throws AlreadyCalledError.
//
// Threads: the one that made it. To fire from another one, move it there and back: Reactor::call_from_thread.
// Cost: one block of 320 bytes for the pair, from a free list of the thread.
template <class T>
class Promise {
 public:
  explicit Promise(std::source_location at = std::source_location::current()) : producer_(at) {}

  // With a canceller, called as `canceller()` or `canceller(promise)` by the first cancel() before it fires. It may
  // fire the promise it is given, by which it decides the outcome; if not, that is CancelledError. It is destroyed once
  // the promise has fired.
  template <class F>
    requires(std::invocable<std::decay_t<F>&> || std::invocable<std::decay_t<F>&, Promise&>)
  explicit Promise(F&& canceller, std::source_location at = std::source_location::current()) : producer_(at) {
    on_cancel(std::forward<F>(canceller));
  }

  Promise(Promise&&) noexcept = default;
  Promise& operator=(Promise&& other) noexcept {
    if (this != &other) {
      this->~Promise();
      ::new (static_cast<void*>(this)) Promise(std::move(other));
    }
    return *this;
  }

  // Once. Throws MovedFromError the second time.
  Deferred<T> get_deferred() {
    return internal::Access::make(internal::Holder<T>::with_chain(producer_.give_consumer()));
  }

  // Fires a value.
  template <class V = T>
    requires(!std::is_void_v<T> && std::convertible_to<V, internal::Stored<T>>)
  void callback(V&& value, std::source_location at = std::source_location::current()) {
    if (internal::Chain* const root = producer_.begin_firing(at)) put(root, std::forward<V>(value));
  }
  void callback(std::source_location at = std::source_location::current())
    requires std::is_void_v<T>
  {
    if (internal::Chain* const root = producer_.begin_firing(at)) put(root, internal::Unit());
  }
  // Fires what the result holds.
  void callback(Result<T> result, std::source_location at = std::source_location::current()) {
    if (!result.has_value()) {
      errback(std::move(result).failure(), at);
    } else if constexpr (std::is_void_v<T>) {
      callback(at);
    } else {
      callback(*std::move(result), at);
    }
  }

  // Fires a failure: this one; that of an exception, which is not thrown; that of the exception being handled.
  void errback(Failure failure, std::source_location at = std::source_location::current()) {
    if (internal::Chain* const root = producer_.begin_firing(at)) {
      root->put_failure(std::move(failure).value());
      root->fire();
    }
  }
  template <class E>
    requires std::derived_from<E, std::exception>
  void errback(E exception, std::source_location at = std::source_location::current()) {
    errback(Failure::make<E>(std::move(exception)), at);
  }
  void errback(std::source_location at = std::source_location::current()) { errback(Failure::current(), at); }

  // Sets the canceller, in place of an earlier one. Nothing, once it has fired or was cancelled.
  template <class F>
    requires(std::invocable<std::decay_t<F>&> || std::invocable<std::decay_t<F>&, Promise&>)
  void on_cancel(F&& canceller) {
    if (internal::Chain* const root = producer_.chain_to_cancel()) {
      using Cancel = internal::FunctionCanceller<T, std::decay_t<F>>;
      root->set_canceller(Cancel::make(root, std::forward<F>(canceller)));
    }
  }

  // Whether it has fired, or its Deferred was cancelled: then nothing that it fires arrives any more.
  bool called() const { return producer_.called(); }

 private:
  friend class Deferred<T>;
  template <class U, class F>
  friend class internal::FunctionCanceller;
  friend struct internal::Forward<T>;

  explicit Promise(internal::Producer&& producer) noexcept : producer_(std::move(producer)) {}

  template <class V>
  static void put(internal::Chain* root, V&& value) {
    try {
      if constexpr (std::is_same_v<std::remove_cvref_t<V>, internal::Stored<T>>) {
        root->put(std::forward<V>(value));
      } else {
        root->put(internal::Stored<T>(std::forward<V>(value)));
      }
    } catch (...) {  // the copy, or no memory for a large value
      root->put_failure(std::current_exception());
    }
    root->fire();
  }

  internal::Producer producer_;
};

namespace internal {

// The last step of a Deferred that fires a Promise.
template <class T>
struct Forward : Node {
  explicit Forward(const Ops* node_ops, Promise<T>&& p) : Node(node_ops), promise(std::move(p)) {}

  static Next run(Node* node, Chain* chain) noexcept {
    Forward* const self = static_cast<Forward*>(node);
    Producer next = std::move(self->promise.producer_);
    self->~Forward();
    try {
      Chain* const target = next.begin_firing(std::source_location::current());
      if (target == nullptr) return {};
      Chain::move_result(target, chain);
      chain->put(Unit());
      return {Next::kForward, nullptr, target};
    } catch (...) {
      chain->drop_result();
      chain->put_failure(std::current_exception());
      return {};
    }
  }

  Promise<T> promise;
};

}  // namespace internal

template <class T>
void Deferred<T>::chain_deferred(Promise<T> next) && {
  holder_.require("chain_deferred");
  holder_.make_chain();
  internal::Chain* const chain = holder_.chain();
  internal::add_node<internal::Forward<T>>(chain, std::move(next));
  holder_.release_chain()->drop_consumer();
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_PROMISE_H_
