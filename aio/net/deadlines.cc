// SPDX-License-Identifier: Apache-2.0

#include "aio/net/deadlines.h"

#include <algorithm>
#include <utility>

#include <boost/asio/steady_timer.hpp>

namespace prometheus_async::aio::net {

struct Deadlines::State : std::enable_shared_from_this<State> {
  State(asio::any_io_executor executor, Clock::duration between) : timer(std::move(executor)), tick(between) {}

  // Makes sure of a look at `time`, or a tick after the last one.
  void look_at(Clock::time_point time) {
    time = std::max(time, last_look + tick);
    if (time >= next_look) return;
    next_look = time;
    timer.expires_at(time);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      if (error) return;
      if (const std::shared_ptr<State> self = weak.lock()) self->look();
    });
  }

  void look() {
    last_look = Clock::now();
    next_look = Clock::time_point::max();
    Clock::time_point earliest = Clock::time_point::max();
    for (Deadline* deadline : entries) {
      if (deadline->time_ <= last_look) {
        deadline->time_ = Clock::time_point::max();
        deadline->has_expired_ = true;
        deadline->on_expiry_();
      }
      earliest = std::min(earliest, deadline->time_);
    }
    if (earliest != Clock::time_point::max()) look_at(earliest);
  }

  asio::steady_timer timer;
  const Clock::duration tick;
  std::list<Deadline*> entries;
  Clock::time_point last_look{};
  Clock::time_point next_look = Clock::time_point::max();  // max: the timer does not wait
};

Deadlines::Deadlines(asio::any_io_executor executor, Clock::duration tick)
    : state_(std::make_shared<State>(std::move(executor), tick)) {}

Deadlines::~Deadlines() = default;

Deadline::Deadline(Deadlines& deadlines, std::function<void()> on_expiry)
    : state_(deadlines.state_), on_expiry_(std::move(on_expiry)) {
  place_ = state_->entries.insert(state_->entries.end(), this);
}

Deadline::~Deadline() {
  state_->entries.erase(place_);
  if (!state_->entries.empty()) return;
  state_->timer.cancel();
  state_->next_look = Deadlines::Clock::time_point::max();
}

void Deadline::expire_after(Deadlines::Clock::duration time) {
  const auto now = Deadlines::Clock::now();  // a coarse clock may be late by more than its tick: a deadline early
  has_expired_ = false;
  time_ = time < Deadlines::Clock::time_point::max() - now ? now + time : Deadlines::Clock::time_point::max();
  if (time_ != Deadlines::Clock::time_point::max()) state_->look_at(time_);
}

void Deadline::clear() {
  has_expired_ = false;
  time_ = Deadlines::Clock::time_point::max();
}

}  // namespace prometheus_async::aio::net
