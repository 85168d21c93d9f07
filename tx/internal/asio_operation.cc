// SPDX-License-Identifier: Apache-2.0

#include "tx/internal/asio_operation.h"

namespace prometheus_async::tx::internal {
namespace {

class StillRunning : public std::exception {};

}  // namespace

const std::exception_ptr& still_running() {
  static const std::exception_ptr marker = std::make_exception_ptr(StillRunning());
  return marker;
}

}  // namespace prometheus_async::tx::internal
