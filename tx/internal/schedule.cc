// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/schedule.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace prometheus_async::tx::internal {
namespace {

constexpr std::size_t kStaleToSweep = 50;

// time + by, as far as there is time.
TimePoint later_by(TimePoint time, Duration by) {
  if (by > Duration::zero() && time > TimePoint::max() - by) return TimePoint::max();
  if (by < Duration::zero() && time < TimePoint::min() - by) return TimePoint::min();
  return time + by;
}

}  // namespace

Schedule::Schedule(const ReactorTime& time, std::function<void()> on_change)
    : time_(time), on_change_(std::move(on_change)) {}

Schedule::~Schedule() { close(); }

DelayedCall Schedule::add(Duration delay, std::shared_ptr<ScheduledCall> call) {
  call->time = after(delay);
  if (is_closed_) {
    call->state = State::kCancelled;
    call->drop();
  } else {
    call->queue = this;
    push(call);
    on_change_();
  }
  return DelayedCall(std::move(call));
}

std::optional<TimePoint> Schedule::next() {
  pop_stale();
  if (heap_.empty()) return std::nullopt;
  return heap_.front().time;
}

std::shared_ptr<ScheduledCall> Schedule::pop_due(TimePoint now, Order before) {
  pop_stale();
  if (heap_.empty() || heap_.front().time > now || heap_.front().order >= before) return nullptr;
  std::pop_heap(heap_.begin(), heap_.end(), ComesLater());
  std::shared_ptr<ScheduledCall> call = std::move(heap_.back().call);
  heap_.pop_back();
  call->queue = nullptr;
  call->state = State::kCalled;
  return call;
}

void Schedule::run(ScheduledCall& call) {
  struct Drop {
    ScheduledCall& call;
    ~Drop() { call.drop(); }
  };
  const Drop drop{call};
  call.call();
}

void Schedule::close() noexcept {
  is_closed_ = true;
  std::vector<std::shared_ptr<ScheduledCall>> calls;
  for (Entry& entry : heap_) {
    if (!entry.is_live()) continue;
    entry.call->queue = nullptr;
    entry.call->state = State::kCancelled;
    calls.push_back(std::move(entry.call));
  }
  heap_.clear();
  stale_ = 0;
  for (const std::shared_ptr<ScheduledCall>& call : calls) call->drop();
}

void Schedule::cancel(const std::shared_ptr<ScheduledCall>& call) {
  call->queue = nullptr;
  call->state = State::kCancelled;
  count_stale();
  on_change_();
  call->drop();  // last: it may destroy the schedule
}

void Schedule::reset(const std::shared_ptr<ScheduledCall>& call, Duration from_now) { move(call, after(from_now)); }

void Schedule::delay(const std::shared_ptr<ScheduledCall>& call, Duration by) {
  // Not before now: it would come before what the present turn of the loop has already begun.
  move(call, std::max(later_by(call->time, by), time_.now()));
}

void Schedule::move(const std::shared_ptr<ScheduledCall>& call, TimePoint time) {
  call->time = time;
  push(call);
  count_stale();
  on_change_();
}

TimePoint Schedule::after(Duration delay) const {
  if (delay < Duration::zero()) {
    throw std::invalid_argument("a delayed call cannot be " +
                                std::to_string(-std::chrono::duration<double>(delay).count()) +
                                " s ago: the delay is at least 0");
  }
  return later_by(time_.now(), delay);
}

void Schedule::push(std::shared_ptr<ScheduledCall> call) {
  call->order = next_order_++;
  heap_.push_back({call->time, call->order, std::move(call)});
  std::push_heap(heap_.begin(), heap_.end(), ComesLater());
}

void Schedule::pop_stale() {
  while (!heap_.empty() && !heap_.front().is_live()) {
    std::pop_heap(heap_.begin(), heap_.end(), ComesLater());
    heap_.pop_back();
    --stale_;
  }
}

void Schedule::count_stale() {
  ++stale_;
  if (stale_ <= kStaleToSweep || stale_ <= heap_.size() / 2) return;
  std::erase_if(heap_, [](const Entry& entry) { return !entry.is_live(); });
  std::make_heap(heap_.begin(), heap_.end(), ComesLater());
  stale_ = 0;
}

}  // namespace prometheus_async::tx::internal
