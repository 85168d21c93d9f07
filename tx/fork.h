// SPDX-License-Identifier: Apache-2.0
//
// Several waiters for one Deferred, which by itself has one owner. Each gets a copy of the value, or the failure.
//
//   tx::SharedDeferred<Config> config = tx::fork(load_config());
//   start_workers(config.get());
//   start_server(config.get());
#ifndef PROMETHEUS_ASYNC_TX_FORK_H_
#define PROMETHEUS_ASYNC_TX_FORK_H_

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "tx/cancel_handle.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/internal/holder.h"
#include "tx/internal/waiters.h"
#include "tx/promise.h"
#include "tx/result.h"
#include "tx/unhandled.h"

namespace prometheus_async::tx {

namespace internal {

// What a fork's handles and waiters share.
template <class T>
class Fork {
 public:
  Fork() = default;
  Fork(const Fork&) = delete;
  Fork& operator=(const Fork&) = delete;
  ~Fork() {
    if (!result_ || *result_ || is_taken_) return;
    if (was_cancelled_ && result_->failure().template check<CancelledError>() != nullptr) return;
    report_unhandled_failure(result_->failure());
  }

  static void start(const std::shared_ptr<Fork>& self, Deferred<T>&& source) {
    Deferred<void> settled =
        std::move(source).add_both([self](Result<T>&& result) { self->settle(std::move(result)); });
    if (!settled.has_result()) self->source_ = settled.cancel_handle();
  }

  static Deferred<T> get(const std::shared_ptr<Fork>& self) {
    if (self->is_fired()) return self->copy();
    return self->waiters_.add([self] {
      if (self->waiters_.empty()) self->cancel();
    });
  }

  void cancel() {
    if (result_) return;
    was_cancelled_ = true;
    source_.cancel();
  }

  bool is_fired() const { return result_.has_value() && !is_firing_; }

 private:
  void settle(Result<T>&& result) {
    result_.emplace(std::move(result));
    source_ = CancelHandle();
    is_firing_ = true;
    while (!waiters_.empty()) {
      is_taken_ = true;
      Promise<T> first = waiters_.take_first();
      if (!*result_) {
        first.errback(result_->failure());
      } else if constexpr (std::is_void_v<T>) {
        first.callback();
      } else {
        first.callback(**std::as_const(result_));
      }
    }
    is_firing_ = false;
  }

  Deferred<T> copy() {
    is_taken_ = true;
    if (!*result_) return fail<T>(result_->failure());
    if constexpr (std::is_void_v<T>) {
      return succeed();
    } else {
      try {
        return succeed<T>(**std::as_const(result_));
      } catch (...) {
        return fail<T>(Failure::current());
      }
    }
  }

  CancelHandle source_;
  std::optional<Result<T>> result_;
  bool is_firing_ = false;
  bool is_taken_ = false;
  bool was_cancelled_ = false;
  Waiters<T> waiters_;
};

}  // namespace internal

// Copyable: copies give waiters for the same Deferred. T is copied for each waiter; a copy that throws is its failure.
//
// The waiters fire in the order of their get(). One that is got by a callback of another fires after those before it;
// one that is got later has its result at once.
//
// Cancelling a waiter takes that one away: it has CancelledError, the others wait on. Cancelling the last of them
// cancels the source too, even while there are handles; what its canceller throws comes out of that cancel(). Who wants
// it to go on, for those who may ask later, keeps a waiter. Dropping waiters or handles cancels nothing.
//
// A failure is reported once if no waiter was there to take it. Those that took it each have to handle it.
//
// Threads: one. Cost: one allocation, and one for each waiter that waits besides its Deferred.
// Semantics: Twisted's Deferred has callbacks of many owners in one chain, where each changes what the next one sees.
template <class T>
class SharedDeferred {
  static_assert(std::is_void_v<T> || std::copy_constructible<T>,
                "prometheus_async: each waiter of a fork gets a copy of the value: share a std::shared_ptr of it");

 public:
  using value_type = T;

  explicit SharedDeferred(Deferred<T>&& source) : fork_(std::make_shared<internal::Fork<T>>()) {
    internal::Fork<T>::start(fork_, std::move(source));
  }

  // A waiter. Throws MovedFromError on a handle that was moved away, as the others do.
  Deferred<T> get() const { return internal::Fork<T>::get(checked("get")); }

  // Cancels the source, whose result all waiters get.
  void cancel() const {
    const std::shared_ptr<internal::Fork<T>> fork = checked("cancel");
    fork->cancel();
  }

  // Whether a get() has its result at once.
  bool has_result() const { return checked("has_result")->is_fired(); }

 private:
  const std::shared_ptr<internal::Fork<T>>& checked(const char* operation) const {
    if (fork_ == nullptr) internal::throw_moved_from(operation);
    return fork_;
  }

  std::shared_ptr<internal::Fork<T>> fork_;
};

template <class T>
SharedDeferred<T> fork(Deferred<T> source) {
  return SharedDeferred<T>(std::move(source));
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_FORK_H_
