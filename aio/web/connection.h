// SPDX-License-Identifier: Apache-2.0
//
// An application as what answers the requests of HTTP connections.
//
//   group.spawn([&](net::ConnectionGroup::Seat& seat) {
//     return net::serve_http(service, std::move(socket), nullptr, seat);  // a std::shared_ptr<web::ApplicationService>
//   });
#ifndef PROMETHEUS_ASYNC_AIO_WEB_CONNECTION_H_
#define PROMETHEUS_ASYNC_AIO_WEB_CONNECTION_H_

#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "aio/net/http_connection.h"
#include "aio/web/application.h"
#include "aio/web/handler.h"
#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {

// One for each thread that serves: they share the application.
class ApplicationService final : public net::HttpService {
 public:
  // REQUIRES: `application` is frozen.
  ApplicationService(const asio::any_io_executor& executor, std::shared_ptr<const Application> application,
                     net::HttpOptions http_options);

  asio::awaitable<void> answer(net::HttpExchange& exchange) override;

 private:
  asio::awaitable<void> answer_later(Request request, const Handler& handler);
  asio::awaitable<Response> handle_cancellably(const Handler& handler, Request& request);
  Response call_now(const Handler& handler, Request& request) const;
  // The answer to the exception that is being handled, which is logged; throws it again where there is none to be made.
  Response answer_to_failure(const net::HttpExchange& exchange) const;

  const std::shared_ptr<const Application> app_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_CONNECTION_H_
