// SPDX-License-Identifier: Apache-2.0
//
// Values that are put in on one side and awaited on the other, first in, first out.
//
//   tx::DeferredQueue<Job> jobs({.size = 100});          // at most 100 jobs that nobody has taken
//
//   tx::Deferred<void> work() {
//     for (;;) {
//       Job job = co_await jobs.get();
//       if (job.is_last()) co_return;
//       co_await run(std::move(job));
//     }
//   }
//
//   jobs.put(Job("resize"));                             // throws tx::QueueOverflow when it is full
#ifndef PROMETHEUS_ASYNC_TX_DEFERRED_QUEUE_H_
#define PROMETHEUS_ASYNC_TX_DEFERRED_QUEUE_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "tx/deferred.h"
#include "tx/internal/waiters.h"

namespace prometheus_async::tx {

// put() on a queue that holds as many values as it may.
class QueueOverflow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// get() on a queue for which as many wait as may.
class QueueUnderflow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct DeferredQueueOptions {
  // Values that may lie in the queue. 0: each has to be awaited before it is put. Empty: any number.
  std::optional<std::size_t> size = std::nullopt;
  // Deferreds that may wait for a value. 0: get() only takes what is there. Empty: any number.
  std::optional<std::size_t> backlog = std::nullopt;
};

// Cancelling a Deferred that waits gives up its place. Once it has a value, cancelling does nothing.
//
// Threads: one. Lifetime: destroyed, it fails those that wait with AbandonedError.
// Cost: an allocation for each that waits, besides that of its Deferred.
// Semantics: twisted.internet.defer.DeferredQueue, whose `waiting` and `pending` are lists.
template <class T>
class DeferredQueue {
  static_assert(std::is_object_v<T>,
                "prometheus_async: a DeferredQueue is of an object type; count calls of nothing with "
                "a DeferredSemaphore");

 public:
  explicit DeferredQueue(DeferredQueueOptions options = {}) : options_(options) {}

  // Fires the Deferred that has waited longest with it, and runs its callbacks; or keeps it for the next get().
  // Throws QueueOverflow, and `value` is gone.
  void put(T value) {
    if (!waiters_.empty()) return waiters_.take_first().callback(std::move(value));
    if (options_.size && values_.size() >= *options_.size) {
      throw QueueOverflow("prometheus_async: the DeferredQueue is full, its size is " + std::to_string(*options_.size));
    }
    values_.push_back(std::move(value));
  }

  // The oldest value: at once, or when it is put. Throws QueueUnderflow.
  Deferred<T> get() {
    if (!values_.empty()) {
      Deferred<T> first = succeed<T>(std::move(values_.front()));
      values_.pop_front();
      return first;
    }
    if (options_.backlog && waiters_.size() >= *options_.backlog) {
      throw QueueUnderflow("prometheus_async: as many wait for a value of the DeferredQueue as may, its backlog is " +
                           std::to_string(*options_.backlog));
    }
    return waiters_.add();
  }

  // Values that nobody has taken; Deferreds that wait for one.
  std::size_t pending() const { return values_.size(); }
  std::size_t waiting() const { return waiters_.size(); }

 private:
  DeferredQueueOptions options_;
  std::deque<T> values_;
  internal::Waiters<T> waiters_;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_DEFERRED_QUEUE_H_
