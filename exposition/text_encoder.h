// SPDX-License-Identifier: Apache-2.0
//
// Prometheus' text format, versions 0.0.4 and 1.0.0
// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format). The second is the first, with names
// in quotes for readers who allow any UTF-8.
//
//   std::string page;
//   exposition::TextEncoder encoder(page);
//   registry.collect(encoder);
//   encoder.finish();
#ifndef PROMETHEUS_ASYNC_EXPOSITION_TEXT_ENCODER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_TEXT_ENCODER_H_

#include <cstddef>
#include <span>
#include <string>

#include "exposition/encoder.h"
#include "exposition/format.h"
#include "exposition/internal/sample_lines.h"
#include "metrics/collector.h"

namespace prometheus_async::exposition {

// What the format has no word for, it has a near one for:
// - an info is the gauge 1, a state set a gauge for each state, what is unknown is untyped;
// - a gauge histogram is a histogram, with _sum and _count: the samples that Prometheus makes of it in protobuf too;
// - a histogram with native buckets alone has the bucket +Inf, sum and count;
// - units, exemplars and times of creation have no place.
// A family without help has no HELP line.
class TextEncoder final : public Encoder {
 public:
  // `page` outlives it.
  explicit TextEncoder(std::string& page, const Format& format = kText_0_0_4);

  void family(const metrics::FamilyInfo& info) override;
  void counter(const metrics::Labels& labels, const metrics::CounterSnapshot& snapshot) override;
  void value(const metrics::Labels& labels, double value) override;
  void histogram(const metrics::Labels& labels, const metrics::HistogramSnapshot& snapshot) override;
  void summary(const metrics::Labels& labels, const metrics::SummarySnapshot& snapshot) override;
  void state_set(const metrics::Labels& labels, std::span<const metrics::State> states) override;
  void checkpoint() override { checkpoint_ = lines_.page().size(); }
  void rollback() override { lines_.page().truncate(checkpoint_); }
  void finish() override { lines_.page().finish(); }

 private:
  internal::SampleLines lines_;
  std::size_t checkpoint_;  // size of the page
  // Of the open family:
  internal::SampleName value_;
  internal::SampleName bucket_;
  internal::SampleName sum_;
  internal::SampleName count_;
  std::string state_label_;
};

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_TEXT_ENCODER_H_
