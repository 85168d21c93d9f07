// SPDX-License-Identifier: Apache-2.0
//
// The threads of a reactor: made when the first function is for them, joined when the reactor ends.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_WORKER_POOL_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_WORKER_POOL_H_

#include <cstddef>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "tx/deferred.h"
#include "tx/delayed_call.h"
#include "tx/internal/thread_calls.h"

namespace prometheus_async::tx::internal {

namespace asio = boost::asio;

// Threads: submit() any; the rest, the loop's or, where none runs, the owner's.
class WorkerPool {
 public:
  // Twisted's largest number.
  static constexpr std::size_t kDefaultSize = 10;

  WorkerPool(asio::io_context& context, ThreadCalls& calls);
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Has `call` run on one of the threads, once open() was called; what it throws is reported as an unhandled failure.
  // Until it has run the io_context has work. False, and nothing is done, after close().
  bool submit(const std::shared_ptr<ScheduledCall>& call);

  void open();

  // Throws std::invalid_argument for 0, std::logic_error once there are threads.
  void suggest_size(std::size_t size);

  // Fires when the threads are idle and all that they have posted to the loop was run.
  Deferred<void> wait_until_idle();

  // Waits for what is running, and drops what is not. Fires what wait_until_idle() gave.
  void close();
  bool is_closed() const;

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_WORKER_POOL_H_
