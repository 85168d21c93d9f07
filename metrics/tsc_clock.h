// SPDX-License-Identifier: Apache-2.0
//
// A clock for timing at half the cost: it reads the processor's time stamp counter where that counts evenly, and
// std::chrono::steady_clock elsewhere. A clock argument like any other:
//
//   const auto handler = aio::time<metrics::TscClock>(seconds)(raw_handler);
//
//   metrics::TscClock::now();          // in main: the first reading of a process calibrates
#ifndef PROMETHEUS_ASYNC_METRICS_TSC_CLOCK_H_
#define PROMETHEUS_ASYNC_METRICS_TSC_CLOCK_H_

#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace prometheus_async::metrics {

// Measures durations, and only that: its time points have no epoch. Satisfies Clock (metrics/clock.h).
//
// Source: the time stamp counter on x86-64 if it is invariant (CPUID 80000007h, EDX bit 8: the same rate in every power
// state), the process may read it, and the kernel lists "tsc" among its clock sources, so that it has found the
// counters of all processors in step; where the list cannot be read, CPUID decides. Otherwise, and on other
// architectures, steady_clock. Chosen once, at the first reading.
//
// Accuracy: the counter's rate is measured against steady_clock over 2 ms, to some 10 ppm. From then on the clocks are
// apart by what NTP slews steady_clock, at most 500 ppm. A counter whose rate changes later, because a virtual machine
// moves to another host, is not noticed: use_steady_clock() is for such places.
//
// Cost: one predictable branch and the counter's reading, half of steady_clock's or less; a multiplication when two
// readings are subtracted. The first reading of a process takes 2 ms.
//
// Threads: every member is safe from any thread; a reading of one may be subtracted from one of another.
class TscClock {
 public:
  using duration = std::chrono::duration<double>;  // seconds
  using rep = duration::rep;
  using period = duration::period;
  static constexpr bool is_steady = true;

  enum class Source : std::uint8_t {
    kNotChosen,  // nothing has been read yet
    kTsc,
    kSteadyClock,
  };

  // A reading, in the ticks of the source: converted once, when subtracted.
  class time_point {
   public:
    constexpr time_point() = default;

    // The seconds from `begin` to this; zero if this is the earlier one, which readings of two threads can be by some
    // nanoseconds, since a processor reads its counter ahead of what stands before it.
    duration operator-(time_point begin) const noexcept {
      const auto ticks = static_cast<std::int64_t>(ticks_ - begin.ticks_);
      return duration(static_cast<double>(ticks > 0 ? ticks : 0) * seconds_per_tick_.load(std::memory_order_relaxed));
    }
    friend auto operator<=>(time_point, time_point) = default;

   private:
    friend class TscClock;
    explicit constexpr time_point(std::uint64_t ticks) : ticks_(ticks) {}

    std::uint64_t ticks_ = 0;
  };

  static time_point now() noexcept {
#if defined(__x86_64__)
    if (source_.load(std::memory_order_acquire) == Source::kTsc) [[likely]] {
      return time_point(__builtin_ia32_rdtsc());
    }
#endif
    return now_otherwise();
  }

  // What now() reads.
  static Source source() noexcept { return source_.load(std::memory_order_acquire); }

  // Has this clock read steady_clock from now on. Returns false, and changes nothing, if the counter has been chosen
  // already: call it at start-up.
  static bool use_steady_clock() noexcept;

 private:
  static time_point now_otherwise() noexcept;
  static void choose(Source source, double seconds_per_tick) noexcept;

  // Who reads kTsc or kSteadyClock in source_ sees the rate that was stored before it.
  static inline constinit std::atomic<Source> source_ = Source::kNotChosen;
  static inline constinit std::atomic<double> seconds_per_tick_ = 0;
};

namespace internal {

// Whether the file, a list like /sys/devices/system/clocksource/clocksource0/available_clocksource, has the word "tsc".
// True if it cannot be read.
bool kernel_lists_tsc(const std::string& file);

}  // namespace internal

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_TSC_CLOCK_H_
