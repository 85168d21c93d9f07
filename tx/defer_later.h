// SPDX-License-Identifier: Apache-2.0
//
// A Deferred that fires after a time. Twisted's deferLater.
//
//   tx::Deferred<void> later = tx::defer_later(reactor, 5s);
//   tx::Deferred<Page> page = tx::defer_later(reactor, 5s, fetch, url);
#ifndef PROMETHEUS_ASYNC_TX_DEFER_LATER_H_
#define PROMETHEUS_ASYNC_TX_DEFER_LATER_H_

#include <chrono>
#include <utility>

#include "tx/deferred.h"
#include "tx/delayed_call.h"
#include "tx/reactor_time.h"

namespace prometheus_async::tx {

namespace internal {
Deferred<void> defer_later(ReactorTime& time, Duration delay);
}  // namespace internal

// Throws std::invalid_argument if the delay is negative.
// Cancelled: the delayed call is as well. The reactor or clock destroyed before: AbandonedError.
template <class Rep, class Period>
Deferred<void> defer_later(ReactorTime& time, std::chrono::duration<Rep, Period> delay) {
  return internal::defer_later(time, to_duration(delay));
}

// The same with function(args...), called then: what it returns or throws is the result, as a callback's is.
template <class Rep, class Period, class F, class... Args>
auto defer_later(ReactorTime& time, std::chrono::duration<Rep, Period> delay, F&& function, Args&&... args) {
  return internal::defer_later(time, to_duration(delay))
      .add_callback(std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_DEFER_LATER_H_
