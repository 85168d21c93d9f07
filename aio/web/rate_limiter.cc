// SPDX-License-Identifier: Apache-2.0

#include "aio/web/rate_limiter.h"

#include <stdexcept>

namespace prometheus_async::aio::web {

RateLimiter::RateLimiter(RateLimit limit) : limit_(limit), tokens_(limit.burst) {
  if (limit.interval.count() <= 0) throw std::invalid_argument("rate_limit: interval must be positive");
  if (limit.burst < 1) throw std::invalid_argument("rate_limit: burst must be at least 1");
}

bool RateLimiter::allow(TimePoint now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // A full bucket earns nothing: the time starts with the first token that is taken.
  if (tokens_ == limit_.burst) earned_until_ = now;
  const std::int64_t earned = (now - earned_until_) / limit_.interval;
  if (earned > 0) {
    if (earned >= limit_.burst - tokens_) {
      tokens_ = limit_.burst;
      earned_until_ = now;
    } else {
      tokens_ += earned;
      earned_until_ += earned * limit_.interval;
    }
  }
  if (tokens_ == 0) return false;
  --tokens_;
  return true;
}

}  // namespace prometheus_async::aio::web
