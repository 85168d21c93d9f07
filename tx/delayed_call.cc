// SPDX-License-Identifier: Apache-2.0

#include "tx/delayed_call.h"

#include <stdexcept>

#include "tx/errors.h"

namespace prometheus_async::tx {

using State = internal::ScheduledCall::State;

void internal::throw_not_a_time() { throw std::invalid_argument("a duration is not a number"); }

void DelayedCall::cancel() {
  const std::shared_ptr<internal::ScheduledCall> call = call_;  // the function may hold *this
  queue().cancel(call);
}

void DelayedCall::reset_to(Duration from_now) { queue().reset(call_, from_now); }

void DelayedCall::delay_by(Duration by) { queue().delay(call_, by); }

bool DelayedCall::active() const noexcept { return call_ != nullptr && call_->state == State::kPending; }

TimePoint DelayedCall::get_time() const noexcept { return call_ != nullptr ? call_->time : TimePoint::max(); }

internal::CallQueue& DelayedCall::queue() const {
  if (call_ == nullptr) throw AlreadyCancelledError("the DelayedCall is empty: it came from no call_later()");
  switch (call_->state) {
    case State::kCalled: throw AlreadyCalledError("the delayed call has been called already");
    case State::kCancelled: throw AlreadyCancelledError("the delayed call has been cancelled already");
    case State::kPending: break;
  }
  return *call_->queue;
}

}  // namespace prometheus_async::tx
