// SPDX-License-Identifier: Apache-2.0
//
// Deadlines for many connections from one timer.
//
//   Deadlines deadlines(executor);
//   Deadline deadline(deadlines, [&] { stream.cancel(); });
//   deadline.expire_after(10ms);
//   co_await stream.read_some(buffer);
//   if (deadline.has_expired()) ...
#ifndef PROMETHEUS_ASYNC_AIO_NET_DEADLINES_H_
#define PROMETHEUS_ASYNC_AIO_NET_DEADLINES_H_

#include <chrono>
#include <functional>
#include <list>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

namespace prometheus_async::aio::net {

namespace asio = boost::asio;

class Deadline;

// A timer that looks through all deadlines when the earliest that it knows of is due. Moving a deadline to a later
// time, which a busy connection does once or twice a request, costs a few nanoseconds.
//
// Threads: all calls on the executor. Waits, and so keeps an io_context running, only while a Deadline exists that was
// set. Lifetime: may go before its Deadlines, which pass all the same.
class Deadlines {
 public:
  using Clock = std::chrono::steady_clock;

  // A deadline passes at its time or up to `tick` later; there is a look through all of them at most once a tick.
  explicit Deadlines(asio::any_io_executor executor, Clock::duration tick = std::chrono::milliseconds(250));
  ~Deadlines();

  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

 private:
  friend class Deadline;
  struct State;

  std::shared_ptr<State> state_;
};

// One connection's deadline. Not movable: its place in memory is its identity.
class Deadline {
 public:
  // `on_expiry` runs on the executor, once for each time set. It may set this deadline again, but neither make nor
  // destroy one.
  Deadline(Deadlines& deadlines, std::function<void()> on_expiry);
  ~Deadline();

  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // Sets it, in place of an earlier setting. Never, if the time is too far away to be represented.
  void expire_after(Deadlines::Clock::duration time);
  // Never expires until it is set again.
  void clear();
  // Whether it has passed since it was last set or cleared.
  bool has_expired() const { return has_expired_; }

 private:
  friend class Deadlines;

  std::shared_ptr<Deadlines::State> state_;
  std::list<Deadline*>::iterator place_;
  std::function<void()> on_expiry_;
  Deadlines::Clock::time_point time_ = Deadlines::Clock::time_point::max();
  bool has_expired_ = false;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_DEADLINES_H_
