// SPDX-License-Identifier: Apache-2.0
//
// Carries something through in a coroutine that was cancelled, or may be meanwhile: taking back what it had begun.
//
//     asio::awaitable<void> undoing = undo(entry);
//     const bool throws = co_await asio::this_coro::throw_if_cancelled();
//     co_await asio::this_coro::throw_if_cancelled(false);  // or a cancelled coroutine awaits nothing more
//     co_await uncancelled(std::move(undoing));
//     co_await asio::this_coro::throw_if_cancelled(throws);
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_UNCANCELLED_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_UNCANCELLED_H_

#include <boost/asio/awaitable.hpp>

namespace prometheus_async::sd::internal {

namespace asio = boost::asio;

// Awaits `operation` without passing a cancellation on to it, in a cancellation state of its own. Returns when it is
// over, and throws what it throws. Threads: the operation runs on the caller's executor.
asio::awaitable<void> uncancelled(asio::awaitable<void> operation);

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_UNCANCELLED_H_
