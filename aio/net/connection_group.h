// SPDX-License-Identifier: Apache-2.0
//
// The connections of a server: started, counted, asked to end, waited for.
//
//   ConnectionGroup group(executor);
//   group.spawn([&](ConnectionGroup::Seat& seat) { return serve(std::move(socket), seat); });
//   group.stop();
//   if (!co_await group.wait_until_at_most(0, Clock::now() + 20s)) group.abort();
#ifndef PROMETHEUS_ASYNC_AIO_NET_CONNECTION_GROUP_H_
#define PROMETHEUS_ASYNC_AIO_NET_CONNECTION_GROUP_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace prometheus_async::aio::net {

namespace asio = boost::asio;

// Threads: all calls on the executor, which runs one handler at a time.
// Lifetime: may go before its connections; they run on, and nothing asks them to end any more.
class ConnectionGroup {
 public:
  using Clock = std::chrono::steady_clock;

  // What a connection and the group know of each other. Lives as long as the connection's coroutine.
  class Seat {
   public:
    // Called by stop(). To be set by the connection: close if idle, end after the current answer otherwise.
    void on_stop(std::function<void()> function) { on_stop_ = std::move(function); }
    // Called by abort(), beside the coroutine's cancellation, which what awaits without a cancellation slot misses.
    void on_abort(std::function<void()> function) { on_abort_ = std::move(function); }
    // Whether stop() or abort() was called; abort().
    bool is_stopping() const { return is_stopping_; }
    bool is_aborted() const { return is_aborted_; }

   private:
    friend class ConnectionGroup;
    std::function<void()> on_stop_;
    std::function<void()> on_abort_;
    bool is_taken_ = true;
    bool is_stopping_ = false;
    bool is_aborted_ = false;
    asio::cancellation_signal cancellation_;
  };

  explicit ConnectionGroup(asio::any_io_executor executor);
  ~ConnectionGroup();

  ConnectionGroup(const ConnectionGroup&) = delete;
  ConnectionGroup& operator=(const ConnectionGroup&) = delete;

  // Calls `make` now and runs the coroutine that it returns, whose exceptions are dropped. Does not keep `make`: a
  // lambda that captures must not be a coroutine itself but call one.
  void spawn(const std::function<asio::awaitable<void>(Seat&)>& make);

  std::size_t size() const;

  // Asks every connection to end when it can.
  void stop();
  // Cancels every connection, in a handler too: what they await ends with operation_aborted.
  void abort();
  // Returns once size() <= count (true), or at `deadline` (false).
  asio::awaitable<bool> wait_until_at_most(std::size_t count, Clock::time_point deadline = Clock::time_point::max());

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_CONNECTION_GROUP_H_
