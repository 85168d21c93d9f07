// SPDX-License-Identifier: Apache-2.0
//
// A Deferred in a coroutine of Asio's.
//
//   asio::awaitable<void> show(Url url) {
//     Page page = co_await tx::as_awaitable(fetch(url));       // fetch() returns a tx::Deferred<Page>
//   }
#ifndef PROMETHEUS_ASYNC_TX_AS_AWAITABLE_H_
#define PROMETHEUS_ASYNC_TX_AS_AWAITABLE_H_

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tx/cancel_handle.h"
#include "tx/deferred.h"
#include "tx/internal/run_call.h"
#include "tx/result.h"

namespace prometheus_async::tx {

namespace asio = boost::asio;

// Gives the Deferred's value, or throws the very exception of its failure. The coroutine goes on in a later turn of its
// executor's loop, also where the Deferred has fired already.
//
// Cancelled: the Deferred is (see Deferred::cancel), and its result is that of the co_await: as a rule a
// CancelledError. What a canceller throws is reported as an unhandled failure.
// Threads: the coroutine runs on the Deferred's thread. Lifetime: its execution context outlives the waiting, and has
// work for as long.
template <class T>
asio::awaitable<T> as_awaitable(Deferred<T> deferred) {
  std::optional<Result<T>> result;
  auto wait = [&deferred, &result](auto handler) {
    const auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected() && !deferred.has_result()) {
      auto cancel = [handle = deferred.cancel_handle()](asio::cancellation_type) {
        const CancelHandle own = handle;  // the coroutine may set its next canceller in here
        try {
          own.cancel();
        } catch (...) {
          internal::report_current_exception("in a canceller");
        }
      };
      asio::cancellation_slot(slot).assign(std::move(cancel));
    }
    auto executor = asio::get_associated_executor(handler);
    auto work = asio::make_work_guard(executor);
    auto go_on = [&result, work = std::move(work), executor,
                  waiting = std::move(handler)](Result<T>&& outcome) mutable {
      result.emplace(std::move(outcome));
      asio::post(executor, std::move(waiting));
    };
    static_cast<void>(std::move(deferred).add_both(std::move(go_on)));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(wait, asio::use_awaitable);
  // Nothing may be awaited from here on: a cancelled coroutine of Asio's would throw.
  if (!result->has_value()) std::rethrow_exception(std::move(*result).failure().value());
  if constexpr (!std::is_void_v<T>) co_return *std::move(*result);
}

}  // namespace prometheus_async::tx

#endif  // PROMETHEUS_ASYNC_TX_AS_AWAITABLE_H_
