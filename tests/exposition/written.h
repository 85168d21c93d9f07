// SPDX-License-Identifier: Apache-2.0
//
// A page by one of the encoders, and what the tests of all of them write to it.
//
//   testing::written<exposition::TextEncoder>(exposition::kText_0_0_4, [](metrics::Sink& sink) {
//     sink.family({"a", "", metrics::MetricType::kGauge});
//     sink.value({}, 1);
//   });
#ifndef PROMETHEUS_ASYNC_TESTS_EXPOSITION_WRITTEN_H_
#define PROMETHEUS_ASYNC_TESTS_EXPOSITION_WRITTEN_H_

#include <string>

#include "exposition/format.h"
#include "metrics/collector.h"
#include "metrics/labels.h"
#include "tests/exposition/snapshots.h"

namespace prometheus_async::testing {

template <class Encoder, class F>
std::string written(const exposition::Format& format, F write) {
  std::string page;
  Encoder encoder(page, format);
  write(encoder);
  encoder.finish();
  return page;
}

// The types that not every format knows; a state set with labels and without.
inline void write_info_state_set_and_unknown(metrics::Sink& sink) {
  const metrics::State states[] = {{"on", true}, {"o\"ff\\\n", false}};
  sink.family({"build_info", "", metrics::MetricType::kInfo});
  sink.value(labels({{"version", "1.2"}}), 1);
  sink.family({"light", "", metrics::MetricType::kStateSet});
  sink.state_set(labels({{"room", "hall"}}), states);
  sink.state_set({}, states);
  sink.family({"what", "", metrics::MetricType::kUnknown});
  sink.value({}, 3);
}

// A native histogram without classic buckets, as the family `seconds`.
inline void write_native_alone(metrics::Sink& sink) {
  metrics::HistogramSnapshot snapshot = histogram({}, {5}, 2.5);
  snapshot.native = native(3, 0.1, 1, {{2, 4}});
  snapshot.exemplars = {
      {0, exemplar({{"t", "1"}}, 1, 10)}, {0, exemplar({{"t", "2"}}, 2, 30)}, {0, exemplar({}, 3, 20)}};
  sink.family({"seconds", "", metrics::MetricType::kHistogram});
  sink.histogram({}, snapshot);
}

// Two gauges, a and c, are to be left: what is written between them is taken back, and so is nothing at the end.
inline void write_and_roll_back(metrics::Sink& sink) {
  const auto gauge = [&](const char* name, double value) {
    sink.family({name, "", metrics::MetricType::kGauge});
    sink.value({}, value);
  };
  gauge("a", 1);
  sink.checkpoint();
  gauge("b", 2);
  for (int i = 0; i < 10'000; ++i) sink.value(labels({{"long", std::string(100, 'x')}}), i);
  gauge("b2", 2);
  sink.rollback();
  gauge("c", 3);
  sink.checkpoint();
  sink.rollback();
}

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_EXPOSITION_WRITTEN_H_
