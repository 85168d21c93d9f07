// SPDX-License-Identifier: Apache-2.0
//
// Deferreds that wait for their turn, in the order in which they came: what locks, queues and forks have in common.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_WAITERS_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_WAITERS_H_

#include <cstddef>
#include <list>
#include <utility>

#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/promise.h"

namespace prometheus_async::tx::internal {

// Destroyed, it fails those that still wait with AbandonedError.
template <class T>
class Waiters {
 public:
  Waiters() = default;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;
  ~Waiters() {
    while (!promises_.empty()) take_first();  // one by one: a callback may cancel another
  }

  bool empty() const { return promises_.empty(); }
  std::size_t size() const { return promises_.size(); }

  // Cancelling it takes it out of the order. Then its callbacks run, and then `after_cancel`.
  template <class F>
  Deferred<T> add(F after_cancel) {
    const auto place = promises_.emplace(promises_.end());
    Deferred<T> waiting = place->get_deferred();
    place->on_cancel([this, place, after_cancel = std::move(after_cancel)]() mutable {
      Promise<T> cancelled = take(place);
      cancelled.errback(Failure::make<CancelledError>());
      after_cancel();
    });
    return waiting;
  }
  Deferred<T> add() {
    return add([] {});
  }

  // REQUIRES: not empty.
  Promise<T> take_first() { return take(promises_.begin()); }

 private:
  using Promises = std::list<Promise<T>>;

  Promise<T> take(typename Promises::iterator place) {
    Promise<T> taken = std::move(*place);
    promises_.erase(place);
    return taken;
  }

  Promises promises_;
};

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_WAITERS_H_
