// SPDX-License-Identifier: Apache-2.0
//
// A clock that a test steps by hand, and that counts its readings.
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_STEPPING_CLOCK_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_STEPPING_CLOCK_H_

#include <chrono>

namespace prometheus_async::testing {

struct SteppingClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SteppingClock, duration>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept {
    ++readings;
    return current;
  }
  static void advance(duration by) { current += by; }

  static inline time_point current{};
  static inline int readings = 0;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_STEPPING_CLOCK_H_
