// SPDX-License-Identifier: Apache-2.0
//
// An exporter that exporter_test starts: the example of aio/web/exporter.h.

#include <memory>
#include <vector>

#include "aio/web/exporter.h"
#include "metrics/collector.h"
#include "metrics/labels.h"
#include "metrics/registry.h"

namespace metrics = prometheus_async::metrics;
namespace web = prometheus_async::aio::web;

class QueueCollector final : public metrics::Collector {
 public:
  std::vector<metrics::FamilyInfo> describe() const override { return {depth_}; }
  void collect(metrics::Sink& sink) const override {
    sink.family(depth_);
    sink.value(metrics::Labels(), 3);
  }

 private:
  const metrics::FamilyInfo depth_{"queue_depth", "jobs waiting", metrics::MetricType::kGauge};
};

int main(int argc, char** argv) {
  metrics::default_registry().add(std::make_shared<QueueCollector>());
  return web::exporter_main(argc, argv, {.name = "queue_exporter", .version = "1.4.2", .port = 9714});
}
