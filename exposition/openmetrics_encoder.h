// SPDX-License-Identifier: Apache-2.0
//
// OpenMetrics 1.0.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/), which Prometheus asks for first; what is
// called 0.0.1 is the same.
//
//   std::string page;
//   exposition::OpenMetricsEncoder encoder(page);
//   registry.collect(encoder);
//   encoder.finish();                               // # EOF
#ifndef PROMETHEUS_ASYNC_EXPOSITION_OPENMETRICS_ENCODER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_OPENMETRICS_ENCODER_H_

#include <cstddef>
#include <span>
#include <string>

#include "exposition/encoder.h"
#include "exposition/format.h"
#include "exposition/internal/sample_lines.h"
#include "metrics/collector.h"

namespace prometheus_async::exposition {

// What the format forbids is not written, so that the rest of the page can be read:
// - a counter's name has to end in _total and an info's in _info, which the family's then lacks. A counter with another
//   name is of type unknown, an info a gauge; samples have the name that they have in the other formats;
// - a unit has to be the end of the family's name, after an underscore, and info and state sets have none: one that
// does
//   not fit has no UNIT line;
// - a histogram with a bound below zero has neither sum nor count, since its sum can fall. Nor has one whose sum is
//   below zero or NaN; a gauge histogram, one whose sum is NaN, or below zero without a bound there;
// - counters, sums and quantiles of summaries that are below zero, and such counters and sums that are NaN, have no
//   sample;
// - a bucket has one exemplar, the newest; a time that write_timestamp() does not take is left out of an exemplar.
// A family without help has no HELP line. Native buckets have no place in this format.
class OpenMetricsEncoder final : public Encoder {
 public:
  // `page` outlives it.
  explicit OpenMetricsEncoder(std::string& page, const Format& format = kOpenMetrics_1_0_0);

  void family(const metrics::FamilyInfo& info) override;
  void counter(const metrics::Labels& labels, const metrics::CounterSnapshot& snapshot) override;
  void value(const metrics::Labels& labels, double value) override;
  void histogram(const metrics::Labels& labels, const metrics::HistogramSnapshot& snapshot) override;
  void summary(const metrics::Labels& labels, const metrics::SummarySnapshot& snapshot) override;
  void state_set(const metrics::Labels& labels, std::span<const metrics::State> states) override;
  void checkpoint() override { checkpoint_ = lines_.page().size(); }
  void rollback() override { lines_.page().truncate(checkpoint_); }
  void finish() override;

 private:
  void write_created(std::string_view labels, double created);

  internal::SampleLines lines_;
  const bool created_lines_;
  std::size_t checkpoint_;  // size of the page
  // Of the open family, its type as it was written:
  metrics::MetricType type_ = metrics::MetricType::kUnknown;
  internal::SampleName value_;
  internal::SampleName bucket_;
  internal::SampleName sum_;
  internal::SampleName count_;
  internal::SampleName created_;
  std::string state_label_;
};

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_OPENMETRICS_ENCODER_H_
