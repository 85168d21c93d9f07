// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/worker_pool.h"

#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "tx/internal/run_call.h"
#include "tx/promise.h"

namespace prometheus_async::tx::internal {

struct WorkerPool::State : std::enable_shared_from_this<State> {
  using Work = asio::executor_work_guard<asio::io_context::executor_type>;

  State(asio::io_context& io_context, ThreadCalls& thread_calls) : context(io_context), calls(thread_calls) {}

  // REQUIRES: the mutex is held.
  void start(std::shared_ptr<ScheduledCall> call) {
    if (!threads) threads.emplace(size);
    ++busy;
    ++started;
    asio::post(*threads, [this, call = std::move(call), work = Work(context.get_executor())]() mutable {
      run_call(*call, "in call_in_thread");
      call.reset();  // on this thread, and before the loop hears of it
      finish();
    });
  }

  void finish() {
    const std::lock_guard lock(mutex);
    if (--busy == 0 && has_waiter) check_soon();
  }

  // REQUIRES: the mutex is held. Comes after what the functions have posted, for that is FIFO.
  void check_soon() {
    auto check = [self = shared_from_this(), seen = started] { self->fire_if_idle(seen); };
    calls.post_or_keep(make_call(std::move(check)));
  }

  // `seen`: functions that had been started when this was posted.
  void fire_if_idle(std::size_t seen) {
    {
      const std::lock_guard lock(mutex);
      if (busy > 0 || !has_waiter) return;
      if (started != seen) return check_soon();  // what the later ones posted is behind this
      has_waiter = false;
    }
    fire_waiter();
  }

  void fire_waiter() {
    if (std::optional<Promise<void>> promise = std::exchange(waiter, std::nullopt)) promise->callback();
  }

  asio::io_context& context;
  ThreadCalls& calls;
  std::mutex mutex;  // guards what follows, but for `waiter`, which is the loop's
  std::size_t size = kDefaultSize;
  std::optional<asio::thread_pool> threads;
  std::vector<std::shared_ptr<ScheduledCall>> waiting;  // for open()
  std::size_t busy = 0;                                 // functions given to the threads and not finished
  std::size_t started = 0;                              // all there ever were
  bool is_open = false;
  bool is_closed = false;
  bool has_waiter = false;
  std::optional<Promise<void>> waiter;
};

WorkerPool::WorkerPool(asio::io_context& context, ThreadCalls& calls)
    : state_(std::make_shared<State>(context, calls)) {}

WorkerPool::~WorkerPool() { close(); }

bool WorkerPool::submit(const std::shared_ptr<ScheduledCall>& call) {
  const std::lock_guard lock(state_->mutex);
  if (state_->is_closed) return false;
  if (state_->is_open) {
    state_->start(call);
  } else {
    state_->waiting.push_back(call);
  }
  return true;
}

void WorkerPool::open() {
  const std::lock_guard lock(state_->mutex);
  state_->is_open = true;
  for (std::shared_ptr<ScheduledCall>& call : std::exchange(state_->waiting, {})) state_->start(std::move(call));
}

void WorkerPool::suggest_size(std::size_t size) {
  if (size == 0) throw std::invalid_argument("the reactor's thread pool has at least 1 thread, not 0");
  const std::lock_guard lock(state_->mutex);
  if (state_->threads) {
    throw std::logic_error(
        "the size of the reactor's thread pool is set before the first call_in_thread() or "
        "defer_to_thread() of a running reactor, which makes the threads");
  }
  state_->size = size;
}

Deferred<void> WorkerPool::wait_until_idle() {
  const std::lock_guard lock(state_->mutex);
  if (state_->started == 0) return succeed();
  state_->has_waiter = true;
  if (state_->busy == 0) state_->check_soon();
  return state_->waiter.emplace().get_deferred();
}

void WorkerPool::close() {
  std::vector<std::shared_ptr<ScheduledCall>> dropped;
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_closed = true;
    state_->has_waiter = false;
    dropped = std::exchange(state_->waiting, {});
  }
  // Under no lock from here on: what is dropped may call back, and nobody else changes it after is_closed.
  dropped.clear();
  if (state_->threads) {
    state_->threads->stop();
    state_->threads->join();
    state_->threads.reset();
  }
  state_->fire_waiter();
}

bool WorkerPool::is_closed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->is_closed;
}

}  // namespace prometheus_async::tx::internal
