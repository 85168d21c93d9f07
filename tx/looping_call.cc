// SPDX-License-Identifier: Apache-2.0

#include "tx/looping_call.h"

#include <optional>
#include <stdexcept>
#include <string>

#include "tx/errors.h"
#include "tx/promise.h"
#include "tx/result.h"

namespace prometheus_async::tx {

// Shared with what it waits for: the delayed call, or the function's Deferred.
class LoopingCall::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(ReactorTime& time, std::unique_ptr<internal::LoopFunction> function, bool is_counting)
      : time_(time), function_(std::move(function)), is_counting_(is_counting) {}

  Deferred<void> start(Duration interval, bool now) {
    if (interval < Duration::zero())
      throw std::invalid_argument("LoopingCall::start() takes an interval of at least 0");
    if (promise_) throw std::logic_error("LoopingCall::start() while it runs");
    promise_.emplace([weak = weak_from_this()](Promise<void>& cancelled) {
      const std::shared_ptr<Impl> self = weak.lock();
      cancelled.errback(CancelledError());  // first: a promise that is destroyed unfired says that it was abandoned
      if (self != nullptr) self->end();
    });
    Deferred<void> deferred = promise_->get_deferred();
    is_running_ = true;
    interval_ = interval;
    start_ = time_.now();
    counted_ticks_ = now ? -1 : 0;
    if (now) {
      call();
    } else {
      schedule();
    }
    return deferred;
  }

  void stop() {
    require_running("LoopingCall::stop()");
    is_running_ = false;
    if (!delayed_.active()) return;  // the function is busy
    delayed_.cancel();
    finish({});
  }

  void reset() {
    require_running("LoopingCall::reset()");
    if (!delayed_.active()) return;
    delayed_.cancel();
    start_ = time_.now();
    counted_ticks_ = 0;
    schedule();
  }

  // Without anybody to tell.
  void end() {
    const std::shared_ptr<Impl> self = shared_from_this();  // which the delayed call may hold as the last
    is_running_ = false;
    ++run_;
    if (delayed_.active()) delayed_.cancel();
    promise_.reset();
  }

  bool is_running() const { return is_running_; }

 private:
  void require_running(const char* what) const {
    if (!is_running_) throw std::logic_error(std::string(what) + " of one that does not run");
  }

  void call() {
    const std::shared_ptr<Impl> self = shared_from_this();  // the function may destroy the LoopingCall
    std::int64_t count = 1;
    if (is_counting_ && interval_ > Duration::zero()) {
      const std::int64_t ticks = (time_.now() - start_) / interval_;
      count = ticks - counted_ticks_;
      if (count <= 0) return schedule();
      counted_ticks_ = ticks;
    }
    auto go_on = [self, run = run_](Result<void>&& result) {
      if (run == self->run_) self->called(std::move(result));
    };
    static_cast<void>(function_->call(count).add_both(std::move(go_on)));
  }

  void called(Result<void> result) {
    if (is_running_ && result) return schedule();
    is_running_ = false;
    finish(std::move(result));
  }

  void schedule() {
    Duration delay = interval_;
    if (interval_ > Duration::zero()) delay -= (time_.now() - start_) % interval_;
    delayed_ = time_.call_later(delay, [self = shared_from_this()] { self->call(); });
  }

  void finish(Result<void> result) {
    ++run_;
    if (std::optional<Promise<void>> promise = std::exchange(promise_, std::nullopt))
      promise->callback(std::move(result));
  }

  ReactorTime& time_;
  const std::unique_ptr<internal::LoopFunction> function_;
  const bool is_counting_;
  bool is_running_ = false;
  Duration interval_{};
  TimePoint start_{};
  std::int64_t counted_ticks_ = 0;  // since start_; -1: not even the start itself
  std::uint64_t run_ = 0;           // which start()
  DelayedCall delayed_;
  std::optional<Promise<void>> promise_;  // from start() to the end
};

LoopingCall::LoopingCall(ReactorTime& time, std::unique_ptr<internal::LoopFunction> function, bool is_counting)
    : impl_(std::make_shared<Impl>(time, std::move(function), is_counting)) {}

LoopingCall::~LoopingCall() {
  if (impl_) impl_->end();
}

Deferred<void> LoopingCall::start_with(Duration interval, bool now) { return impl_->start(interval, now); }
void LoopingCall::stop() { impl_->stop(); }
void LoopingCall::reset() { impl_->reset(); }
bool LoopingCall::running() const { return impl_->is_running(); }

}  // namespace prometheus_async::tx
