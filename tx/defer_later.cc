// SPDX-License-Identifier: Apache-2.0

#include "tx/defer_later.h"

#include <memory>
#include <stdexcept>

#include "tx/errors.h"
#include "tx/promise.h"

namespace prometheus_async::tx::internal {

Deferred<void> defer_later(ReactorTime& time, Duration delay) {
  // Before there is a promise that would report itself as abandoned.
  if (delay < Duration::zero()) throw std::invalid_argument("defer_later() takes a delay of at least 0");
  // The promise is in the call, its canceller in the promise, and the call in the canceller: whatever ends the call, by
  // destroying the function, opens the ring.
  const auto call = std::make_shared<DelayedCall>();
  Promise<void> promise([call](Promise<void>& cancelled) {
    DelayedCall own = *call;
    cancelled.errback(CancelledError());  // first: a promise that is destroyed unfired says that it was abandoned
    if (own.active()) own.cancel();
  });
  Deferred<void> deferred = promise.get_deferred();
  *call = time.call_later(delay, [promise = std::move(promise)]() mutable { promise.callback(); });
  return deferred;
}

}  // namespace prometheus_async::tx::internal
