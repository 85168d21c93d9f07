// SPDX-License-Identifier: Apache-2.0
//
// Prometheus' rules for names (https://prometheus.io/docs/concepts/data_model/).
//
//   metrics::check_metric_name("http-requests");    // throws: metric name "http-requests" ...
#ifndef PROMETHEUS_ASYNC_METRICS_NAMES_H_
#define PROMETHEUS_ASYNC_METRICS_NAMES_H_

#include <string_view>

namespace prometheus_async::metrics {

// Throws std::invalid_argument unless `name` is [a-zA-Z_:][a-zA-Z0-9_:]*.
void check_metric_name(std::string_view name);

// Throws std::invalid_argument, naming `metric` too, unless `label` is [a-zA-Z_][a-zA-Z0-9_]* and does not begin with
// "__", which Prometheus keeps for itself.
void check_label_name(std::string_view metric, std::string_view label);

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_NAMES_H_
