// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong with a Deferred itself, as exception types. The names are Twisted's, where it has one.
//
//   d.add_errback<tx::CancelledError>([](const tx::CancelledError&) { return Page::empty(); });
#ifndef PROMETHEUS_ASYNC_TX_ERRORS_H_
#define PROMETHEUS_ASYNC_TX_ERRORS_H_

#include <chrono>
#include <stdexcept>
#include <string>

#include "metrics/ending.h"

namespace prometheus_async::tx {

// The result of a cancelled Deferred. The wrappers count it as a cancellation, not as an error.
class CancelledError : public std::runtime_error, public metrics::Cancellation {
 public:
  CancelledError();
  explicit CancelledError(const std::string& what) : std::runtime_error(what) {}
};

// A Promise was fired twice, or fired after its Deferred was cancelled and its canceller had kept silent. Also of a
// DelayedCall: cancelled or moved in time after it ran.
class AlreadyCalledError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// A DelayedCall was cancelled or moved in time after it had been cancelled.
class AlreadyCancelledError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// The result of a Deferred whose Promise was destroyed without firing: nobody is left who could.
//
// Semantics: Twisted's Deferred stays silent for ever. Here a coroutine that waits for it would leak.
class AbandonedError : public std::runtime_error {
 public:
  AbandonedError();
};

// The result of a Deferred that add_timeout cancelled.
class TimeoutError : public std::runtime_error {
 public:
  explicit TimeoutError(std::chrono::nanoseconds timeout);
  std::chrono::nanoseconds timeout() const noexcept { return timeout_; }

 private:
  std::chrono::nanoseconds timeout_;
};

// Failure::current() or Promise::errback() outside of a catch block.
class NoCurrentExceptionError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// A Deferred or Promise was used after it was moved away, awaited, or given to what consumes it.
class MovedFromError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_ERRORS_H_
