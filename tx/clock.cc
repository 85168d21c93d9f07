// SPDX-License-Identifier: Apache-2.0

#include "tx/clock.h"

#include <stdexcept>
#include <utility>

namespace prometheus_async::tx {

Clock::Clock() : schedule_(*this, [] {}) {}

Clock::~Clock() { schedule_.close(); }

DelayedCall Clock::schedule(Duration delay, std::shared_ptr<internal::ScheduledCall> call) {
  return schedule_.add(delay, std::move(call));
}

void Clock::advance_by(Duration by) {
  if (by < Duration::zero()) throw std::invalid_argument("a Clock does not go backwards: advance() takes at least 0");
  now_ = by > TimePoint::max() - now_ ? TimePoint::max() : now_ + by;
  while (const std::shared_ptr<internal::ScheduledCall> call = schedule_.pop_due(now_)) internal::Schedule::run(*call);
}

}  // namespace prometheus_async::tx
