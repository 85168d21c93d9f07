// SPDX-License-Identifier: Apache-2.0
//
// Exemplars for every metric of the process, out of the trace that is being recorded.
//
//   metrics::set_exemplar_provider([]() -> std::optional<metrics::Exemplar> {
//     if (!tracing::current().sampled()) return std::nullopt;
//     return metrics::exemplar({{"trace_id", tracing::current().id()}});
//   });
#ifndef PROMETHEUS_ASYNC_METRICS_EXEMPLAR_PROVIDER_H_
#define PROMETHEUS_ASYNC_METRICS_EXEMPLAR_PROVIDER_H_

#include <functional>
#include <optional>

#include "metrics/exemplar.h"

namespace prometheus_async::metrics {

// Asked for an exemplar at each recording in a counter or a histogram that brings none, on the thread that records.
// What it throws is dropped, and the value recorded without.
using ExemplarProvider = std::function<std::optional<Exemplar>()>;

// Sets it for the process; empty takes it away. Set it once, before threads record: a provider that is replaced stays
// in memory, since a recording may be asking it. Cost: a recording without a provider pays a load and a branch; with
// one, the call, and for each exemplar an allocation.
void set_exemplar_provider(ExemplarProvider provider);

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_EXEMPLAR_PROVIDER_H_
