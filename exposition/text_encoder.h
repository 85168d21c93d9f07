// SPDX-License-Identifier: Apache-2.0
//
// Prometheus' text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
//
//   std::string page;
//   exposition::TextEncoder encoder(page);
//   registry.collect(encoder);
#ifndef PROMETHEUS_ASYNC_EXPOSITION_TEXT_ENCODER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_TEXT_ENCODER_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/collector.h"

namespace prometheus_async::exposition {

// The media type of what TextEncoder writes, for the Content-Type header.
inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

// Appends to `page`, which outlives it. Allocates as the page grows, and when a histogram has other bounds than the one
// before.
class TextEncoder final : public metrics::Sink {
 public:
  explicit TextEncoder(std::string& page) : page_(page) {}

  void family(const metrics::FamilyInfo& info) override;
  void value(const metrics::Labels& labels, double value) override;
  void histogram(const metrics::Labels& labels, const metrics::HistogramSnapshot& snapshot) override;
  void summary(const metrics::Labels& labels, const metrics::SummarySnapshot& snapshot) override;

 private:
  // One line: the family's name, `suffix`, the labels and `more`, a label that is not the series' own, then the value.
  template <class Number>
  void line(std::string_view suffix, const metrics::Labels& labels, std::string_view more, Number value);

  // The labels le="..." for these bounds, and for +Inf.
  void prepare_bounds(std::span<const double> bounds);

  std::string& page_;
  std::string name_;            // of the open family
  std::vector<double> bounds_;  // what bound_labels_ are for
  std::vector<std::string> bound_labels_;
};

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_TEXT_ENCODER_H_
