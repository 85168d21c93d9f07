// SPDX-License-Identifier: Apache-2.0
//
// Which of a few named states something is in: a series for each state, 1 if it is on and 0 if not.
//
//   const auto health = std::make_shared<metrics::StateSet>(
//       "health", "state of the service", std::vector<std::string>{"starting", "serving", "draining"},
//       metrics::StateSetOptions{.exclusive = true});
//   registry.add(health);
//   health->Set("serving");
//
//   health{health="starting"} 0
//   health{health="serving"} 1
//   health{health="draining"} 0
#ifndef PROMETHEUS_ASYNC_METRICS_STATE_SET_H_
#define PROMETHEUS_ASYNC_METRICS_STATE_SET_H_

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/collector.h"
#include "metrics/labels.h"

namespace prometheus_async::metrics {

struct StateSetOptions {
  // Exactly one state is on at any time, the first one to begin with (prometheus_client's Enum). Otherwise any number
  // is, none to begin with.
  bool exclusive = false;
  // Labels beside the one that holds the state.
  std::vector<Labels::Pair> labels = {};
};

// Threads: every member is safe from any thread; a scrape sees all states at one moment. Cost: a search over the names
// and a short lock.
class StateSet final : public Collector {
 public:
  // Throws std::invalid_argument, naming the metric and the rule: for no states, one that is empty, is not UTF-8 or
  // comes twice; for a name or a label that is no name; for a colon in the name, since it is the name of a label too;
  // for a label of that name, or given twice.
  StateSet(std::string_view name, std::string_view help, std::vector<std::string> states, StateSetOptions options = {});

  // Switches a state on or off. In an exclusive set, switching one on switches the one before off.
  //
  // Refused and counted (metrics/refused.h), and nothing changes: a state that the set has not, and switching off in an
  // exclusive set, where another one is to be switched on instead.
  void Set(std::string_view state, bool on = true) noexcept;

  // False for a state that the set has not.
  bool Value(std::string_view state) const noexcept;

  std::vector<FamilyInfo> describe() const override { return {info_}; }
  void collect(Sink& sink) const override;

 private:
  // The place of a state; states_.size() for one that is not there.
  std::size_t find(std::string_view state) const noexcept;

  const FamilyInfo info_;
  const Labels labels_;
  const std::vector<std::string> states_;
  const bool exclusive_;
  mutable std::mutex mutex_;
  std::vector<bool> on_;  // by place; guarded by mutex_
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_STATE_SET_H_
