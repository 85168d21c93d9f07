// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/sample_names.h"

#include <set>
#include <stdexcept>

#include "absl/strings/str_cat.h"

#include "metrics/names.h"
#include "metrics/utf8.h"

namespace prometheus_async::metrics::internal {
namespace {

std::string_view without(std::string_view name, std::string_view ending) noexcept {
  return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name;
}

// The ending of the names of a type's samples, beside the family's own.
std::vector<std::string_view> endings(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return {"_total", "_created"};
    case MetricType::kHistogram: return {"_bucket", "_sum", "_count", "_created"};
    case MetricType::kGaugeHistogram: return {"_bucket", "_sum", "_count", "_gsum", "_gcount"};
    case MetricType::kSummary: return {"_sum", "_count", "_created"};
    case MetricType::kInfo: return {"_info"};
    case MetricType::kGauge:
    case MetricType::kStateSet:
    case MetricType::kUnknown: break;
  }
  return {};
}

// The label that a type's samples have of their own.
std::string_view own_label(MetricType type) noexcept {
  switch (type) {
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram: return "le";
    case MetricType::kSummary: return "quantile";
    default: return {};
  }
}

}  // namespace

std::string_view family_name(const FamilyInfo& info) noexcept {
  if (info.type == MetricType::kCounter) return without(info.name, "_total");
  if (info.type == MetricType::kInfo) return without(info.name, "_info");
  return info.name;
}

std::vector<std::string> sample_names(const FamilyInfo& info) {
  std::vector<std::string> names{info.name};
  const std::string family(family_name(info));
  if (family != info.name) names.push_back(family);
  for (const std::string_view ending : endings(info.type)) {
    std::string name = family + std::string(ending);
    if (name != info.name) names.push_back(std::move(name));
  }
  return names;
}

void check_family(const FamilyInfo& info) {
  check_metric_name(info.name);
  const std::string where = absl::StrCat("metric \"", info.name, "\" ");
  if (info.type == MetricType::kCounter && !info.name.ends_with("_total")) {
    throw std::invalid_argument(where + "is a counter, so its name must end in _total");
  }
  if (info.type == MetricType::kInfo && !info.name.ends_with("_info")) {
    throw std::invalid_argument(where + "is an info, so its name must end in _info");
  }
  if (family_name(info).empty()) throw std::invalid_argument(where + "has no name but its ending");
  if (info.unit.empty()) return;
  if (info.type == MetricType::kInfo || info.type == MetricType::kStateSet) {
    throw std::invalid_argument(
        absl::StrCat(where, "is of a type that has no unit, but was given \"", info.unit, "\""));
  }
  if (!family_name(info).ends_with("_" + info.unit)) {
    throw std::invalid_argument(absl::StrCat(where, "has the unit \"", info.unit, "\", so its name must end in _",
                                             info.unit, info.type == MetricType::kCounter ? "_total" : ""));
  }
}

FamilyInfo make_info(std::string_view name, std::string_view help, MetricType type, std::string_view unit) {
  FamilyInfo info{std::string(name), std::string(help), type, std::string(unit)};
  if (type == MetricType::kCounter && !name.empty() && !name.ends_with("_total")) info.name += "_total";
  if (type == MetricType::kInfo && !name.empty() && !name.ends_with("_info")) info.name += "_info";
  make_utf8(info.help);
  check_family(info);
  return info;
}

void check_labels(const FamilyInfo& info, const std::vector<std::string>& labels) {
  std::set<std::string> seen;
  for (const std::string& label : labels) {
    check_label_name(info.name, label);
    const std::string where = absl::StrCat("label \"", label, "\" of metric \"", info.name, "\" ");
    if (label == own_label(info.type)) {
      throw std::invalid_argument(absl::StrCat(where, "is what a ", std::string(to_string(info.type)),
                                               " calls its own: ", label == "le" ? "buckets" : "quantiles"));
    }
    if (!seen.insert(underscored_label(label)).second) {
      throw std::invalid_argument(where + "is given twice, or reads like another one where it is written with _");
    }
  }
}

}  // namespace prometheus_async::metrics::internal
