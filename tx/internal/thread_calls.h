// SPDX-License-Identifier: Apache-2.0
//
// Functions on their way from any thread to the event loop, in the order in which they came.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_THREAD_CALLS_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_THREAD_CALLS_H_

#include <memory>

#include <boost/asio/io_context.hpp>

#include "tx/delayed_call.h"

namespace prometheus_async::tx::internal {

namespace asio = boost::asio;

// Threads: post() and post_or_keep() any; the rest, the loop's or, where none runs, the owner's.
class ThreadCalls {
 public:
  explicit ThreadCalls(asio::io_context& context);
  ~ThreadCalls();

  ThreadCalls(const ThreadCalls&) = delete;
  ThreadCalls& operator=(const ThreadCalls&) = delete;

  // Has `call` run in a later turn of the loop. What it throws is reported as an unhandled failure. False, and nothing
  // is done, after close().
  bool post(const std::shared_ptr<ScheduledCall>& call);
  // The same, but after close() it is kept until the next one: what belongs to the loop's thread is not to be destroyed
  // on another.
  void post_or_keep(std::shared_ptr<ScheduledCall> call);

  // Destroys what waits and what was kept. Also called by the destructor.
  void close();

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_THREAD_CALLS_H_
