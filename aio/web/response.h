// SPDX-License-Identifier: Apache-2.0
//
// What a handler answers, as a value.
//
//   web::Response response = web::text("hello");
//   response.headers.set("Cache-Control", "no-store");
#ifndef PROMETHEUS_ASYNC_AIO_WEB_RESPONSE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_RESPONSE_H_

#include <string_view>

#include "aio/http/headers.h"
#include "aio/http/status.h"
#include "aio/web/body.h"

namespace prometheus_async::aio::web {

using http::Headers;
using http::Status;

// A value without hidden state. The connection adds Content-Length and Date and leaves the body out where none may be
// (an answer to HEAD; 204, 304); it ignores these two and Transfer-Encoding here. `Connection: close` here closes the
// connection afterwards. Header names and values with bytes that could break out of their line make a 500 of it.
struct Response {
  Status status = 200;
  Headers headers = {};
  Body body = {};
};

// text/plain and text/html in UTF-8, application/json.
Response text(Body body, Status status = 200);
Response html(Body body, Status status = 200);
Response json(Body body, Status status = 200);

// A body of any kind. `content_type` goes into the field as it is.
Response content(Body body, std::string_view content_type, Status status = 200);

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_RESPONSE_H_
