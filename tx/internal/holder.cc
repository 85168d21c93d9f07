// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/holder.h"

#include <string>

namespace prometheus_async::tx::internal {

void throw_moved_from(const char* operation) {
  throw MovedFromError("prometheus_async: " + std::string(operation) +
                       " on a Deferred or Promise that was moved away, awaited or consumed before");
}

std::exception_ptr returned_moved_from_error() {
  return std::make_exception_ptr(
      MovedFromError("prometheus_async: a callback returned a Deferred that was moved away before"));
}

}  // namespace prometheus_async::tx::internal
