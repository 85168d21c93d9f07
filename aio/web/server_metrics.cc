// SPDX-License-Identifier: Apache-2.0

#include "aio/web/server_metrics.h"

#include <algorithm>

namespace prometheus_async::aio::web {

ServerMetrics::ServerMetrics(metrics::Registry& registry, const std::string& prefix)
    : connections_(registry.gauge(prefix + "_connections", "Connections that are open.")),
      accepted_(registry.counter(prefix + "_connections_accepted_total", "Connections accepted.")),
      sent_bytes_(registry.counter(prefix + "_sent_bytes_total", "Bytes of answers sent, heads included.")) {
  auto& rejected = registry.counter(prefix + "_connections_rejected_total",
                                    "Connections that ended before they had asked anything.", {"reason"});
  std::ranges::transform(kReasons, rejected_.begin(), [&](std::string_view each) { return &rejected.labels(each); });
  auto& refused = registry.counter(prefix + "_requests_refused_total",
                                   "Requests refused before an application saw them.", {"status"});
  std::ranges::transform(kStatuses, refused_.begin(), [&](int each) { return &refused.labels(std::to_string(each)); });
}

void ServerMetrics::on_answered(const net::HttpOutcome& outcome) noexcept {
  sent_bytes_.Increment(static_cast<double>(outcome.bytes_sent));
  if (outcome.request != nullptr || !outcome.status) return;
  const auto status = std::ranges::find(kStatuses, outcome.status->code());
  if (status != kStatuses.end()) refused_[static_cast<std::size_t>(status - kStatuses.begin())]->Increment();
}

void ServerMetrics::on_opened() noexcept {
  accepted_.Increment();
  connections_.Increment();
}

void ServerMetrics::on_closed() noexcept { connections_.Decrement(); }

void ServerMetrics::on_rejected(net::HttpRejection reason) noexcept {
  rejected_[static_cast<std::size_t>(reason)]->Increment();
}

}  // namespace prometheus_async::aio::web
