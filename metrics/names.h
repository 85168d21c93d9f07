// SPDX-License-Identifier: Apache-2.0
//
// Prometheus' rules for names (https://prometheus.io/docs/concepts/data_model/). Since version 3 a name is any UTF-8;
// one that keeps to the classic letters is read by every version as it is, others are escaped for readers that ask.
//
//   metrics::check_metric_name("http.requests");        // good
//   metrics::underscored("http.requests");              // "http_requests", as Prometheus 2 sees it
#ifndef PROMETHEUS_ASYNC_METRICS_NAMES_H_
#define PROMETHEUS_ASYNC_METRICS_NAMES_H_

#include <string>
#include <string_view>

namespace prometheus_async::metrics {

// [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_classic_metric_name(std::string_view name) noexcept;

// [a-zA-Z_][a-zA-Z0-9_]*
bool is_classic_label_name(std::string_view name) noexcept;

// Every character that no classic name has replaced by _. Semantics: EscapeName of prometheus/common, scheme
// underscores; a label's name keeps no colon.
std::string underscored(std::string_view metric_name);
std::string underscored_label(std::string_view label_name);

// Throws std::invalid_argument unless `name` is UTF-8 without NUL, not empty.
void check_metric_name(std::string_view name);

// Throws std::invalid_argument, naming `metric` too, unless `label` is UTF-8 without NUL, not empty, and does not begin
// with "__", which Prometheus keeps for itself.
void check_label_name(std::string_view metric, std::string_view label);

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_NAMES_H_
