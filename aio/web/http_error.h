// SPDX-License-Identifier: Apache-2.0
//
// A response to throw.
//
//   if (!user) throw web::HttpError(404);
#ifndef PROMETHEUS_ASYNC_AIO_WEB_HTTP_ERROR_H_
#define PROMETHEUS_ASYNC_AIO_WEB_HTTP_ERROR_H_

#include <exception>
#include <string>
#include <string_view>

#include "aio/web/response.h"

namespace prometheus_async::aio::web {

// A handler, or what it calls, throws this to answer with its response; unlike any other exception it is neither
// logged nor made a 500.
class HttpError : public std::exception {
 public:
  // Plain text "404: Not Found", as aiohttp's, or "404: REASON".
  explicit HttpError(Status status, std::string_view reason = {});
  explicit HttpError(Response response);

  const Response& response() const { return response_; }
  Status status() const { return response_.status; }
  // The body.
  const char* what() const noexcept override { return response_.body.c_str(); }

 private:
  Response response_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_HTTP_ERROR_H_
