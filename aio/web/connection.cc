// SPDX-License-Identifier: Apache-2.0

#include "aio/web/connection.h"

#include <cstddef>
#include <exception>
#include <optional>
#include <string_view>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/web/http_error.h"
#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {
namespace {

// Bytes of a body that are sent without a coroutine of their own: what goes into one packet as a rule.
constexpr std::size_t kMostCopied = 2048;

net::HttpOptions with_limits_of(const Application& app, net::HttpOptions options) {
  if (app.options().client_max_size) options.limits.body = *app.options().client_max_size;
  return options;
}

}  // namespace

ApplicationService::ApplicationService(const asio::any_io_executor& executor,
                                       std::shared_ptr<const Application> application, net::HttpOptions http_options)
    : HttpService(executor, with_limits_of(*application, std::move(http_options))), app_(std::move(application)) {}

asio::awaitable<void> ApplicationService::answer(net::HttpExchange& exchange) {
  Request request(exchange);
  const Handler& handler = app_->dispatch(request);
  if (!handler.is_immediate()) return answer_later(std::move(request), handler);
  Response response = call_now(handler, request);
  request.app().prepare(request, response);
  exchange.respond_now(response.status, response.headers, response.body.view());
  return {};
}

Response ApplicationService::call_now(const Handler& handler, Request& request) const {
  try {
    return handler.call_now(request);
  } catch (...) {
    return answer_to_failure(request.exchange());
  }
}

asio::awaitable<void> ApplicationService::answer_later(Request request, const Handler& handler) {
  net::HttpExchange& exchange = request.exchange();
  std::optional<Response> response;
  try {
    if (app_->options().handler_cancellation) {
      response.emplace(co_await handle_cancellably(handler, request));
    } else {
      response.emplace(co_await handler(request));
    }
  } catch (...) {
    response.emplace(answer_to_failure(exchange));
  }
  if (response->body.is_sent()) co_return;
  request.app().prepare(request, *response);
  const std::string_view body = response->body.view();
  if (body.size() <= kMostCopied) {
    exchange.respond_now(response->status, response->headers, body);
  } else {
    co_await exchange.respond(response->status, response->headers, body);
  }
}

Response ApplicationService::answer_to_failure(const net::HttpExchange& exchange) const {
  try {
    throw;
  } catch (const HttpError& error) {
    return error.response();
  } catch (const net::BadBody& error) {
    return HttpError(error.status(), error.what()).response();
  } catch (const std::exception& error) {
    if (!exchange.takes_failures()) throw;
    log_failure(exchange.head(), error.what());
  } catch (...) {
    if (!exchange.takes_failures()) throw;
    log_failure(exchange.head(), "an exception that is no std::exception");
  }
  return HttpError(500).response();
}

// By the client's going away, and by the connection's own cancellation.
asio::awaitable<Response> ApplicationService::handle_cancellably(const Handler& handler, Request& request) {
  const auto signal = std::make_shared<asio::cancellation_signal>();
  const auto cancel = [signal] { signal->emit(asio::cancellation_type::terminal); };
  request.on_disconnect(cancel);
  const asio::cancellation_state outer = co_await asio::this_coro::cancellation_state;
  if (outer.slot().is_connected()) outer.slot().assign([cancel](asio::cancellation_type) { cancel(); });
  const auto executor = co_await asio::this_coro::executor;
  asio::awaitable<Response> handling = handler(request);
  co_return co_await asio::co_spawn(executor, std::move(handling),
                                    asio::bind_cancellation_slot(signal->slot(), asio::use_awaitable));
}

}  // namespace prometheus_async::aio::web
