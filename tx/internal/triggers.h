// SPDX-License-Identifier: Apache-2.0
//
// The triggers of one event of a reactor, in their three phases.
#ifndef PROMETHEUS_ASYNC_TX_INTERNAL_TRIGGERS_H_
#define PROMETHEUS_ASYNC_TX_INTERNAL_TRIGGERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "tx/deferred.h"
#include "tx/maybe_deferred.h"

namespace prometheus_async::tx::internal {

// A function, copyable or not, that may return a Deferred.
class Trigger {
 public:
  virtual ~Trigger() = default;
  virtual Deferred<void> run() = 0;
};

template <class F>
class TriggerFunction final : public Trigger {
 public:
  template <class G>
  explicit TriggerFunction(G&& function) : function_(std::forward<G>(function)) {}

  Deferred<void> run() override { return maybe_deferred(function_).ignore_result(); }

 private:
  F function_;
};

class Triggers {
 public:
  using Id = std::uint64_t;
  static constexpr std::size_t kPhases = 3;

  void add(std::size_t phase, Id id, std::unique_ptr<Trigger> trigger) {
    phases_[phase].emplace_back(id, std::move(trigger));
  }

  // Whether there was one that has not run.
  bool remove(Id id) {
    for (auto& triggers : phases_) {
      if (std::erase_if(triggers, [id](const auto& each) { return each.first == id; }) > 0) return true;
    }
    return false;
  }

  // A trigger that was run, kept for as long as it may be a coroutine that runs, and its end.
  struct Running {
    std::unique_ptr<Trigger> trigger;
    Deferred<void> end;
  };

  // Takes out and runs all triggers of a phase, in order, those that they add included.
  std::vector<Running> run(std::size_t phase) {
    std::vector<Running> running;
    auto& triggers = phases_[phase];
    while (!triggers.empty()) {
      std::unique_ptr<Trigger> trigger = std::move(triggers.front().second);
      triggers.pop_front();
      Deferred<void> end = trigger->run();
      running.push_back({std::move(trigger), std::move(end)});
    }
    return running;
  }

  void clear() {
    for (auto& triggers : phases_) std::exchange(triggers, {}).clear();
  }

 private:
  std::array<std::list<std::pair<Id, std::unique_ptr<Trigger>>>, kPhases> phases_;
};

}  // namespace prometheus_async::tx::internal

#endif  // PROMETHEUS_ASYNC_TX_INTERNAL_TRIGGERS_H_
