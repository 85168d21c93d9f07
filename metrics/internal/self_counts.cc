// SPDX-License-Identifier: Apache-2.0
#include "metrics/internal/self_counts.h"

#include <mutex>
#include <new>

namespace prometheus_async::metrics::internal {
namespace {

class Counts {
 public:
  void count(std::string_view name) noexcept {
    const std::lock_guard lock(mutex_);
    try {
      const auto known = counts_.find(name);
      if (known != counts_.end()) {
        ++known->second;
      } else {
        counts_.emplace(name, 1);
      }
    } catch (const std::bad_alloc&) {
    }
  }
  CountsByName get() {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  std::mutex mutex_;
  CountsByName counts_;
};

// Never destroyed: threads may record until the very end.
Counts& all_overflows() {
  static Counts& counts = *new Counts;
  return counts;
}
Counts& all_callback_errors() {
  static Counts& counts = *new Counts;
  return counts;
}
Counts& all_collector_errors() {
  static Counts& counts = *new Counts;
  return counts;
}

}  // namespace

void count_overflow(std::string_view metric) noexcept { all_overflows().count(metric); }
void count_callback_error(std::string_view metric) noexcept { all_callback_errors().count(metric); }
void count_collector_error(std::string_view collector) noexcept { all_collector_errors().count(collector); }

CountsByName overflows() { return all_overflows().get(); }
CountsByName callback_errors() { return all_callback_errors().get(); }
CountsByName collector_errors() { return all_collector_errors().get(); }

}  // namespace prometheus_async::metrics::internal
