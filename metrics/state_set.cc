// SPDX-License-Identifier: Apache-2.0
#include "metrics/state_set.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"

#include "metrics/internal/fixed_labels.h"
#include "metrics/internal/sample_names.h"
#include "metrics/names.h"
#include "metrics/refused.h"
#include "metrics/utf8.h"

namespace prometheus_async::metrics {
namespace {

// A name that can be a metric's and a label's.
FamilyInfo checked_info(std::string_view name, std::string_view help) {
  FamilyInfo info = internal::make_info(name, help, MetricType::kStateSet, {});
  check_label_name(name, name);
  if (name.find(':') != name.npos) {
    throw std::invalid_argument(absl::StrCat("state set \"", info.name,
                                             "\": the name is also that of the label with the state, which must have "
                                             "no colon"));
  }
  return info;
}

Labels checked_labels(const FamilyInfo& info, std::vector<Labels::Pair> pairs) {
  for (const auto& [name, value] : pairs) {
    if (underscored_label(name) != underscored_label(info.name)) continue;
    throw std::invalid_argument(absl::StrCat("label \"", name, "\" of metric \"", info.name,
                                             "\" is what a state set calls its own: the label with the state"));
  }
  return internal::fixed_labels(info, std::move(pairs));
}

std::vector<std::string> checked_states(std::string_view name, std::vector<std::string> states) {
  const auto refuse = [name](const auto&... why) {
    throw std::invalid_argument(absl::StrCat("state set \"", std::string(name), "\": ", why...));
  };
  if (states.empty()) refuse("needs at least one state");
  std::set<std::string_view> seen;
  for (const std::string& state : states) {
    if (state.empty()) refuse("a state must have a name");
    std::string repaired = state;
    make_utf8(repaired);
    if (repaired != state) refuse("state \"", repaired, "\" must be valid UTF-8");
    if (!seen.insert(state).second) refuse("state \"", state, "\" is given twice");
  }
  return states;
}

}  // namespace

StateSet::StateSet(std::string_view name, std::string_view help, std::vector<std::string> states,
                   StateSetOptions options)
    : info_(checked_info(name, help)),
      labels_(checked_labels(info_, std::move(options.labels))),
      states_(checked_states(info_.name, std::move(states))),
      exclusive_(options.exclusive),
      on_(states_.size()) {
  on_[0] = exclusive_;
}

std::size_t StateSet::find(std::string_view state) const noexcept {
  return static_cast<std::size_t>(std::find(states_.begin(), states_.end(), state) - states_.begin());
}

void StateSet::Set(std::string_view state, bool on) noexcept {
  const std::size_t place = find(state);
  if (place == states_.size() || (exclusive_ && !on)) return internal::refuse_value();
  const std::lock_guard lock(mutex_);
  if (exclusive_) std::fill(on_.begin(), on_.end(), false);
  on_[place] = on;
}

bool StateSet::Value(std::string_view state) const noexcept {
  const std::size_t place = find(state);
  const std::lock_guard lock(mutex_);
  return place < on_.size() && on_[place];
}

void StateSet::collect(Sink& sink) const {
  std::vector<State> states;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < states_.size(); ++i) states.push_back({states_[i], on_[i]});
  }
  sink.family(info_);
  sink.state_set(labels_, states);
}

}  // namespace prometheus_async::metrics
