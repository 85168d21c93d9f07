// SPDX-License-Identifier: Apache-2.0
#include "metrics/family.h"

#include <algorithm>
#include <bit>
#include <mutex>
#include <stdexcept>

#include "absl/strings/str_cat.h"

#include "metrics/utf8.h"

namespace prometheus_async::metrics::internal {
namespace {

template <class Values>
std::size_t hash_values(const Values& values) noexcept {
  std::size_t hash = 0;
  for (const std::string_view value : values) {
    // Rotated, so that equal values in different places do not cancel out.
    hash = std::rotl(hash, 5) ^ std::hash<std::string_view>()(value);
  }
  return hash;
}

void write(Sink& sink, const Labels& labels, const Counter& counter, HistogramSnapshot&) {
  sink.value(labels, counter.Value());
}
void write(Sink& sink, const Labels& labels, const Gauge& gauge, HistogramSnapshot&) {
  sink.value(labels, gauge.Value());
}
void write(Sink& sink, const Labels& labels, const Histogram& histogram, HistogramSnapshot& snapshot) {
  histogram.read(snapshot);
  sink.histogram(labels, snapshot);
}

}  // namespace

std::size_t LabelValuesHash::operator()(const LabelValues& values) const noexcept { return hash_values(values); }
std::size_t LabelValuesHash::operator()(std::span<const std::string_view> values) const noexcept {
  return hash_values(values);
}
bool LabelValuesEqual::operator()(const LabelValues& a, std::span<const std::string_view> b) const noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

template <class M>
M* Children<M>::find(std::span<const std::string_view> values) const {
  const auto it = by_values_.find(values);
  return it == by_values_.end() ? nullptr : it->second;
}

template <class M>
M& Children<M>::child(std::span<const std::string_view> values) {
  {
    const std::shared_lock lock(mutex_);
    if (M* const known = find(values)) return *known;
  }
  LabelValues key(values.begin(), values.end());
  for (std::string& value : key) make_utf8(value);
  std::vector<Labels::Pair> pairs;
  for (std::size_t i = 0; i < key.size(); ++i) pairs.emplace_back(label_names_[i], key[i]);
  Child child{Labels(std::move(pairs)), make_()};

  const std::lock_guard lock(mutex_);
  // Another thread may have been faster, and values that were repaired may meet an older child.
  const auto [it, is_new] = by_values_.try_emplace(std::move(key), child.metric.get());
  if (is_new) children_.push_back(std::move(child));
  return *it->second;
}

template <class M>
void Children<M>::collect(Sink& sink) const {
  HistogramSnapshot snapshot;
  const std::shared_lock lock(mutex_);
  for (const Child& child : children_) write(sink, child.labels, *child.metric, snapshot);
}

template <class M>
std::array<M*, 4> Children<M>::outcomes(std::span<const std::string_view> others) {
  const auto outcome = std::find(label_names_.begin(), label_names_.end(), "outcome");
  if (outcome == label_names_.end()) {
    throw std::invalid_argument(absl::StrCat("metric \"", info_.name, "\" has no label \"outcome\" for by_outcome()"));
  }
  std::vector<std::string_view> values(others.begin(), others.end());
  const auto place = values.insert(values.begin() + (outcome - label_names_.begin()), "");
  std::array<M*, 4> found{};
  for (const Outcome each : {Outcome::kValue, Outcome::kError, Outcome::kCancelled, Outcome::kAbandoned}) {
    *place = to_string(each);
    found[static_cast<std::size_t>(each)] = &child(values);
  }
  return found;
}

template class Children<Counter>;
template class Children<Gauge>;
template class Children<Histogram>;

}  // namespace prometheus_async::metrics::internal
