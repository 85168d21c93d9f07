// SPDX-License-Identifier: Apache-2.0
//
// Our text format for programs that use prometheus-cpp and change nothing else.
//
//   const exposition::TextSerializer serializer;     // in the place of prometheus::TextSerializer
//   reply(serializer.Serialize(registry->Collect()));
#ifndef PROMETHEUS_ASYNC_EXPOSITION_TEXT_SERIALIZER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_TEXT_SERIALIZER_H_

#include <iosfwd>
#include <string>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/serializer.h>

#include "exposition/format.h"

namespace prometheus_async::exposition {

// What is other than with prometheus::TextSerializer:
// - help is escaped, so that a line break in it does not fail the scrape; bytes that are not UTF-8 become U+FFFD;
// - a bound of +Inf that was given is the one that there is, not a second;
// - doubles read back as what they were (17 digits where it takes them), and NaN is spelled NaN;
// - an Info has its type on the name of its samples;
// - families of one name, from several Collectables, are one, where theirs would have a second HELP and TYPE;
// - le="1" is le="1.0", unless Format::integer_bounds. To Prometheus 2 these are two series;
// - a sample's timestamp_ms is not written.
//
// Throws std::runtime_error, naming the family, where two of one name have different types, or have the same series.
// Threads: safe from any.
class TextSerializer final : public prometheus::Serializer {
 public:
  explicit TextSerializer(const Format& format = kText_0_0_4) : format_(format) {}

  std::string Serialize(const std::vector<prometheus::MetricFamily>& families) const override;
  void Serialize(std::ostream& out, const std::vector<prometheus::MetricFamily>& families) const override;

 private:
  const Format format_;  // of syntax kText
};

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_TEXT_SERIALIZER_H_
