// SPDX-License-Identifier: Apache-2.0
//
// Labels, exemplars and snapshots in a few words, for tests that write to a sink themselves.
#ifndef PROMETHEUS_ASYNC_TESTS_EXPOSITION_SNAPSHOTS_H_
#define PROMETHEUS_ASYNC_TESTS_EXPOSITION_SNAPSHOTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "metrics/collector.h"
#include "metrics/exemplar.h"
#include "metrics/labels.h"

namespace prometheus_async::testing {

inline metrics::Labels labels(const std::vector<metrics::Labels::Pair>& pairs) { return metrics::Labels(pairs); }

using Exemplar = std::shared_ptr<const metrics::ExemplarSample>;
inline Exemplar exemplar(const std::vector<metrics::Labels::Pair>& pairs, double value, double timestamp) {
  return std::make_shared<const metrics::ExemplarSample>(metrics::ExemplarSample{labels(pairs), value, timestamp});
}

// A histogram; `bounds` outlive it.
inline metrics::HistogramSnapshot histogram(std::span<const double> bounds, std::vector<std::uint64_t> counts,
                                            double sum = 0,
                                            std::vector<std::pair<std::size_t, Exemplar>> exemplars = {}) {
  metrics::HistogramSnapshot snapshot;
  snapshot.bounds = bounds;
  snapshot.counts = std::move(counts);
  snapshot.sum = sum;
  snapshot.exemplars = std::move(exemplars);
  return snapshot;
}

inline metrics::HistogramSnapshot created(metrics::HistogramSnapshot snapshot, double time) {
  snapshot.created = time;
  return snapshot;
}

inline metrics::HistogramSnapshot with_native(metrics::HistogramSnapshot snapshot, metrics::NativeBuckets native) {
  snapshot.native = std::move(native);
  return snapshot;
}

inline metrics::NativeBuckets native(int schema, double zero_threshold, std::uint64_t zero_count,
                                     std::vector<metrics::NativeBuckets::Bucket> positive = {},
                                     std::vector<metrics::NativeBuckets::Bucket> negative = {}) {
  return {schema, zero_threshold, zero_count, std::move(positive), std::move(negative)};
}

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_EXPOSITION_SNAPSHOTS_H_
