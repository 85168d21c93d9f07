// SPDX-License-Identifier: Apache-2.0
#include "sd/deregister_within.h"

#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace prometheus_async::sd {
namespace {

// What the deregistration and who waits for it share, since either may be the last.
struct Deregistration {
  Deregistration(const asio::any_io_executor& executor, Deregister what, std::chrono::milliseconds limit)
      : deregister(std::move(what)), waiting(executor, limit) {}

  void end(std::exception_ptr its_failure) {
    is_over = true;
    failure = its_failure;
    waiting.cancel();
  }

  const Deregister deregister;
  asio::steady_timer waiting;
  asio::cancellation_signal cancel;
  bool is_over = false;
  std::exception_ptr failure;
};

}  // namespace

asio::awaitable<void> deregister_within(std::chrono::milliseconds limit, Deregister deregister) {
  const auto executor = co_await asio::this_coro::executor;
  const auto state = std::make_shared<Deregistration>(executor, std::move(deregister), limit);
  const auto ended = [state](std::exception_ptr failure) { state->end(failure); };
  asio::co_spawn(executor, state->deregister(), asio::bind_cancellation_slot(state->cancel.slot(), ended));
  boost::system::error_code woken;
  if (!state->is_over) co_await state->waiting.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (state->is_over) {
    if (state->failure) std::rethrow_exception(state->failure);
    co_return;
  }
  state->cancel.emit(asio::cancellation_type::terminal);
  if (woken == asio::error::operation_aborted) throw boost::system::system_error(woken);
  throw std::system_error(std::make_error_code(std::errc::timed_out),
                          "deregistering did not end within " + std::to_string(limit.count()) + " ms");
}

}  // namespace prometheus_async::sd
