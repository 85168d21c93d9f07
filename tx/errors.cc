// SPDX-License-Identifier: Apache-2.0

#include "tx/errors.h"

#include <sstream>

namespace prometheus_async::tx {
namespace {

std::string describe_timeout(std::chrono::nanoseconds timeout) {
  std::ostringstream out;
  out << "timed out after " << std::chrono::duration<double>(timeout).count() << " s";
  return out.str();
}

}  // namespace

CancelledError::CancelledError() : std::runtime_error("the Deferred was cancelled") {}

AbandonedError::AbandonedError()
    : std::runtime_error("the Promise was destroyed before it fired, so its Deferred has no result") {}

TimeoutError::TimeoutError(std::chrono::nanoseconds timeout)
    : std::runtime_error(describe_timeout(timeout)), timeout_(timeout) {}

}  // namespace prometheus_async::tx
