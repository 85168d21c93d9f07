// SPDX-License-Identifier: Apache-2.0
//
// Runs what would hold up the event loop, as writing to a disk, on a thread of its own that ends with it.
//
//     const auto file = std::make_shared<File>(path);
//     std::function<void()> write = [file] { file->write(); };
//     std::function<void()> undo = [file] { file->remove(); };
//     co_await in_thread(std::move(write), std::move(undo));
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_IN_THREAD_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_IN_THREAD_H_

#include <functional>

#include <boost/asio/awaitable.hpp>

namespace prometheus_async::sd::internal {

namespace asio = boost::asio;

// Calls work() on a new thread, which takes no signals, and returns when it has returned, or throws what it has thrown.
// `if_abandoned` may be empty and must not throw.
//
// Cancelled: ends at once with operation_aborted, and work() goes on to its end, after which the thread calls
// if_abandoned(). The same if the coroutine is destroyed, with its io_context too; where work() is over by then,
// if_abandoned() is called by whoever destroys it. So both own what they use. If work() is over when the cancellation
// comes, its end stands.
// Errors: besides those of work(), std::system_error if there can be no thread.
// Threads: the coroutine goes on on its executor, which runs one handler at a time. Cost: the start
// of a thread.
asio::awaitable<void> in_thread(std::function<void()> work, std::function<void()> if_abandoned);

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_IN_THREAD_H_
