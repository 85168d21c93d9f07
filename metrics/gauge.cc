// SPDX-License-Identifier: Apache-2.0
#include "metrics/gauge.h"

#include <chrono>

namespace prometheus_async::metrics {

void Gauge::SetToCurrentTime() noexcept {
  Set(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
}

}  // namespace prometheus_async::metrics
