// SPDX-License-Identifier: Apache-2.0
//
// The delayed calls of a reactor or a clock, in the order in which they are to run.
//
//   Schedule schedule([&] { return now; }, [&] { arm(); });
//   schedule.add(5s, std::make_shared<ScheduledFunction<F>>(f));
//   while (const std::shared_ptr<ScheduledCall> call = schedule.pop_due(now)) Schedule::run(*call);
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_SCHEDULE_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "tx/delayed_call.h"
#include "tx/reactor_time.h"

namespace prometheus_async::tx::internal {

// A binary heap of (time, order of arrival). A call that is cancelled or moved leaves a stale entry behind, passed over
// when it comes up; once there are more than 50 and they are more than half of all, they are swept out (both numbers
// are Twisted's).
//
// Cost: adding and moving O(log n), cancelling O(1), amortised.
class Schedule final : public CallQueue {
 public:
  using Order = std::uint64_t;
  static constexpr Order kAnyOrder = std::numeric_limits<Order>::max();

  // `on_change` is called after next() may have changed, other than by pop_due().
  Schedule(const ReactorTime& time, std::function<void()> on_change);
  ~Schedule();

  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  // Throws std::invalid_argument for a negative delay. After close(), the call is cancelled at once.
  DelayedCall add(Duration delay, std::shared_ptr<ScheduledCall> call);

  // When the next call is due.
  std::optional<TimePoint> next();

  // What the next call to be added or moved will have. Grows.
  Order next_order() const { return next_order_; }

  // Takes the first call out if it is due at `now` and older than `before`; it counts as called. Null if there is none.
  std::shared_ptr<ScheduledCall> pop_due(TimePoint now, Order before = kAnyOrder);

  // Calls it and destroys its function, also when it throws; the exception passes through.
  static void run(ScheduledCall& call);

  // Cancels all calls, and those that the destruction of their functions adds.
  void close() noexcept;

  // Calls that are still to run.
  std::size_t active() const { return heap_.size() - stale_; }
  // Entries, the stale ones included.
  std::size_t size() const { return heap_.size(); }

 private:
  using State = ScheduledCall::State;

  struct Entry {
    TimePoint time;
    Order order;
    std::shared_ptr<ScheduledCall> call;

    bool is_live() const { return call->state == State::kPending && call->order == order; }
  };
  // For the heap functions of the standard, which put the greatest first.
  struct ComesLater {
    bool operator()(const Entry& a, const Entry& b) const {
      return a.time != b.time ? a.time > b.time : a.order > b.order;
    }
  };

  void cancel(const std::shared_ptr<ScheduledCall>& call) override;
  void reset(const std::shared_ptr<ScheduledCall>& call, Duration from_now) override;
  void delay(const std::shared_ptr<ScheduledCall>& call, Duration by) override;

  TimePoint after(Duration delay) const;
  void move(const std::shared_ptr<ScheduledCall>& call, TimePoint time);
  void push(std::shared_ptr<ScheduledCall> call);
  void pop_stale();
  void count_stale();

  const ReactorTime& time_;
  const std::function<void()> on_change_;
  std::vector<Entry> heap_;
  std::size_t stale_ = 0;
  Order next_order_ = 0;
  bool is_closed_ = false;
};

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_SCHEDULE_H_
