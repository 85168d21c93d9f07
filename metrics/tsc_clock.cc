// SPDX-License-Identifier: Apache-2.0
#include "metrics/tsc_clock.h"

#include <fstream>
#include <limits>
#include <mutex>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif
#endif

namespace prometheus_async::metrics {
namespace {

using SteadyClock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constinit std::mutex choice;  // held while the source is chosen

#if defined(__x86_64__)

bool is_invariant() noexcept {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) != 0 && (edx & (1U << 8)) != 0;
}

// A sandbox may have forbidden the instruction: it would end the process.
bool is_allowed() noexcept {
#if defined(PR_GET_TSC)
  int mode = PR_TSC_ENABLE;
  return prctl(PR_GET_TSC, &mode) != 0 || mode == PR_TSC_ENABLE;
#else
  return true;
#endif
}

struct Moment {
  std::uint64_t ticks = 0;
  SteadyClock::time_point time;
};

// Both clocks at once: of several attempts the one with the least time around it, in which nothing came between.
Moment read_both() noexcept {
  Moment best;
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (int attempt = 0; attempt < 16; ++attempt) {
    const std::uint64_t before = __builtin_ia32_rdtsc();
    const SteadyClock::time_point time = SteadyClock::now();
    const std::uint64_t around = __builtin_ia32_rdtsc() - before;
    if (around >= least) continue;
    least = around;
    best = {before + around / 2, time};
  }
  return best;
}

// Seconds a tick. The two moments are off by some 20 ns each: of 2 ms, 20 ppm at most.
double measure_tick() noexcept {
  const Moment begin = read_both();
  while (SteadyClock::now() - begin.time < 2ms) {
  }
  const Moment end = read_both();
  return std::chrono::duration<double>(end.time - begin.time).count() / static_cast<double>(end.ticks - begin.ticks);
}

bool is_plausible(double seconds_per_tick) noexcept {  // 100 MHz to 100 GHz; false for NaN
  return seconds_per_tick > 1e-11 && seconds_per_tick < 1e-8;
}

#endif

}  // namespace

TscClock::time_point TscClock::now_otherwise() noexcept {
  if (source() == Source::kNotChosen) {
    const std::lock_guard lock(choice);
#if defined(__x86_64__)
    if (source() == Source::kNotChosen && is_invariant() && is_allowed() &&
        internal::kernel_lists_tsc("/sys/devices/system/clocksource/clocksource0/available_clocksource")) {
      const double tick = measure_tick();
      if (is_plausible(tick)) choose(Source::kTsc, tick);
    }
#endif
    if (source() == Source::kNotChosen) choose(Source::kSteadyClock, 1e-9);
  }
#if defined(__x86_64__)
  if (source() == Source::kTsc) return time_point(__builtin_ia32_rdtsc());
#endif
  const std::chrono::nanoseconds since_epoch = SteadyClock::now().time_since_epoch();
  return time_point(static_cast<std::uint64_t>(since_epoch.count()));
}

bool TscClock::use_steady_clock() noexcept {
  const std::lock_guard lock(choice);
  if (source() == Source::kNotChosen) choose(Source::kSteadyClock, 1e-9);
  return source() == Source::kSteadyClock;
}

void TscClock::choose(Source source, double seconds_per_tick) noexcept {
  seconds_per_tick_.store(seconds_per_tick, std::memory_order_relaxed);
  source_.store(source, std::memory_order_release);
}

bool internal::kernel_lists_tsc(const std::string& file) {
  std::ifstream list(file);
  if (!list) return true;
  for (std::string name; list >> name;) {
    if (name == "tsc") return true;
  }
  return false;
}

}  // namespace prometheus_async::metrics
