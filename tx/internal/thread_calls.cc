// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/thread_calls.h"

#include <array>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "tx/internal/run_call.h"

namespace prometheus_async::tx::internal {

struct ThreadCalls::State : std::enable_shared_from_this<State> {
  using Calls = std::vector<std::shared_ptr<ScheduledCall>>;

  explicit State(asio::io_context& io_context) : context(io_context) {}

  bool push(const std::shared_ptr<ScheduledCall>& call) {
    const std::lock_guard lock(mutex);
    if (is_closed) return false;
    calls.push_back(call);
    // Under the lock: after close(), which takes it, nobody touches the io_context.
    if (calls.size() == 1) asio::post(context, [self = shared_from_this()] { self->run(); });
    return true;
  }

  void run() {
    // One vector for each turn: what a call posts comes in the next.
    for (const std::shared_ptr<ScheduledCall>& call : take()) run_call(*call, "in call_from_thread");
  }

  Calls take() {
    const std::lock_guard lock(mutex);
    return std::exchange(calls, {});
  }

  asio::io_context& context;
  std::mutex mutex;
  Calls calls;
  Calls kept;
  bool is_closed = false;
};

ThreadCalls::ThreadCalls(asio::io_context& context) : state_(std::make_shared<State>(context)) {}

ThreadCalls::~ThreadCalls() { close(); }

bool ThreadCalls::post(const std::shared_ptr<ScheduledCall>& call) { return state_->push(call); }

void ThreadCalls::post_or_keep(std::shared_ptr<ScheduledCall> call) {
  if (state_->push(call)) return;
  const std::lock_guard lock(state_->mutex);
  state_->kept.push_back(std::move(call));
}

void ThreadCalls::close() {
  std::array<State::Calls, 2> dropped;  // destroyed after the lock
  const std::lock_guard lock(state_->mutex);
  state_->is_closed = true;
  dropped[0].swap(state_->calls);
  dropped[1].swap(state_->kept);
}

}  // namespace prometheus_async::tx::internal
