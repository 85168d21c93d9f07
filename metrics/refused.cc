// SPDX-License-Identifier: Apache-2.0
#include "metrics/refused.h"

#include <atomic>

namespace prometheus_async::metrics {
namespace {
std::atomic<std::uint64_t> refused = 0;
}  // namespace

std::uint64_t refused_values() noexcept { return refused.load(std::memory_order_relaxed); }

void internal::refuse_value() noexcept { refused.fetch_add(1, std::memory_order_relaxed); }

}  // namespace prometheus_async::metrics
