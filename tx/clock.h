// SPDX-License-Identifier: Apache-2.0
//
// Time that stands still until a test moves it. Twisted's task.Clock.
//
//   tx::Clock clock;
//   bool rang = false;
//   clock.call_later(5s, [&] { rang = true; });
//   clock.advance(4s);                       // nothing
//   clock.advance(1s);                       // rings
#ifndef PROMETHEUS_ASYNC_TX_CLOCK_H_
#define PROMETHEUS_ASYNC_TX_CLOCK_H_

#include <chrono>
#include <cstddef>
#include <memory>

#include "tx/delayed_call.h"
#include "tx/internal/schedule.h"
#include "tx/reactor_time.h"

namespace prometheus_async::tx {

// Lifetime: calls still pending when it is destroyed are cancelled then.
class Clock final : public ReactorTime {
 public:
  // Starts at TimePoint().
  Clock();
  ~Clock() override;

  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

  TimePoint now() const override { return now_; }

  // Moves the time, then runs all calls that are due by then, in order, those included that they add or move: a
  // function that puts itself off by 0 for ever never lets it return. To the functions it is the new time already.
  //
  // An exception from a function passes through, unlike the reactor's way; the calls after it are run by the next
  // advance(). Throws std::invalid_argument if `by` is negative.
  template <class Rep, class Period>
  void advance(std::chrono::duration<Rep, Period> by) {
    advance_by(to_duration(by));
  }

  // Advances by each of the durations in turn.
  template <class Durations>
  void pump(const Durations& durations) {
    for (const auto& duration : durations) advance(duration);
  }

  // Those that are still to run.
  std::size_t pending_calls() const { return schedule_.active(); }

 private:
  DelayedCall schedule(Duration delay, std::shared_ptr<internal::ScheduledCall> call) override;
  void advance_by(Duration by);

  TimePoint now_{};
  internal::Schedule schedule_;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_CLOCK_H_
