// SPDX-License-Identifier: Apache-2.0
//
// What a handler is asked.
//
//   asio::awaitable<web::Response> greet(web::Request& request) {
//     const std::string body = co_await request.text();
//     co_return web::text("hello " + std::string(request.match_info()["name"]) + ", you said " + body);
//   }
#ifndef PROMETHEUS_ASYNC_AIO_WEB_REQUEST_H_
#define PROMETHEUS_ASYNC_AIO_WEB_REQUEST_H_

#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "aio/http/headers.h"
#include "aio/http/query.h"
#include "aio/http/request_parser.h"
#include "aio/net/address.h"
#include "aio/web/match_info.h"

namespace prometheus_async::aio::web {

namespace asio = boost::asio;

// Where a request's body comes from.
class RequestBody {
 public:
  // The next piece, valid until the next call; empty at the end, and from then on.
  //
  // Throws HttpError 408, 413 or 400 for a body that is slow, large or malformed, and std::system_error if the client
  // is gone.
  virtual asio::awaitable<std::string_view> read_some() = 0;

 protected:
  ~RequestBody() = default;
};

// One request. Lives in the connection's frame until the handler has returned: views of it are good until then, and a
// handler does not keep it. Threads: the connection's.
class Request {
 public:
  // `head`, `peer` and `body` outlive the request. The connection, or a test, makes it.
  Request(const http::RequestHead& head, const net::Address& peer, bool is_secure, RequestBody& body)
      : head_(head), peer_(peer), is_secure_(is_secure), body_(body) {}

  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // A token in the client's own case: "GET".
  std::string_view method() const { return head_.method; }
  // 0 or 1 of HTTP/1.x.
  int minor_version() const { return head_.minor_version; }

  // As it came: "/caf%C3%A9?q=1"; its path: "/caf%C3%A9"; the same decoded: "/café".
  std::string_view target() const { return head_.target.raw(); }
  std::string_view raw_path() const { return head_.target.raw_path(); }
  std::string_view path() const { return head_.target.path(); }
  // As it came, without the `?`; and taken apart, at the first call.
  std::string_view query_string() const { return head_.target.query_string(); }
  const http::Query& query() const;

  const http::Headers& headers() const { return head_.headers; }
  // The host that was asked for: the target's, or else the Host field's, or else empty (HTTP/1.0).
  std::string_view host() const { return head_.host(); }

  // The values of the route's `{name}` segments, decoded.
  const MatchInfo& match_info() const { return match_info_; }
  // The template of the route, "/users/{name}", which is fit for a metric's label as the path is not. Empty if none
  // matched.
  std::string_view route() const { return match_info_.route(); }

  // The other end of the connection.
  const net::Address& peer() const { return peer_; }
  bool is_secure() const { return is_secure_; }

  // The whole body; more calls give it again. Throws as RequestBody::read_some. A body that no handler reads is
  // dropped.
  asio::awaitable<std::string_view> read();
  // The same as text. Throws HttpError 400 if it is not UTF-8.
  asio::awaitable<std::string> text();

 private:
  friend class Router;

  const http::RequestHead& head_;
  const net::Address& peer_;
  const bool is_secure_;
  RequestBody& body_;
  MatchInfo match_info_;
  mutable std::optional<http::Query> query_;
  std::optional<std::string> content_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_REQUEST_H_
