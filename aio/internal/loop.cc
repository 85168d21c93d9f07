// SPDX-License-Identifier: Apache-2.0
#include "aio/internal/loop.h"

#include <pthread.h>

#include <algorithm>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace prometheus_async::aio::internal {
namespace {

// The CPU time of a thread, in seconds. REQUIRES: the thread lives.
double read(clockid_t clock) noexcept {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

Loop::Loop(std::string_view name, const metrics::Buckets& lag_buckets)
    : lag(lag_buckets), name_(name), labels_(std::vector<metrics::Labels::Pair>{{"loop", name_}}) {}

std::size_t Loop::enter() {
  Seat seat;
  // A clock that other threads can read too.
  if (const int error = pthread_getcpuclockid(pthread_self(), &seat.clock); error != 0) {
    throw std::system_error(error, std::generic_category(), "pthread_getcpuclockid");
  }
  seat.taken = true;
  seat.entered = read(seat.clock);
  const std::lock_guard lock(mutex_);
  entered_ = true;
  const auto free = std::find_if(seats_.begin(), seats_.end(), [](const Seat& other) { return !other.taken; });
  if (free == seats_.end()) {
    seats_.push_back(seat);
    return seats_.size() - 1;
  }
  *free = seat;
  return static_cast<std::size_t>(free - seats_.begin());
}

void Loop::leave(std::size_t seat) {
  const std::lock_guard lock(mutex_);
  busy_before_ += read(seats_[seat].clock) - seats_[seat].entered;
  seats_[seat].taken = false;
}

std::optional<Loop::Work> Loop::work() const {
  const std::lock_guard lock(mutex_);
  if (!entered_) return std::nullopt;
  Work work{0, busy_before_};
  for (const Seat& seat : seats_) {
    if (!seat.taken) continue;
    ++work.threads;
    work.busy_seconds += read(seat.clock) - seat.entered;  // it lives: it leaves under this lock
  }
  return work;
}

void Loops::add(std::shared_ptr<Loop> loop) {
  const std::lock_guard lock(mutex_);
  for (const auto& other : loops_) {
    if (other->name() == loop->name()) {
      throw std::invalid_argument(absl::StrCat("LoopCollector: a loop \"", loop->name(), "\" is watched already"));
    }
  }
  loops_.push_back(std::move(loop));
}

void Loops::remove(const Loop& loop) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase_if(loops_, [&loop](const std::shared_ptr<Loop>& other) { return other.get() == &loop; });
}

std::vector<std::shared_ptr<Loop>> Loops::all() const {
  const std::lock_guard lock(mutex_);
  return loops_;
}

}  // namespace prometheus_async::aio::internal
