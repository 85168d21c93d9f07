// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/uncancelled.h"

#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace prometheus_async::sd::internal {

asio::awaitable<void> uncancelled(asio::awaitable<void> operation) {
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::co_spawn(executor, std::move(operation),
                          asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

}  // namespace prometheus_async::sd::internal
