// SPDX-License-Identifier: Apache-2.0
//
// Lets so many requests through in a time, whoever sends them.
//
//   web::RateLimiter limiter({.interval = 100ms, .burst = 20});  // ten a second, twenty at once after a pause
//   if (!limiter.allow(std::chrono::steady_clock::now())) co_return web::text("Too Many Requests\n", 429);
#ifndef PROMETHEUS_ASYNC_AIO_WEB_RATE_LIMITER_H_
#define PROMETHEUS_ASYNC_AIO_WEB_RATE_LIMITER_H_

#include <chrono>
#include <cstdint>
#include <mutex>

namespace prometheus_async::aio::web {

struct RateLimit {
  // The time that earns one request. More than 0.
  std::chrono::nanoseconds interval{};
  // How many can be saved up. At least 1.
  std::int64_t burst = 0;

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

// A token bucket, full at first. Threads: any.
class RateLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Throws std::invalid_argument.
  explicit RateLimiter(RateLimit limit);

  // Takes a token if there is one. `now` does not go back.
  bool allow(TimePoint now);

  const RateLimit& limit() const { return limit_; }

 private:
  const RateLimit limit_;
  std::mutex mutex_;  // guards what follows
  std::int64_t tokens_;
  TimePoint earned_until_ = TimePoint::min();  // the time before this has become tokens
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_RATE_LIMITER_H_
