// SPDX-License-Identifier: Apache-2.0
//
// One name with label names, and its children: one instrument for each combination of label values that was used.
//
//   auto& inbound = metrics::counter("inbound_requests_total", "inbound http requests", {"endpoint", "method"});
//   inbound.labels("/metrics", "GET").Increment();
//
//   auto& calls = metrics::histogram("call_seconds", "time of a call", {"outcome"});
//   const auto call = aio::time(calls.by_outcome())(raw_call);        // ok, error, cancelled, abandoned
#ifndef PROMETHEUS_ASYNC_METRICS_FAMILY_H_
#define PROMETHEUS_ASYNC_METRICS_FAMILY_H_

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "metrics/collector.h"
#include "metrics/counter.h"
#include "metrics/ending.h"
#include "metrics/gauge.h"
#include "metrics/histogram.h"
#include "metrics/labels.h"

namespace prometheus_async::metrics {
namespace internal {

// The label values of a child as a key: looked up by views, without making strings.
using LabelValues = std::vector<std::string>;
struct LabelValuesHash {
  using is_transparent = void;
  std::size_t operator()(const LabelValues& values) const noexcept;
  std::size_t operator()(std::span<const std::string_view> values) const noexcept;
};
struct LabelValuesEqual {
  using is_transparent = void;
  bool operator()(const LabelValues& a, const LabelValues& b) const noexcept { return a == b; }
  bool operator()(const LabelValues& a, std::span<const std::string_view> b) const noexcept;
};

// The children of a family of instruments of type M, whatever the number of labels.
template <class M>
class Children final : public Collector {
 public:
  Children(FamilyInfo info, std::vector<std::string> label_names, std::function<std::unique_ptr<M>()> make)
      : info_(std::move(info)), label_names_(std::move(label_names)), make_(std::move(make)) {}

  const FamilyInfo& info() const noexcept override { return info_; }

  // The child with these values, made on first use. REQUIRES: as many values as label names.
  M& child(std::span<const std::string_view> values);

  // The children for each value of the label "outcome", by Outcome; `others` are the values of the other labels.
  std::array<M*, 4> outcomes(std::span<const std::string_view> others);

  void collect(Sink& sink) const override;

 private:
  struct Child {
    Labels labels;
    std::unique_ptr<M> metric;
  };

  M* find(std::span<const std::string_view> values) const;

  const FamilyInfo info_;
  const std::vector<std::string> label_names_;
  const std::function<std::unique_ptr<M>()> make_;
  mutable std::shared_mutex mutex_;
  std::deque<Child> children_;  // in order of first use; guarded by mutex_
  absl::flat_hash_map<LabelValues, M*, LabelValuesHash, LabelValuesEqual> by_values_;  // guarded by mutex_
};

extern template class Children<Counter>;
extern template class Children<Gauge>;
extern template class Children<Histogram>;

}  // namespace internal

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

// A family with N label names. Owned by its registry.
//
// Threads: every member is safe from any thread. Lifetime: children live as long as the registry.
// Cost: labels() hashes the values and takes a shared lock; it allocates only for new children. Where it matters, find
// the child once and keep the reference, as wrappers do.
template <class M, std::size_t N>
class LabelledFamily {
 public:
  using FamilyTag = void;

  explicit LabelledFamily(internal::Children<M>& children) noexcept : children_(&children) {}
  LabelledFamily(const LabelledFamily&) = delete;
  LabelledFamily& operator=(const LabelledFamily&) = delete;

  // The child with these label values, in the order of the label names; made, at zero, on first use. Values that are
  // not UTF-8 have their bad bytes replaced by U+FFFD.
  template <class... Values>
  M& labels(const Values&... values) {
    static_assert(sizeof...(Values) == N, "prometheus_async: labels() takes one value for each label name");
    const std::array<std::string_view, N> views{std::string_view(values)...};
    return children_->child(views);
  }

  // Chooses the child by how an operation ended: the value of the label "outcome" is "ok", "error", "cancelled" or
  // "abandoned". `others` are the values of the other labels, in order. All four children are made at once, so that
  // their series exist from the start.
  //
  // Throws std::invalid_argument where no label is named "outcome".
  template <class... Values>
  ByOutcome<M> by_outcome(const Values&... others) {
    static_assert(sizeof...(Values) + 1 == N,
                  "prometheus_async: by_outcome() takes one value for each label name but \"outcome\"");
    const std::array<std::string_view, N - 1> views{std::string_view(others)...};
    return ByOutcome<M>(children_->outcomes(views));
  }

 private:
  internal::Children<M>* children_;
};

template <std::size_t N>
using CounterFamily = LabelledFamily<Counter, N>;
template <std::size_t N>
using GaugeFamily = LabelledFamily<Gauge, N>;
template <std::size_t N>
using HistogramFamily = LabelledFamily<Histogram, N>;

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_FAMILY_H_
