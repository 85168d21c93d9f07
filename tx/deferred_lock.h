// SPDX-License-Identifier: Apache-2.0
//
// Lets one asynchronous operation run at a time; the others wait for their turn, in order.
//
//   tx::DeferredLock lock;
//
//   tx::Deferred<void> append(Line line) {
//     tx::Permit held = co_await lock.acquire();
//     co_await journal.write(line);                      // no other append() writes meanwhile
//   }
//
//   tx::Deferred<void> done = lock.run(&Journal::flush, std::ref(journal));      // the same with callbacks
#ifndef PROMETHEUS_ASYNC_TX_DEFERRED_LOCK_H_
#define PROMETHEUS_ASYNC_TX_DEFERRED_LOCK_H_

#include <utility>

#include "tx/deferred.h"
#include "tx/deferred_semaphore.h"

namespace prometheus_async::tx {

// A DeferredSemaphore of one token, with all its rules. The Permit is the lock that is held: its end unlocks.
//
// It does not know who holds it: acquiring it again before releasing waits for ever.
// Semantics: twisted.internet.defer.DeferredLock, with a permit that cannot be released twice or forgotten.
class DeferredLock {
 public:
  Deferred<Permit> acquire() { return token_.acquire(); }

  // As DeferredSemaphore::run().
  template <class F, class... Args>
  auto run(F&& f, Args&&... args) {
    return token_.run(std::forward<F>(f), std::forward<Args>(args)...);
  }

  bool locked() const { return token_.tokens() == 0; }

 private:
  DeferredSemaphore token_{1};
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_DEFERRED_LOCK_H_
