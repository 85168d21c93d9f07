// SPDX-License-Identifier: Apache-2.0
//
// The clock of a timing probe: anything that reads as std::chrono::steady_clock does. A test brings one that it steps
// by hand:
//
//   struct Stepping {
//     using duration = std::chrono::nanoseconds;
//     using rep = duration::rep;
//     using period = duration::period;
//     using time_point = std::chrono::time_point<Stepping, duration>;
//     static time_point now() noexcept { return current; }
//     static inline time_point current{};
//   };
//   auto timed = aio::time<Stepping>(seconds)([] { Stepping::current += 2s; });   // observes 2.0
#ifndef PROMETHEUS_ASYNC_METRICS_CLOCK_H_
#define PROMETHEUS_ASYNC_METRICS_CLOCK_H_

#include <chrono>
#include <concepts>

namespace prometheus_async::metrics {

// REQUIRES: now() is monotonic; durations between two readings are never negative. Wall clocks are not.
template <class C>
concept Clock = requires {
  typename C::time_point;
  { C::now() } noexcept -> std::same_as<typename C::time_point>;
};

// The default: monotonic, nanosecond resolution, about 45 ns a reading on Linux (no system call). TscClock
// (metrics/tsc_clock.h) costs half of that on most machines.
using SteadyClock = std::chrono::steady_clock;

// The clock of a probe that measures no time. Reading it costs nothing.
struct NoClock {
  struct time_point {};
  static constexpr time_point now() noexcept { return {}; }
};

// The duration from `begin` to `end` in seconds, the unit of every Prometheus duration. The subtraction gives a
// std::chrono::duration; a clock with ticks of its own converts them there.
template <class TimePoint>
constexpr double seconds_between(TimePoint begin, TimePoint end) noexcept {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_CLOCK_H_
