// SPDX-License-Identifier: Apache-2.0
//
// asyncio.sleep for Asio's coroutines.
//
//   co_await aio::sleep(std::chrono::seconds(1));
#ifndef PROMETHEUS_ASYNC_AIO_SLEEP_H_
#define PROMETHEUS_ASYNC_AIO_SLEEP_H_

#include <chrono>

#include <boost/asio/awaitable.hpp>

namespace prometheus_async::aio {

// Completes after `duration`, on the coroutine's executor; at once where it is zero or negative.
//
// Cancelled: throws boost::system::system_error with asio::error::operation_aborted.
boost::asio::awaitable<void> sleep(std::chrono::steady_clock::duration duration);

}  // namespace prometheus_async::aio

#endif  // PROMETHEUS_ASYNC_AIO_SLEEP_H_
