// SPDX-License-Identifier: Apache-2.0
//
// How long something took that a test waited for: for its reader, never for an assertion.
//
//     const testing::Stopwatch since_the_signal;
//     ASSERT_TRUE(run_until(...));
//     since_the_signal.print("from SIGTERM to deregistered");
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_STOPWATCH_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_STOPWATCH_H_

#include <chrono>
#include <cstdio>
#include <string>

namespace prometheus_async::testing {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }
  void print(const std::string& what) const {
    std::printf("  took %.3f s: %s\n", seconds(), what.c_str());
    std::fflush(stdout);
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_STOPWATCH_H_
