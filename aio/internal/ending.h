// SPDX-License-Identifier: Apache-2.0
//
// Endings as Asio reports them: boost::system::system_error thrown out of a co_await, boost::system::error_code given
// to a handler; asio::error::operation_aborted is a cancellation.
#ifndef PROMETHEUS_ASYNC_AIO_INTERNAL_ENDING_H_
#define PROMETHEUS_ASYNC_AIO_INTERNAL_ENDING_H_

#include <exception>
#include <system_error>

#include <boost/system/error_code.hpp>

#include "metrics/ending.h"

namespace prometheus_async::aio::internal {

metrics::Ending::Reading read_exception(const std::exception_ptr& exception) noexcept;

inline metrics::Ending thrown(const std::exception_ptr& exception) noexcept {
  return metrics::Ending::thrown(exception, &read_exception);
}

// The first argument of a completion handler, where it is one that can report a failure. REQUIRES: it outlives the
// Ending.
metrics::Ending completed(const boost::system::error_code& code) noexcept;
inline metrics::Ending completed(const std::error_code& code) noexcept {
  return code ? metrics::Ending::failed(code) : metrics::Ending::value();
}
inline metrics::Ending completed(const std::exception_ptr& exception) noexcept {
  return exception ? thrown(exception) : metrics::Ending::value();
}

}  // namespace prometheus_async::aio::internal

#endif  // PROMETHEUS_ASYNC_AIO_INTERNAL_ENDING_H_
