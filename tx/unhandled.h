// SPDX-License-Identifier: Apache-2.0
//
// What happens to a Failure that no errback took: a Deferred, dropped, ended with it. It is reported once, to this
// hook.
//
//   tx::set_unhandled_failure_hook([&](const tx::UnhandledFailure& unhandled) {
//     lost.Increment();
//     log(unhandled.failure.get_brief_traceback());
//   });
#ifndef PROMETHEUS_ASYNC_TX_UNHANDLED_H_
#define PROMETHEUS_ASYNC_TX_UNHANDLED_H_

#include <atomic>
#include <functional>
#include <string_view>

#include "tx/failure.h"

namespace prometheus_async::tx {

namespace internal {
inline constinit std::atomic<bool> is_debugging = false;
}  // namespace internal

struct UnhandledFailure {
  const Failure& failure;
  // Where the Deferred was made and fired, if set_debugging(true) was on then; else empty.
  std::string_view debug;
};

// Called on the thread that dropped the Deferred. What it throws is ignored.
using UnhandledFailureHook = std::function<void(const UnhandledFailure&)>;

// Replaces the hook of the process, and returns the one before, empty if that was the default.
// Empty: the default, a line on stderr, "prometheus_async: unhandled failure in a Deferred: TYPE: WHAT", at most one a
// second; the next line tells how many were left out.
// Threads: any.
UnhandledFailureHook set_unhandled_failure_hook(UnhandledFailureHook hook);

// Reports a failure as the destructor of a Deferred does.
void report_unhandled_failure(const Failure& failure, std::string_view debug = {}) noexcept;

// Whether Deferreds remember from now on where they were made and first fired, for AlreadyCalledError and unhandled
// failures. Off at the start. Costs an allocation a Deferred while on.
// Threads: any. Semantics: twisted.internet.defer.setDebugging, without stacks.
void set_debugging(bool on) noexcept;
inline bool get_debugging() noexcept { return internal::is_debugging.load(std::memory_order_relaxed); }

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_UNHANDLED_H_
