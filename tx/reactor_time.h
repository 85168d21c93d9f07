// SPDX-License-Identifier: Apache-2.0
//
// Time as code that waits needs it: the present, and calls that are put off. Code that takes a ReactorTime runs on the
// Reactor, and in a test on a Clock that the test moves by hand. Twisted's IReactorTime.
//
//   tx::DelayedCall call = time.call_later(500ms, [&] { blink(); });
#ifndef PROMETHEUS_ASYNC_TX_REACTOR_TIME_H_
#define PROMETHEUS_ASYNC_TX_REACTOR_TIME_H_

#include <chrono>
#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "tx/delayed_call.h"

namespace prometheus_async::tx {

// Threads: one, the reactor's.
class ReactorTime {
 public:
  virtual ~ReactorTime() = default;

  virtual TimePoint now() const = 0;

  // Calls `function(args...)` once, `delay` from now, and never before call_later() has returned; calls for the same
  // time run in the order in which they were made. `function` may be move-only. What it returns is dropped.
  // It is destroyed as soon as it has returned: a lambda that is a coroutine must not have captures, but arguments.
  //
  // A delay of zero means the next turn of the loop. One too long for the clock means its end, in some 290 years.
  // Throws std::invalid_argument if it is negative.
  //
  // Cost: one allocation.
  template <class Rep, class Period, class F, class... Args>
    requires std::invocable<std::decay_t<F>&, std::decay_t<Args>...>
  DelayedCall call_later(std::chrono::duration<Rep, Period> delay, F&& function, Args&&... args) {
    return schedule(to_duration(delay), internal::make_call(std::forward<F>(function), std::forward<Args>(args)...));
  }

 protected:
  // Throws std::invalid_argument for a negative delay.
  virtual DelayedCall schedule(Duration delay, std::shared_ptr<internal::ScheduledCall> call) = 0;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_REACTOR_TIME_H_
