// SPDX-License-Identifier: Apache-2.0
//
// How many values there were, and their sum: the mean over any time, for a fraction of a histogram's series.
//
//   auto& bytes = metrics::summary("reply_bytes", "size of replies");
//   bytes.Observe(512);                        // rate(reply_bytes_sum[5m]) / rate(reply_bytes_count[5m])
#ifndef PROMETHEUS_ASYNC_METRICS_SUMMARY_H_
#define PROMETHEUS_ASYNC_METRICS_SUMMARY_H_

#include "metrics/collector.h"
#include "metrics/internal/cells.h"
#include "metrics/internal/thread_cells.h"

namespace prometheus_async::metrics {

// Without quantiles, which cannot be aggregated: take a histogram for those, or adopt prometheus-cpp's Summary.
// Threads and cost: as Histogram, without the search. Count and sum of a snapshot belong to the same values.
// Semantics: prometheus_client.Summary.
class Summary {
 public:
  Summary();
  ~Summary();
  Summary(const Summary&) = delete;
  Summary& operator=(const Summary&) = delete;

  // Values that are not numbers are treated as Histogram treats them.
  void Observe(double value) noexcept;

  SummarySnapshot snapshot() const;

  using Cells = internal::ThreadCells<internal::BucketCell>;
  // The same into a snapshot that is used again and again, reading many summaries in a row.
  void read(SummarySnapshot& snapshot, Cells::Reader& reader) const;

 private:
  const internal::CellId id_;
  const double created_;
};

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_SUMMARY_H_
