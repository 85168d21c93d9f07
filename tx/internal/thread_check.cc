// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/thread_check.h"

#include <cstdio>
#include <cstdlib>

namespace prometheus_async::tx::internal {

void fail_thread_check() noexcept {
  std::fputs(
      "prometheus_async: a Deferred that has no result yet, or its Promise, is used on a thread other than the one "
      "that "
      "made it; hand the Promise over with Reactor::call_from_thread and fire it there\n",
      stderr);
  std::abort();
}

}  // namespace prometheus_async::tx::internal
