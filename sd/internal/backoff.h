// SPDX-License-Identifier: Apache-2.0
//
// How long to wait before the next attempt: twice as long each time, up to a limit, less a random part, so that a fleet
// does not come back in step.
//
//     Backoff backoff(std::chrono::milliseconds(100), std::chrono::seconds(30));
//     backoff.next();  // 50 to 100 ms
//     backoff.next();  // 100 to 200 ms
//     backoff.reset();
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_BACKOFF_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_BACKOFF_H_

#include <algorithm>
#include <chrono>
#include <random>

namespace prometheus_async::sd::internal {

class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  // REQUIRES: 0 < first <= limit.
  Backoff(Duration first, Duration limit, unsigned seed = std::random_device{}())
      : first_(first), limit_(limit), longest_(first), random_(seed) {}

  // From half of the longest to the longest.
  Duration next() {
    const Duration longest = longest_;
    longest_ = std::min(longest_ * 2, limit_);
    return Duration(std::uniform_int_distribution<Duration::rep>(longest.count() / 2, longest.count())(random_));
  }

  void reset() { longest_ = first_; }

 private:
  Duration first_;
  Duration limit_;
  Duration longest_;
  std::minstd_rand random_;
};

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_BACKOFF_H_
