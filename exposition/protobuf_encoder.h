// SPDX-License-Identifier: Apache-2.0
//
// Prometheus' protobuf format: messages io.prometheus.client.MetricFamily
// (https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto), each after its length.
// The one format with native histograms.
//
//   std::string page;
//   exposition::ProtobufEncoder encoder(page);
//   registry.collect(encoder);
//   encoder.finish();
#ifndef PROMETHEUS_ASYNC_EXPOSITION_PROTOBUF_ENCODER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_PROTOBUF_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/encoder.h"
#include "exposition/format.h"
#include "exposition/internal/protobuf_writer.h"
#include "metrics/collector.h"

namespace prometheus_async::exposition {

// - Names of families are those of the text format: a counter's ends in _total.
// - An info is the gauge 1, a state set a gauge for each state, what is unknown is untyped; a gauge histogram is a
//   histogram. Its own type would tell Prometheus 3 no more than that, for its metadata, and from Prometheus 2, which
//   does not say which it is, take the suffixes of its samples.
// - The bucket +Inf is written only for its exemplar: a reader takes the count for it, as with client_golang.
// - A native histogram has exemplars of its own, those of which the time is known; Prometheus takes no others. Its
//   threshold of zero is never 0, which is how Prometheus 2.42 tells it from a classic one.
// - Times of creation are written where they are known.
class ProtobufEncoder final : public Encoder {
 public:
  // `page` outlives it.
  explicit ProtobufEncoder(std::string& page, const Format& format = kProtobuf);

  void family(const metrics::FamilyInfo& info) override;
  void counter(const metrics::Labels& labels, const metrics::CounterSnapshot& snapshot) override;
  void value(const metrics::Labels& labels, double value) override;
  void histogram(const metrics::Labels& labels, const metrics::HistogramSnapshot& snapshot) override;
  void summary(const metrics::Labels& labels, const metrics::SummarySnapshot& snapshot) override;
  void state_set(const metrics::Labels& labels, std::span<const metrics::State> states) override;
  void checkpoint() override;
  void rollback() override;
  void finish() override;

 private:
  void close_family();
  void write_labels(unsigned field, const metrics::Labels& labels);
  void write_label(unsigned field, std::string_view name, std::string_view escaped_value);
  void write_time(unsigned field, double seconds);
  void write_exemplar(unsigned field, const metrics::ExemplarSample& exemplar);
  void write_classic(const metrics::HistogramSnapshot& snapshot);
  void write_native(const metrics::HistogramSnapshot& snapshot);
  void write_spans(unsigned field, const std::vector<metrics::NativeBuckets::Bucket>& buckets);
  void write_deltas(unsigned field, const std::vector<metrics::NativeBuckets::Bucket>& buckets);

  internal::ProtobufWriter writer_;
  const Escaping escaping_;
  std::size_t checkpoint_;    // size of the page
  std::size_t family_ = 0;    // where the open family begins; 0 if none is open
  unsigned value_field_ = 0;  // of Metric, for the type of the open family
  std::string state_label_;   // of the open family
};

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_PROTOBUF_ENCODER_H_
