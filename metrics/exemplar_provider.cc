// SPDX-License-Identifier: Apache-2.0
#include "metrics/exemplar_provider.h"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "metrics/internal/exemplar_slots.h"

namespace prometheus_async::metrics {

void set_exemplar_provider(ExemplarProvider provider) {
  static std::mutex mutex;
  static auto& kept = *new std::vector<std::unique_ptr<const ExemplarProvider>>;  // a recording may be asking any
  const std::lock_guard lock(mutex);
  const bool has_provider = static_cast<bool>(provider);
  if (has_provider) kept.push_back(std::make_unique<const ExemplarProvider>(std::move(provider)));
  internal::exemplar_provider.store(has_provider ? kept.back().get() : nullptr, std::memory_order_release);
}

}  // namespace prometheus_async::metrics
