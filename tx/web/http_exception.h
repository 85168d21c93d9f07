// SPDX-License-Identifier: Apache-2.0
//
// Answers to throw from a route of Klein, and what its routing fails with.
//
//   if (!user) throw tx::web::NotFound();
//   app.handle_errors<tx::web::NotFound>([](tx::web::Request&, const tx::web::NotFound&) { return "nothing here"; });
#ifndef PROMETHEUS_ASYNC_TX_WEB_HTTP_EXCEPTION_H_
#define PROMETHEUS_ASYNC_TX_WEB_HTTP_EXCEPTION_H_

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "aio/http/status.h"
#include "tx/web/response.h"

namespace prometheus_async::tx::web {

// Becomes its response where no error handler takes it; is not logged.
//
// Semantics: werkzeug.exceptions.
class HttpException : public std::exception {
 public:
  // A small HTML page with the reason phrase and the description, which is escaped; without one, Werkzeug's words.
  explicit HttpException(aio::http::Status code, std::string_view description = {});
  explicit HttpException(Response response);

  aio::http::Status code() const { return response_.code; }
  const Response& response() const { return response_; }
  // "404 Not Found".
  const char* what() const noexcept override { return what_.c_str(); }

 protected:
  Response response_;

 private:
  std::string what_;
};

// 400
class BadRequest : public HttpException {
 public:
  explicit BadRequest(std::string_view description = {}) : HttpException(400, description) {}
};

// 403
class Forbidden : public HttpException {
 public:
  explicit Forbidden(std::string_view description = {}) : HttpException(403, description) {}
};

// 404: no route for the path, or a number in it that is out of range.
class NotFound : public HttpException {
 public:
  explicit NotFound(std::string_view description = {}) : HttpException(404, description) {}
};

// 405: routes for the path, but not for the method.
class MethodNotAllowed : public HttpException {
 public:
  explicit MethodNotAllowed(std::vector<std::string> valid_methods);

  // What Allow says.
  const std::vector<std::string>& valid_methods() const { return valid_methods_; }

 private:
  std::vector<std::string> valid_methods_;
};

// 308: the path with a slash at its end, or without the ones that are too many.
class RequestRedirect : public HttpException {
 public:
  // `location` is a URL, quoted, as Location takes it.
  explicit RequestRedirect(std::string_view location);

  const std::string& location() const { return location_; }

 private:
  std::string location_;
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_HTTP_EXCEPTION_H_
