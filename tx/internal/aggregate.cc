// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/aggregate.h"

#include <string>

#include "tx/errors.h"
#include "tx/unhandled.h"

namespace prometheus_async::tx::internal {

void Inputs::cancel() {
  was_cancelled_ = true;
  const std::vector<CancelHandle> waiting = waiting_;  // which a callback may clear
  for (const CancelHandle& input : waiting) {
    try {
      input.cancel();
    } catch (...) {
      report_unhandled_failure(Failure::current());
    }
  }
}

void Inputs::report(const Failure& failure) const {
  if (was_cancelled_ && failure.check<CancelledError>() != nullptr) return;
  report_unhandled_failure(failure);
}

void throw_input_moved_from(std::size_t index) {
  throw MovedFromError("prometheus_async: the Deferred at index " + std::to_string(index) +
                       " of a list was moved away or consumed before");
}

}  // namespace prometheus_async::tx::internal
