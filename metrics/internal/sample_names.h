// SPDX-License-Identifier: Apache-2.0
//
// The names that a family takes, and whether they may be taken.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_SAMPLE_NAMES_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_SAMPLE_NAMES_H_

#include <string>
#include <string_view>
#include <vector>

#include "metrics/collector.h"

namespace prometheus_async::metrics::internal {

// The name of the family in OpenMetrics: without a counter's _total, without an info's _info.
std::string_view family_name(const FamilyInfo& info) noexcept;

// Every name under which the family or its samples appear, in any format. The first is info.name.
std::vector<std::string> sample_names(const FamilyInfo& info);

// Throws std::invalid_argument, naming the metric and the rule, for a name or a unit that cannot be.
void check_family(const FamilyInfo& info);

// A family's head, made of what a user gave, checked: with the ending that its type has, and a help that is UTF-8.
FamilyInfo make_info(std::string_view name, std::string_view help, MetricType type, std::string_view unit);

// Throws std::invalid_argument, naming the metric, the label and the rule.
void check_labels(const FamilyInfo& info, const std::vector<std::string>& labels);

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_SAMPLE_NAMES_H_
