// SPDX-License-Identifier: Apache-2.0
//
// What a route of Klein may return where a text is not enough: klein.Response.
//
//   app.route("/teapot", [](tx::web::Request&) {
//     return tx::web::Response{.code = 418, .headers = {{"Content-Type", "text/plain"}}, .body = "short and stout"};
//   });
#ifndef PROMETHEUS_ASYNC_TX_WEB_RESPONSE_H_
#define PROMETHEUS_ASYNC_TX_WEB_RESPONSE_H_

#include <string>

#include "aio/http/headers.h"
#include "aio/http/status.h"

namespace prometheus_async::tx::web {

// The code and the headers go onto the request, where a header replaces those of its name that the handler had set.
struct Response {
  aio::http::Status code = 200;
  aio::http::Headers headers = {};
  std::string body = {};
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_RESPONSE_H_
