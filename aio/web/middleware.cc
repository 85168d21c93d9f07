// SPDX-License-Identifier: Apache-2.0

#include "aio/web/middleware.h"

#include <optional>

#include "aio/web/http_error.h"

namespace prometheus_async::aio::web {
namespace {

asio::awaitable<Response> call(const Handler& handler, Request& request) {
  std::optional<Response> thrown;
  try {
    if (handler.is_immediate()) co_return handler.call_now(request);
    co_return co_await handler(request);
  } catch (const HttpError& error) {
    thrown = error.response();
  }
  co_return std::move(*thrown);
}

}  // namespace

asio::awaitable<Response> Next::operator()(Request& request) const { return call(*handler_, request); }

Handler Middleware::around(Handler inner) const {
  return [function = function_, inner = std::make_shared<const Handler>(std::move(inner))](Request& request) {
    return (*function)(request, Next(*inner));
  };
}

}  // namespace prometheus_async::aio::web
