// SPDX-License-Identifier: Apache-2.0
//
// The labels of an instrument that is a family of one series, checked as a registry checks those of its families.
#ifndef PROMETHEUS_ASYNC_METRICS_INTERNAL_FIXED_LABELS_H_
#define PROMETHEUS_ASYNC_METRICS_INTERNAL_FIXED_LABELS_H_

#include <vector>

#include "metrics/collector.h"
#include "metrics/labels.h"

namespace prometheus_async::metrics::internal {

// Throws std::invalid_argument as check_labels() does (metrics/internal/sample_names.h). A label with an empty value is
// left out: to Prometheus it is not there.
Labels fixed_labels(const FamilyInfo& info, std::vector<Labels::Pair> pairs);

}  // namespace prometheus_async::metrics::internal

#endif  // PROMETHEUS_ASYNC_METRICS_INTERNAL_FIXED_LABELS_H_
