// SPDX-License-Identifier: Apache-2.0
//
// An application behind the HTTP connections of aio/net.
//
//   group.spawn([&](net::ConnectionGroup::Seat& seat) {
//     return net::serve_http(service, std::move(socket), nullptr, seat);  // a std::shared_ptr<web::ApplicationService>
//   });
#ifndef PROMETHEUS_ASYNC_AIO_WEB_CONNECTION_H_
#define PROMETHEUS_ASYNC_AIO_WEB_CONNECTION_H_

#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "aio/net/http_connection.h"
#include "aio/web/application.h"

namespace prometheus_async::aio::web {

class ApplicationService final : public net::HttpService {
 public:
  ApplicationService(const asio::any_io_executor& executor, Application application, net::HttpOptions http_options)
      : HttpService(executor, std::move(http_options)), app_(std::move(application)) {}

  asio::awaitable<void> answer(net::HttpExchange& exchange) override;

 private:
  const Application app_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_CONNECTION_H_
