// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/sample_finder.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"

namespace prometheus_async::metrics::internal {
namespace {

bool is_number(std::string_view text, double number) {
  double parsed = 0;
  return absl::SimpleAtod({text.data(), text.size()}, &parsed) && parsed == number;
}

}  // namespace

SampleFinder::SampleFinder(std::string_view name, Labels labels) : name_(name), wanted_(std::move(labels)) {}

bool SampleFinder::is_named(std::string_view suffix) const {
  return name_.size() == family_.size() + suffix.size() && name_.substr(0, family_.size()) == family_ &&
         name_.substr(family_.size()) == suffix;
}

bool SampleFinder::has_labels(const metrics::Labels& labels, std::string_view numeric, double number) const {
  const auto pairs = labels.pairs();
  if (wanted_.size() != pairs.size() + (numeric.empty() ? 0 : 1)) return false;
  return std::all_of(wanted_.begin(), wanted_.end(), [&](const auto& wanted) {
    if (!numeric.empty() && wanted.first == numeric) return is_number(wanted.second, number);
    return std::any_of(pairs.begin(), pairs.end(),
                       [&](const auto& pair) { return pair.first == wanted.first && pair.second == wanted.second; });
  });
}

void SampleFinder::state_set(const metrics::Labels& labels, std::span<const State> states) {
  for (const State& state : states) {
    auto pairs = labels.pairs();
    pairs.emplace_back(family_, state.name);
    value(metrics::Labels(pairs), state.is_on ? 1 : 0);
  }
}

void SampleFinder::value(const metrics::Labels& labels, double value) {
  if (is_named("") && has_labels(labels)) found_ = value;
}

void SampleFinder::histogram(const metrics::Labels& labels, const HistogramSnapshot& snapshot) {
  if (is_named("_sum") && has_labels(labels)) found_ = snapshot.sum;
  if (is_named("_count") && has_labels(labels)) found_ = static_cast<double>(snapshot.count());
  if (!is_named("_bucket")) return;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < snapshot.counts.size(); ++i) {
    below += snapshot.counts[i];
    const bool last = i == snapshot.bounds.size();
    const double bound = last ? std::numeric_limits<double>::infinity() : snapshot.bounds[i];
    if (has_labels(labels, "le", bound)) found_ = static_cast<double>(below);
  }
}

void SampleFinder::summary(const metrics::Labels& labels, const SummarySnapshot& snapshot) {
  if (is_named("_sum") && has_labels(labels)) found_ = snapshot.sum;
  if (is_named("_count") && has_labels(labels)) found_ = static_cast<double>(snapshot.count);
  for (const auto& [quantile, value] : snapshot.quantiles) {
    if (is_named("") && has_labels(labels, "quantile", quantile)) found_ = value;
  }
}

}  // namespace prometheus_async::metrics::internal
