// SPDX-License-Identifier: Apache-2.0
//
// One name with label names, and its children: one instrument for each combination of label values that was used.
//
//   auto& inbound = metrics::counter("inbound_requests_total", "inbound http requests", {"endpoint", "method"});
//   inbound.labels("/metrics", "GET").Increment();
//
//   auto& calls = metrics::histogram("call_seconds", "time of a call", {"outcome"});
//   const auto call = aio::time(calls.by_outcome())(raw_call);        // ok, error, cancelled, abandoned
//
//   auto& sent = metrics::counter("sent_bytes_total", "bytes sent", {"peer"});
//   const std::shared_ptr<metrics::Counter> bytes = sent.share("10.0.0.7");       // for what comes and goes
//   bytes->Increment(512);
//   sent.remove("10.0.0.7");                                                      // `bytes` stays good
#ifndef PROMETHEUS_ASYNC_METRICS_FAMILY_H_
#define PROMETHEUS_ASYNC_METRICS_FAMILY_H_

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/ending.h"
#include "metrics/internal/children.h"

namespace prometheus_async::metrics {

// A selector (metrics/selector.h) with the child of each outcome found in advance.
template <class M>
class ByOutcome {
 public:
  using SelectorTag = void;
  explicit ByOutcome(const std::array<M*, 4>& children) noexcept : children_(children) {}
  M& operator()(const Ending& ending) const noexcept { return *children_[static_cast<std::size_t>(ending.outcome())]; }

 private:
  std::array<M*, 4> children_;  // by Outcome
};

// The number of label names where it is known at run time only. It is checked at run time then.
inline constexpr std::size_t kDynamic = std::dynamic_extent;

// A family with N label names. Owned by its registry.
//
// Threads: every member is safe from any thread.
// Lifetime: what labels() returns lives as long as the family, also once it was removed: recording in it is safe then,
// and shown nowhere. So a removed child whose reference was handed out keeps its memory, some 150 bytes. Where children
// come and go, take share(): its child goes with the last pointer, and may outlive the registry.
// Cost: labels() and share() hash the values and take a shared lock; they allocate only for new children. Where it
// matters, find the child once and keep the reference, as wrappers do.
template <class M, std::size_t N>
class LabelledFamily {
 public:
  using FamilyTag = void;
  using NamedValues = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit LabelledFamily(std::shared_ptr<internal::Children<M>> children) noexcept : children_(std::move(children)) {}
  LabelledFamily(const LabelledFamily&) = delete;
  LabelledFamily& operator=(const LabelledFamily&) = delete;

  // The child with these label values, in the order of the label names; made, at zero, on first use. Values that are
  // not UTF-8 have their bad bytes replaced by U+FFFD.
  //
  // Throws std::invalid_argument, naming the metric, for a wrong number of values, where that is not a compile error.
  template <class... Values>
  M& labels(const Values&... values) {
    return children_->reference(positional(values...));
  }
  // The same by name: labels({{"method", "GET"}, {"endpoint", "/"}}). Throws std::invalid_argument, naming the metric
  // and the label, unless each of its labels is given once.
  M& labels(NamedValues values) { return children_->reference(children_->in_order(values)); }

  // The same, to be held beyond remove(), expiry and the registry's end.
  template <class... Values>
  std::shared_ptr<M> share(const Values&... values) {
    return children_->share(positional(values...));
  }
  std::shared_ptr<M> share(NamedValues values) { return children_->share(children_->in_order(values)); }

  // Chooses the child by how an operation ended: the value of the label "outcome" is "ok", "error", "cancelled" or
  // "abandoned". `others` are the values of the other labels, in order. All four children are made at once, so that
  // their series exist from the start.
  //
  // Throws std::invalid_argument where no label is named "outcome".
  template <class... Values>
  ByOutcome<M> by_outcome(const Values&... others) {
    static_assert(N == kDynamic || sizeof...(Values) + 1 == N,
                  "prometheus_async: by_outcome() takes one value for each label name but \"outcome\"");
    const std::array<std::string_view, sizeof...(Values)> views{std::string_view(others)...};
    return ByOutcome<M>(children_->outcomes(views));
  }

  // Takes a child out of the page; asked for again, it begins anew. Whether there was one.
  template <class... Values>
  bool remove(const Values&... values) {
    return children_->remove(positional(values...));
  }
  bool remove(NamedValues values) { return children_->remove(children_->in_order(values)); }

  // Removes the children that have all of these values, and returns how many there were. Throws std::invalid_argument
  // for a name that is no label of this family. Cost: looks at every child.
  std::size_t remove_matching(NamedValues values) { return children_->remove_matching(values); }

  // Removes all children.
  void clear() { children_->clear(); }

  // How many children are there.
  std::size_t size() const { return children_->size(); }

 private:
  template <class... Values>
  std::array<std::string_view, sizeof...(Values)> positional(const Values&... values) const {
    static_assert(N == kDynamic || sizeof...(Values) == N,
                  "prometheus_async: labels() takes one value for each label name");
    if constexpr (N == kDynamic) children_->check_count(sizeof...(Values));
    return {std::string_view(values)...};
  }

  std::shared_ptr<internal::Children<M>> children_;
};

template <std::size_t N>
using CounterFamily = LabelledFamily<Counter, N>;
template <std::size_t N>
using GaugeFamily = LabelledFamily<Gauge, N>;
template <std::size_t N>
using HistogramFamily = LabelledFamily<Histogram, N>;
template <std::size_t N>
using NativeHistogramFamily = LabelledFamily<NativeHistogram, N>;
template <std::size_t N>
using SummaryFamily = LabelledFamily<Summary, N>;

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_FAMILY_H_
