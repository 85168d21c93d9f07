// SPDX-License-Identifier: Apache-2.0

#include "aio/web/connection.h"

#include <optional>
#include <string_view>

#include "aio/web/http_error.h"
#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {
namespace {

class ExchangeBody final : public RequestBody {
 public:
  explicit ExchangeBody(net::HttpExchange& exchange) : exchange_(exchange) {}

  asio::awaitable<std::string_view> read_some() override {
    try {
      co_return co_await exchange_.read_some();
    } catch (const net::BadBody& error) {
      throw HttpError(error.status(), error.what());
    }
  }

 private:
  net::HttpExchange& exchange_;
};

}  // namespace

asio::awaitable<void> ApplicationService::answer(net::HttpExchange& exchange) {
  ExchangeBody body(exchange);
  Request request(exchange.head(), exchange.peer(), exchange.is_secure(), body);
  std::optional<Response> response;
  try {
    response.emplace(co_await app_.handle(request));
  } catch (const HttpError& error) {
    response.emplace(error.response());
  }
  co_await exchange.respond(response->status, response->headers, response->body);
}

}  // namespace prometheus_async::aio::web
