// SPDX-License-Identifier: Apache-2.0
//
// What was recorded in a metric, and what a reader of a page finds of it. Written after the formats' specifications,
// without anything of the encoders.
//
//     const testing::RecordedFamily family{{"up", "Up.", metrics::MetricType::kGauge}, {{.value = 1}}};
//     testing::expected_family(family, exposition::kOpenMetrics_1_0_0);
#ifndef PROMETHEUS_ASYNC_TESTS_EXPOSITION_RECORDED_FAMILY_H_
#define PROMETHEUS_ASYNC_TESTS_EXPOSITION_RECORDED_FAMILY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exposition/format.h"
#include "metrics/collector.h"
#include "tests/exposition/read_page.h"

namespace prometheus_async::testing {

// Of these, what its type has.
struct RecordedSeries {
  std::vector<std::pair<std::string, std::string>> labels = {};
  double value = 0;
  std::optional<ReadExemplar> exemplar = {};
  std::vector<double> bounds = {};
  std::vector<std::uint64_t> counts = {};  // of each bucket alone
  double sum = 0;
  std::map<std::size_t, ReadExemplar> bucket_exemplars = {};
  std::vector<std::pair<double, double>> quantiles = {};
  std::vector<std::pair<std::string, bool>> states = {};
  std::optional<ReadNative> native = {};
};

struct RecordedFamily {
  metrics::FamilyInfo info;
  std::vector<RecordedSeries> series;
};

// Names that are not classic are escaped with underscores where the format says so; REQUIRES: it says no other scheme.
ReadFamily expected_family(const RecordedFamily& family, const exposition::Format& format);

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_EXPOSITION_RECORDED_FAMILY_H_
