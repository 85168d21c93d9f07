// SPDX-License-Identifier: Apache-2.0
//
// Answers a request from anywhere below its handler, by the names that aiohttp's exceptions have.
//
//   if (!user) throw web::not_found();
//   if (user->is_locked) throw web::forbidden("the account is locked");
//   co_return web::see_other("/users/" + user->name).response();
#ifndef PROMETHEUS_ASYNC_AIO_WEB_HTTP_ERROR_H_
#define PROMETHEUS_ASYNC_AIO_WEB_HTTP_ERROR_H_

#include <chrono>
#include <exception>
#include <optional>
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
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  Response response_;
  std::string what_;
};

// Each is thrown, or its response() returned. `reason` is what the client reads: nothing is shown that is not given
// here. What goes into a header field is checked: std::invalid_argument for control bytes in it.

// --- The client is to go elsewhere. `location` is a URL, whole or relative to the request's; blanks and bytes beyond
// ASCII are percent-encoded. One that is made of a client's input may lead away: "//evil.example" is a host.
//
// Throws std::invalid_argument, also for an empty one.
HttpError moved_permanently(std::string_view location);   // 301
HttpError found(std::string_view location);               // 302
HttpError see_other(std::string_view location);           // 303: by GET; the answer to a form
HttpError temporary_redirect(std::string_view location);  // 307: by the same method, with the same body
HttpError permanent_redirect(std::string_view location);  // 308: the same, for ever

// --- The client's errors.
HttpError bad_request(std::string_view reason = {});  // 400
// `www_authenticate` is the challenge: R"(Basic realm="metrics")".
HttpError unauthorized(std::string_view www_authenticate, std::string_view reason = {});  // 401
HttpError forbidden(std::string_view reason = {});                                        // 403
HttpError not_found(std::string_view reason = {});                                        // 404
// `allow` is a list: "GET, HEAD".
HttpError method_not_allowed(std::string_view allow, std::string_view reason = {});  // 405
HttpError not_acceptable(std::string_view reason = {});                              // 406
HttpError request_timeout(std::string_view reason = {});                             // 408
HttpError conflict(std::string_view reason = {});                                    // 409
HttpError gone(std::string_view reason = {});                                        // 410
HttpError precondition_failed(std::string_view reason = {});                         // 412
HttpError too_large(std::string_view reason = {});                                   // 413
HttpError unsupported_media_type(std::string_view reason = {});                      // 415
HttpError unprocessable(std::string_view reason = {});                               // 422
HttpError precondition_required(std::string_view reason = {});                       // 428
// With a time that says when to come again.
HttpError too_many_requests(std::optional<std::chrono::seconds> retry_after = {}, std::string_view reason = {});  // 429

// --- The server's.
HttpError internal_server_error(std::string_view reason = {});  // 500
HttpError not_implemented(std::string_view reason = {});        // 501
HttpError bad_gateway(std::string_view reason = {});            // 502
HttpError service_unavailable(std::optional<std::chrono::seconds> retry_after = {},
                              std::string_view reason = {});  // 503
HttpError gateway_timeout(std::string_view reason = {});      // 504

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_HTTP_ERROR_H_
