// SPDX-License-Identifier: Apache-2.0
//
// Many Deferreds that become one: what lists, gather_results and race have in common.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_AGGREGATE_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_AGGREGATE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tx/cancel_handle.h"
#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/internal/holder.h"
#include "tx/promise.h"
#include "tx/result.h"

namespace prometheus_async::tx::internal {

// The inputs that have no result yet, for cancelling them.
class Inputs {
 public:
  void add(CancelHandle input) { waiting_.push_back(std::move(input)); }
  void clear() { waiting_.clear(); }

  // Each of them, in order. What a canceller throws is reported as an unhandled failure.
  void cancel();

  // Reports a failure that is in no result; but not that of an input which was cancelled here.
  void report(const Failure& failure) const;

 private:
  std::vector<CancelHandle> waiting_;
  bool was_cancelled_ = false;
};

// Throws MovedFromError naming the input, the first of which is `index` 0.
[[noreturn]] void throw_input_moved_from(std::size_t index);

// Shared by the inputs' callbacks and the Deferred that it gives. Fires once: when it is decided.
template <class Out>
class Aggregate {
 public:
  Aggregate() = default;
  Aggregate(const Aggregate&) = delete;
  Aggregate& operator=(const Aggregate&) = delete;

  bool is_decided() const { return is_decided_; }
  Inputs& inputs() { return inputs_; }

  // REQUIRES: not decided yet.
  void decide(Result<Out> outcome) {
    is_decided_ = true;
    outcome_.emplace(std::move(outcome));
    inputs_.clear();
    wake();
  }

  // The outcome, now or once it is decided. Cancelling it cancels the inputs, and the outcome remains what they make of
  // it: so it waits again where they have not decided it.
  static Deferred<Out> outcome_of(const std::shared_ptr<Aggregate>& self) {
    if (self->is_decided_) {
      self->inputs_.clear();
      return Access::make(Holder<Out>::with_result(*std::exchange(self->outcome_, std::nullopt)));
    }
    self->wake_.emplace([self] { self->cancel(); });
    return self->wake_->get_deferred().add_callback([self] { return outcome_of(self); });
  }

 private:
  void cancel() {
    inputs_.cancel();
    wake();
  }
  void wake() {
    std::optional<Promise<void>> waiting = std::exchange(wake_, std::nullopt);
    if (waiting && !waiting->called()) waiting->callback();  // called: a canceller of an input cancelled this one again
  }

  Inputs inputs_;
  std::optional<Result<Out>> outcome_;
  bool is_decided_ = false;
  std::optional<Promise<void>> wake_;  // of the Deferred that waits
};

// Gives `aggregate->settle(index, Result<T>&&)` the result of the input, now or when it comes.
template <class State, class T, class Index>
void add_input(const std::shared_ptr<State>& aggregate, Index index, Deferred<T>&& input) {
  if (std::optional<Result<T>> result = input.take_result()) {
    return aggregate->settle(index, *std::move(result));
  }
  Deferred<void> settled = std::move(input).add_both(
      [aggregate, index](Result<T>&& result) { aggregate->settle(index, std::move(result)); });
  aggregate->inputs().add(settled.cancel_handle());
}

template <class State, class T>
void add_inputs(const std::shared_ptr<State>& aggregate, std::vector<Deferred<T>>&& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (Access::holder(inputs[i]).is_empty()) throw_input_moved_from(i);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) add_input(aggregate, i, std::move(inputs[i]));
}

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_AGGREGATE_H_
