// SPDX-License-Identifier: Apache-2.0

#include "tx/deferred_list.h"

#include <string>

namespace prometheus_async::tx {

FirstError::FirstError(Failure sub_failure, std::size_t index)
    : std::runtime_error("the Deferred at index " + std::to_string(index) +
                         " failed: " + sub_failure.get_brief_traceback()),
      sub_failure_(std::move(sub_failure)),
      index_(index) {}

namespace internal {

Failure pending_failure() noexcept {
  static const Failure failure = Failure::make<std::logic_error>("prometheus_async: an input of a list is pending");
  return failure;
}

}  // namespace internal

}  // namespace prometheus_async::tx
