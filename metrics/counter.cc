// SPDX-License-Identifier: Apache-2.0
#include "metrics/counter.h"

#include <cmath>

#include "metrics/refused.h"

namespace prometheus_async::metrics {

void Counter::Increment(double amount) noexcept {
  if (!std::isfinite(amount) || amount < 0) return internal::refuse_value();
  rest_.fetch_add(amount, std::memory_order_relaxed);
}

}  // namespace prometheus_async::metrics
