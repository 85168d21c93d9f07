// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/ending.h"

#include "metrics/internal/exception_cast.h"
#include "tx/errors.h"

namespace prometheus_async::tx::internal {

metrics::Ending::Reading read_exception(const std::exception_ptr& exception) noexcept {
  if (metrics::internal::exception_cast<AbandonedError>(exception) != nullptr) {
    return {metrics::Outcome::kAbandoned, {}};
  }
  return metrics::Ending::read_standard_exception(exception);
}

}  // namespace prometheus_async::tx::internal
