// SPDX-License-Identifier: Apache-2.0
#include "metrics/info.h"

#include <utility>

#include "metrics/internal/fixed_labels.h"
#include "metrics/internal/sample_names.h"

namespace prometheus_async::metrics {

Info::Info(std::string_view name, std::string_view help, std::vector<Labels::Pair> labels)
    : info_(internal::make_info(name, help, MetricType::kInfo, {})),
      labels_(internal::fixed_labels(info_, std::move(labels))) {}

void Info::collect(Sink& sink) const {
  sink.family(info_);
  sink.value(labels_, 1);
}

}  // namespace prometheus_async::metrics
