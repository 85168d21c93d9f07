// SPDX-License-Identifier: Apache-2.0
//
// Lets what else is ready on the loop run first.
//
//   Turns turns(executor);
//   co_await turns.next();
#ifndef PROMETHEUS_ASYNC_AIO_NET_TURNS_H_
#define PROMETHEUS_ASYNC_AIO_NET_TURNS_H_

#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

namespace prometheus_async::aio::net {

namespace asio = boost::asio;

// As asio::post(), for many at once: those that wait for the next turn share one handler of the loop, and a wait needs
// neither a coroutine frame nor, once as many have waited before, memory.
//
// Threads: all calls on the executor. Lifetime: may go before its turns. A wait cannot be cancelled; a coroutine that
// was cancelled meanwhile learns it from what it awaits next.
class Turns {
 public:
  explicit Turns(const asio::any_io_executor& executor);
  ~Turns();

  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // An asynchronous operation: to be awaited, or called with a completion token.
  auto next() {
    return asio::async_initiate<const asio::deferred_t, void()>(
        [](auto handler, Turns* self) { self->add(std::move(handler)); }, asio::deferred, this);
  }

 private:
  using Waiter = absl::AnyInvocable<void()>;
  struct State;
  class Turn;

  void add(Waiter waiter);

  std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_TURNS_H_
