// SPDX-License-Identifier: Apache-2.0
#include "aio/internal/ending.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "metrics/internal/exception_cast.h"

namespace prometheus_async::aio::internal {
namespace {

std::exception_ptr make_system_error(const void* code) {
  return std::make_exception_ptr(boost::system::system_error(*static_cast<const boost::system::error_code*>(code)));
}

}  // namespace

metrics::Ending::Reading read_exception(const std::exception_ptr& exception) noexcept {
  if (const auto* const error = metrics::internal::exception_cast<boost::system::system_error>(exception)) {
    const bool cancelled = error->code() == boost::asio::error::operation_aborted;
    return {cancelled ? metrics::Outcome::kCancelled : metrics::Outcome::kError, std::error_code(error->code())};
  }
  return metrics::Ending::read_standard_exception(exception);
}

metrics::Ending completed(const boost::system::error_code& code) noexcept {
  if (!code) return metrics::Ending::value();
  return metrics::Ending::failed(std::error_code(code), &code, &make_system_error);
}

}  // namespace prometheus_async::aio::internal
