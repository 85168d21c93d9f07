// SPDX-License-Identifier: Apache-2.0
//
// A coroutine of Asio's as a Deferred.
//
//   asio::awaitable<Page> fetch(Url url);
//   tx::Deferred<Page> d = tx::from_awaitable(reactor.context(), fetch(url));
#ifndef PROMETHEUS_ASYNC_TX_FROM_AWAITABLE_H_
#define PROMETHEUS_ASYNC_TX_FROM_AWAITABLE_H_

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/internal/asio_operation.h"
#include "tx/result.h"

namespace prometheus_async::tx {

namespace asio = boost::asio;

namespace internal {

template <class T>
struct SpawnedAwaitable : AsioOperation<T> {
  std::optional<Result<T>> value;  // asio's own handler would ask for a default constructor of T
};

template <class T, class Executor>
asio::awaitable<void, Executor> keep_value(std::shared_ptr<SpawnedAwaitable<T>> operation,
                                           asio::awaitable<T, Executor> awaitable) {
  // Asio drops a cancellation that comes before the coroutine has begun.
  if (operation->was_cancelled()) throw boost::system::system_error(asio::error::operation_aborted);
  if constexpr (std::is_void_v<T>) {
    co_await std::move(awaitable);
    operation->value.emplace();
  } else {
    operation->value.emplace(co_await std::move(awaitable));
  }
}

}  // namespace internal

// Runs the coroutine on an executor or execution context, from a later turn of its loop on or, where the caller is in
// it, at once. Fires with what it returns or throws, never before from_awaitable() has returned.
//
// T need not be default-constructible.
// Cancelled: the coroutine is (cancellation_type::terminal), and the Deferred waits for its end, which decides: a value
// stands, an exception stands, but boost::system::system_error with operation_aborted becomes CancelledError. One that
// has not begun does not begin.
// Dropped: the coroutine goes on. The coroutine destroyed unfinished: AbandonedError.
// Threads: the executor runs on the caller's thread. Lifetime: the execution context outlives the coroutine.
// Semantics: asyncio's side of Twisted's Deferred.fromFuture.
template <class ExecutorOrContext, class T, class Executor>
Deferred<T> from_awaitable(ExecutorOrContext&& where, asio::awaitable<T, Executor> awaitable) {
  const auto operation = std::make_shared<internal::SpawnedAwaitable<T>>();
  Deferred<T> deferred = operation->get_deferred();
  auto complete = [operation](const std::exception_ptr& exception) {
    if (exception == nullptr) return operation->complete(*std::move(operation->value));
    Failure failure(exception);
    const auto* const error = failure.check<boost::system::system_error>();
    if (operation->was_cancelled() && error != nullptr && error->code() == asio::error::operation_aborted) {
      failure = Failure::make<CancelledError>();
    }
    operation->complete(std::move(failure));
  };
  asio::co_spawn(std::forward<ExecutorOrContext>(where), internal::keep_value(operation, std::move(awaitable)),
                 asio::bind_cancellation_slot(operation->slot(), std::move(complete)));
  return deferred;
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_FROM_AWAITABLE_H_
