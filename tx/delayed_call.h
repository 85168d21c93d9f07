// SPDX-License-Identifier: Apache-2.0
//
// A call that was put off with call_later(): the handle to cancel it or to move it in time.
//
//   tx::DelayedCall call = reactor.call_later(5s, [&] { connection.close(); });
//   call.reset(5s);                                      // five seconds from now
//   if (call.active()) call.cancel();
#ifndef PROMETHEUS_ASYNC_TX_DELAYED_CALL_H_
#define PROMETHEUS_ASYNC_TX_DELAYED_CALL_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <ratio>
#include <tuple>
#include <type_traits>
#include <utility>

namespace prometheus_async::tx {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

namespace internal {

[[noreturn]] void throw_not_a_time();

class ScheduledCall;

// Where pending calls wait. What a handle does to a call that is active goes through here.
class CallQueue {
 public:
  virtual void cancel(const std::shared_ptr<ScheduledCall>& call) = 0;
  virtual void reset(const std::shared_ptr<ScheduledCall>& call, Duration from_now) = 0;
  virtual void delay(const std::shared_ptr<ScheduledCall>& call, Duration by) = 0;

 protected:
  ~CallQueue() = default;
};

// A call and its place in a queue. One allocation holds both and the function.
class ScheduledCall {
 public:
  enum class State : std::uint8_t { kPending, kCancelled, kCalled };

  virtual ~ScheduledCall() = default;

  ScheduledCall(const ScheduledCall&) = delete;
  ScheduledCall& operator=(const ScheduledCall&) = delete;

  virtual void call() = 0;
  // Destroys the function, and with it what it captured.
  virtual void drop() noexcept = 0;

  CallQueue* queue = nullptr;  // while pending
  TimePoint time{};
  std::uint64_t order = 0;  // among those for the same time
  State state = State::kPending;

 protected:
  ScheduledCall() = default;
};

template <class F>
class ScheduledFunction final : public ScheduledCall {
 public:
  template <class G>
  explicit ScheduledFunction(G&& function) : function_(std::in_place, std::forward<G>(function)) {}

  void call() override { static_cast<void>(std::invoke(*function_)); }
  void drop() noexcept override { function_.reset(); }

 private:
  std::optional<F> function_;
};

// f(args...), in one allocation. Neither need be copyable.
template <class F, class... Args>
std::shared_ptr<ScheduledCall> make_call(F&& function, Args&&... args) {
  if constexpr (sizeof...(Args) == 0) {
    return std::make_shared<ScheduledFunction<std::decay_t<F>>>(std::forward<F>(function));
  } else {
    auto with_arguments = [kept_function = std::decay_t<F>(std::forward<F>(function)),
                           kept = std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)]() mutable {
      return std::apply(kept_function, std::move(kept));
    };
    return std::make_shared<ScheduledFunction<decltype(with_arguments)>>(std::move(with_arguments));
  }
}

}  // namespace internal

// The duration in nanoseconds; the longest there is (292 years) where it is longer, the shortest where it is shorter.
//
// Throws std::invalid_argument for a NaN.
template <class Rep, class Period>
constexpr Duration to_duration(std::chrono::duration<Rep, Period> duration) {
  if constexpr (std::is_integral_v<Rep> && std::ratio_less_equal_v<Period, std::nano>) {
    return std::chrono::duration_cast<Duration>(duration);
  } else {
    constexpr auto kLimit = static_cast<long double>(std::numeric_limits<Duration::rep>::max());
    const long double count = std::chrono::duration<long double, std::nano>(duration).count();
    if (count >= kLimit) return Duration::max();
    if (count <= -kLimit) return Duration::min();
    if (count != count) internal::throw_not_a_time();
    return std::chrono::duration_cast<Duration>(duration);
  }
}

// Copies stand for the same call. An empty handle, as DelayedCall() makes it, is like one that was cancelled.
//
// A call is active until it runs or is cancelled; from the moment it starts to run it counts as called. Cancelling
// destroys the function at once.
//
// Threads: those of the reactor or clock. Lifetime: may outlive it; the call is cancelled then.
class DelayedCall {
 public:
  DelayedCall() = default;
  explicit DelayedCall(std::shared_ptr<internal::ScheduledCall> call) : call_(std::move(call)) {}

  // Throws AlreadyCancelledError or AlreadyCalledError, as do reset() and delay().
  void cancel();

  // Sets the time to `from_now` from now. Throws std::invalid_argument if that is negative.
  //
  // A call that was moved comes after those that were there for the same time already.
  template <class Rep, class Period>
  void reset(std::chrono::duration<Rep, Period> from_now) {
    reset_to(to_duration(from_now));
  }

  // Adds to the time; takes from it what is negative, down to now.
  template <class Rep, class Period>
  void delay(std::chrono::duration<Rep, Period> by) {
    delay_by(to_duration(by));
  }

  bool active() const noexcept;

  // When it is to run, or was; TimePoint::max() of an empty handle.
  TimePoint get_time() const noexcept;

 private:
  void reset_to(Duration from_now);
  void delay_by(Duration by);
  internal::CallQueue& queue() const;

  std::shared_ptr<internal::ScheduledCall> call_;
};

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_DELAYED_CALL_H_
