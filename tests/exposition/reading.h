// SPDX-License-Identifier: Apache-2.0
//
// What tests of scrapes are about: gauges that are read, or fail, at the scrape, and pages with nothing else on them.
//
//   metrics::Registry registry;
//   testing::add_reading(registry, "readings", [&] { return ++readings; });
//   exposition::ScrapeHandler handler(registry, testing::without_self_metrics());
#ifndef PROMETHEUS_ASYNC_TESTS_EXPOSITION_READING_H_
#define PROMETHEUS_ASYNC_TESTS_EXPOSITION_READING_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "exposition/scrape.h"
#include "metrics/collector.h"
#include "metrics/registry.h"

namespace prometheus_async::testing {

// A gauge whose reading is the test's; what it throws is the collector's error.
class Reading final : public metrics::Collector {
 public:
  Reading(std::string name, std::function<double()> read)
      : info_{std::move(name), "Of a test.", metrics::MetricType::kGauge}, read_(std::move(read)) {}

  std::vector<metrics::FamilyInfo> describe() const override { return {info_}; }
  void collect(metrics::Sink& sink) const override {
    sink.family(info_);
    sink.value(metrics::Labels(), read_());
  }

 private:
  const metrics::FamilyInfo info_;
  const std::function<double()> read_;
};

inline void add_reading(metrics::Registry& registry, std::string name, std::function<double()> read) {
  registry.add(std::make_shared<Reading>(std::move(name), std::move(read)));
}

inline exposition::ScrapeOptions without_self_metrics() {
  exposition::ScrapeOptions options;
  options.has_self_metrics = false;
  return options;
}

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_EXPOSITION_READING_H_
