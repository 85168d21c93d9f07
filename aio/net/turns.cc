// SPDX-License-Identifier: Apache-2.0

#include "aio/net/turns.h"

#include <cstddef>
#include <iterator>
#include <vector>

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/require.hpp>

namespace prometheus_async::aio::net {

struct Turns::State {
  asio::any_io_executor executor;  // which never runs a function at once
  std::vector<Waiter> waiting;
  std::vector<Waiter> running;  // empty between turns: memory for the next
};

// Given to the loop. It owns those who wait: they go with it if the loop ends without their turn, though a waiter may
// own what owns the Turns.
class Turns::Turn {
 public:
  explicit Turn(std::shared_ptr<State> state) : state_(std::move(state)) {}
  Turn(Turn&&) = default;
  ~Turn() {
    if (!state_) return;
    const std::vector<Waiter> dropped = std::exchange(state_->waiting, {});
  }

  void operator()() {
    const std::shared_ptr<State> state = std::move(state_);
    std::swap(state->waiting, state->running);
    std::size_t called = 0;
    try {
      while (called < state->running.size()) std::exchange(state->running[called++], nullptr)();
    } catch (...) {
      // The others have their turn nevertheless.
      std::vector<Waiter>& running = state->running;
      const bool is_begun = !state->waiting.empty();
      state->waiting.insert(state->waiting.begin(),
                            std::make_move_iterator(running.begin() + static_cast<std::ptrdiff_t>(called)),
                            std::make_move_iterator(running.end()));
      running.clear();
      if (!is_begun && !state->waiting.empty()) begin(state);
      throw;
    }
    state->running.clear();
  }

  static void begin(const std::shared_ptr<State>& state) { state->executor.execute(Turn(state)); }

 private:
  std::shared_ptr<State> state_;
};

Turns::Turns(const asio::any_io_executor& executor)
    : state_(std::make_shared<State>(asio::require(executor, asio::execution::blocking.never))) {}

Turns::~Turns() = default;

void Turns::add(Waiter waiter) {
  state_->waiting.push_back(std::move(waiter));
  if (state_->waiting.size() == 1) Turn::begin(state_);
}

}  // namespace prometheus_async::aio::net
