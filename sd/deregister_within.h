// SPDX-License-Identifier: Apache-2.0
//
// Deregistering with a bound, for those who close a server: a discovery that hangs must not hang them.
//
//     co_await sd::deregister_within(std::chrono::seconds(5), deregister);
#ifndef PROMETHEUS_ASYNC_SD_DEREGISTER_WITHIN_H_
#define PROMETHEUS_ASYNC_SD_DEREGISTER_WITHIN_H_

#include <chrono>

#include <boost/asio/awaitable.hpp>

#include "sd/service_discovery.h"

namespace prometheus_async::sd {

// Calls `deregister` on the executor of the calling coroutine. What has not ended within `limit` is cancelled, and not
// waited for: a deregistration that takes no cancellation goes on, with what it needs, for as long as the executor
// runs.
//
// Throws what the deregistration throws, std::system_error equal to std::errc::timed_out, or operation_aborted
// (boost::system::system_error) if it is cancelled, which cancels the deregistration as well.
[[nodiscard]] asio::awaitable<void> deregister_within(std::chrono::milliseconds limit, Deregister deregister);

}  // namespace prometheus_async::sd

#endif  // PROMETHEUS_ASYNC_SD_DEREGISTER_WITHIN_H_
