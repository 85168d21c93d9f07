// SPDX-License-Identifier: Apache-2.0
//
// A function that is called again and again. Twisted's task.LoopingCall.
//
//   tx::LoopingCall beat(reactor, [&] { ++beats; });
//   tx::Deferred<void> ended = beat.start(1s);          // fails if the function does
//   ...
//   beat.stop();
#ifndef PROMETHEUS_ASYNC_TX_LOOPING_CALL_H_
#define PROMETHEUS_ASYNC_TX_LOOPING_CALL_H_

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "tx/deferred.h"
#include "tx/delayed_call.h"
#include "tx/maybe_deferred.h"
#include "tx/reactor_time.h"

namespace prometheus_async::tx {

namespace internal {

// The function of a LoopingCall. `count` is for those that ask for it.
class LoopFunction {
 public:
  virtual ~LoopFunction() = default;
  virtual Deferred<void> call(std::int64_t count) = 0;
};

template <class F>
class PlainLoopFunction final : public LoopFunction {
 public:
  explicit PlainLoopFunction(F function) : function_(std::move(function)) {}
  Deferred<void> call(std::int64_t) override { return maybe_deferred(std::ref(function_)).ignore_result(); }

 private:
  F function_;
};

template <class F>
class CountingLoopFunction final : public LoopFunction {
 public:
  explicit CountingLoopFunction(F function) : function_(std::move(function)) {}
  Deferred<void> call(std::int64_t count) override {
    return maybe_deferred(std::ref(function_), count).ignore_result();
  }

 private:
  F function_;
};

}  // namespace internal

// Calls at start + k * interval. Ticks that pass while the function is busy, or the loop late, are left out: the next
// call is at the next tick. A function that returns a Deferred is busy until it fires.
//
// Threads: the reactor's. Lifetime: the ReactorTime outlives it. Destroyed while it runs: calls no more, and the
// Deferred of start() fails with AbandonedError.
class LoopingCall {
 public:
  // The function takes nothing; what it returns, or its Deferred gives, is dropped.
  template <class F>
    requires std::invocable<std::decay_t<F>&>
  LoopingCall(ReactorTime& time, F&& function)
      : LoopingCall(time, std::make_unique<internal::PlainLoopFunction<std::decay_t<F>>>(std::forward<F>(function)),
                    /*is_counting=*/false) {}

  // One whose function takes the number of ticks since its last call, this one included: 1 if none was left out. A call
  // that would get 0 is left out as well. With an interval of 0, always 1.
  template <class F>
    requires std::invocable<std::decay_t<F>&, std::int64_t>
  static LoopingCall with_count(ReactorTime& time, F&& function) {
    return LoopingCall(time,
                       std::make_unique<internal::CountingLoopFunction<std::decay_t<F>>>(std::forward<F>(function)),
                       /*is_counting=*/true);
  }

  LoopingCall(LoopingCall&&) noexcept = default;
  LoopingCall& operator=(LoopingCall&&) = delete;
  ~LoopingCall();

  // Calls at once, before it returns, and then at every interval; without `now`, the first time after one interval. An
  // interval of 0 is every turn of the loop.
  //
  // The Deferred fires after stop(), when the function is not busy, and fails if the function does: the loop is over
  // then and can be started again. Cancelling it stops the loop (in Twisted the loop goes on).
  // Throws std::invalid_argument if the interval is negative, std::logic_error if it runs.
  template <class Rep, class Period>
  Deferred<void> start(std::chrono::duration<Rep, Period> interval, bool now = true) {
    return start_with(to_duration(interval), now);
  }

  // Throws std::logic_error if it does not run.
  void stop();

  // Begins the interval anew, from now; while the function is busy, nothing. Throws std::logic_error if it does not
  // run.
  void reset();

  bool running() const;

 private:
  class Impl;

  LoopingCall(ReactorTime& time, std::unique_ptr<internal::LoopFunction> function, bool is_counting);

  Deferred<void> start_with(Duration interval, bool now);

  std::shared_ptr<Impl> impl_;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_LOOPING_CALL_H_
