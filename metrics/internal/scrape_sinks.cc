// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/scrape_sinks.h"

#include <stdexcept>

#include "absl/strings/str_cat.h"

#include "metrics/internal/prometheus_cpp.h"

namespace prometheus_async::metrics::internal {
namespace {

void check_type(const FamilyInfo& first, const FamilyInfo& second) {
  if (first.type == second.type) return;
  throw std::runtime_error(absl::StrCat("metric \"", first.name, "\" is a ", std::string(to_string(first.type)),
                                        " in one source and a ", std::string(to_string(second.type)), " in another"));
}

}  // namespace

void FamilyFilter::family(const FamilyInfo& info) {
  is_open_ = wanted_(info);
  if (is_open_) sink_.family(info);
}
void FamilyFilter::counter(const Labels& labels, const CounterSnapshot& snapshot) {
  if (is_open_) sink_.counter(labels, snapshot);
}
void FamilyFilter::value(const Labels& labels, double value) {
  if (is_open_) sink_.value(labels, value);
}
void FamilyFilter::histogram(const Labels& labels, const HistogramSnapshot& snapshot) {
  if (is_open_) sink_.histogram(labels, snapshot);
}
void FamilyFilter::summary(const Labels& labels, const SummarySnapshot& snapshot) {
  if (is_open_) sink_.summary(labels, snapshot);
}
void FamilyFilter::state_set(const Labels& labels, std::span<const State> states) {
  if (is_open_) sink_.state_set(labels, states);
}

void AdoptedFamilies::add(const std::vector<prometheus::MetricFamily>& families) {
  for (const prometheus::MetricFamily& family : families) {
    FamilyInfo info = info_of(family);
    const auto [place, is_new] = by_name_.try_emplace(info.name, families_.size());
    if (is_new) {
      families_.push_back({std::move(info), {}});
    } else {
      check_type(families_[place->second].info, info);
    }
    families_[place->second].parts.push_back(&family);
  }
}

void MergedFamilies::family(const FamilyInfo& info) {
  close_family();
  if (const auto same_name = adopted_.by_name_.find(info.name); same_name != adopted_.by_name_.end()) {
    check_type(info, adopted_.families_[same_name->second].info);
    sharing_ = same_name->second;
  }
  sink_.family(info);
}

void MergedFamilies::close_family() {
  if (!sharing_) return;
  const std::size_t index = *sharing_;
  write_parts(index);
  sharing_.reset();
  seen_.clear();
}

void MergedFamilies::write_rest() {
  close_family();
  for (std::size_t i = 0; i < adopted_.families_.size(); ++i) {
    if (is_written_[i]) continue;
    sink_.family(adopted_.families_[i].info);
    if (adopted_.families_[i].parts.size() > 1) sharing_ = i;  // for check_once()
    write_parts(i);
    sharing_.reset();
    seen_.clear();
  }
}

void MergedFamilies::write_parts(std::size_t index) {
  is_written_[index] = true;
  for (const prometheus::MetricFamily* const part : adopted_.families_[index].parts) {
    for (const prometheus::ClientMetric& metric : part->metric) {
      write_series(metric, part->type, labels_of(metric), *this);
    }
  }
}

void MergedFamilies::check_once(const Labels& labels) {
  if (!sharing_ || seen_.emplace(labels.text()).second) return;
  throw std::runtime_error(absl::StrCat("metric \"", adopted_.families_[*sharing_].info.name, "{",
                                        std::string(labels.text()), "}\" comes from two sources"));
}

void MergedFamilies::counter(const Labels& labels, const CounterSnapshot& snapshot) {
  check_once(labels);
  sink_.counter(labels, snapshot);
}
void MergedFamilies::value(const Labels& labels, double value) {
  check_once(labels);
  sink_.value(labels, value);
}
void MergedFamilies::histogram(const Labels& labels, const HistogramSnapshot& snapshot) {
  check_once(labels);
  sink_.histogram(labels, snapshot);
}
void MergedFamilies::summary(const Labels& labels, const SummarySnapshot& snapshot) {
  check_once(labels);
  sink_.summary(labels, snapshot);
}
void MergedFamilies::state_set(const Labels& labels, std::span<const State> states) {
  check_once(labels);
  sink_.state_set(labels, states);
}

void MergedFamilies::checkpoint() {
  close_family();
  sink_.checkpoint();
}
// What the failed collector shared names with is written with the rest.
void MergedFamilies::rollback() {
  if (sharing_) is_written_[*sharing_] = false;
  sharing_.reset();
  seen_.clear();
  sink_.rollback();
}

}  // namespace prometheus_async::metrics::internal
