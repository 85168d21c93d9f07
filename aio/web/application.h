// SPDX-License-Identifier: Apache-2.0
//
// A web application: its routes, and what they share.
//
//   web::Application app;
//   app.router().add_get("/", [](web::Request&) { return web::text("hello"); });
//   web::run_app(std::move(app), {.port = 8000});
#ifndef PROMETHEUS_ASYNC_AIO_WEB_APPLICATION_H_
#define PROMETHEUS_ASYNC_AIO_WEB_APPLICATION_H_

#include <boost/asio/awaitable.hpp>

#include "aio/web/request.h"
#include "aio/web/response.h"
#include "aio/web/router.h"

namespace prometheus_async::aio::web {

// Built up first, then moved into what serves it, which freezes it: from there on it only answers, without locks.
// Lifetime: kept until the last of its connections has ended.
class Application {
 public:
  Router& router() { return router_; }

  // Nothing can be added any more.
  void freeze() { router_.freeze(); }

  // The answer to a request, without a server too. Throws HttpError and what the handler throws.
  asio::awaitable<Response> handle(Request& request) const { return router_.handle(request); }

 private:
  Router router_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_APPLICATION_H_
