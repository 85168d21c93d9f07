// SPDX-License-Identifier: Apache-2.0
//
// What this library could not record or show, as metrics: it never throws where a program records, it counts.
// default_registry() has them.
//
//   registry.add(metrics::self_metrics());
//   metrics::default_registry().unregister("prometheus_async_refused_values_total");      // and all of them are gone
#ifndef PROMETHEUS_ASYNC_METRICS_SELF_METRICS_H_
#define PROMETHEUS_ASYNC_METRICS_SELF_METRICS_H_

#include <memory>

#include "metrics/collector.h"

namespace prometheus_async::metrics {

// Counters of the process, the labelled ones once there is something to count:
//   prometheus_async_refused_values_total                    values that no instrument can record (metrics/refused.h)
//   prometheus_async_overflowed_lookups_total{metric}        label values beyond FamilyOptions::max_series
//   prometheus_async_callback_errors_total{metric}           callbacks that threw, or gave what their metric cannot be
//   prometheus_async_collector_errors_total{collector}       collectors that a scrape left out
std::shared_ptr<const Collector> self_metrics();

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_SELF_METRICS_H_
