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

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "aio/http/headers.h"
#include "aio/http/query.h"
#include "aio/http/request_parser.h"
#include "aio/net/address.h"
#include "aio/web/app_key.h"
#include "aio/web/match_info.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::net {
class HttpExchange;
}  // namespace prometheus_async::aio::net

namespace prometheus_async::aio::web {

namespace asio = boost::asio;

class Application;

// One request. Lives in the connection's frame until the handler has returned: views of it are good until then, and a
// handler does not keep it. Threads: the connection's.
class Request {
 public:
  // Made by the connection, or by a test. `exchange` outlives it.
  explicit Request(net::HttpExchange& exchange);
  ~Request();

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

  // What the body is said to be, without parameters: "application/json". Empty where nothing is said.
  std::string_view content_type() const;

  // The application that the route was added to, which may be a sub-application.
  //
  // Throws std::logic_error where there is none: the request is not served by one.
  const Application& app() const;
  bool has_app() const { return app_ != nullptr; }

  // Values that belong to this request, as what a middleware found out for the handler.
  template <class T>
  T& set(const RequestKey<T>& key, T value) {
    return values_.set(key, std::move(value));
  }
  template <class T>
  T* find(const RequestKey<T>& key) const {
    return values_.find(key);
  }
  // Throws std::out_of_range that names the key if it was not set.
  template <class T>
  T& get(const RequestKey<T>& key) const {
    if (T* value = find(key)) return *value;
    throw std::out_of_range("the request has no value for the key \"" + std::string(key.name()) + "\"");
  }

  // The other end of the connection.
  const net::Address& peer() const { return peer_; }
  bool is_secure() const { return is_secure_; }

  // The next piece of the body as it comes, valid until the next call; empty at the end, and from then on. Nothing is
  // kept: who reads slowly slows the client.
  //
  // Throws HttpError 408, 413 or 400 for a body that is slow, larger than client_max_size or malformed,
  // std::system_error if the client is gone, and std::logic_error after read().
  asio::awaitable<std::string_view> read_some();
  // The whole body; more calls give it again. A body that no handler reads is dropped.
  //
  // Throws as read_some(), and HttpError 415 for a body with a Content-Encoding: no codings are undone here, and nobody
  // is to take such bytes for what they stand for. A handler that knows the coding reads them by read_some().
  asio::awaitable<std::string_view> read();
  // The same as text. Throws HttpError 400 if it is not UTF-8.
  asio::awaitable<std::string> text();
  // The same as the fields of a form, application/x-www-form-urlencoded: what an HTML form sends that has no files.
  // Throws HttpError 415 for another content type and 413 for more than kMostFormFields, and as read(). What is odd
  // within is read as http::parse_query() does.
  asio::awaitable<http::Query> post();
  // A field takes many times its one or two bytes of the body.
  static constexpr std::size_t kMostFormFields = 10'000;

  // Whether the client has gone, so that no answer reaches it. Seen by disconnected(), or when a write fails.
  bool is_disconnected() const;
  // Returns when the client has gone away, by closing its side too. Never otherwise: it is awaited by a coroutine of
  // its own beside the handler, and ends with operation_aborted when the handler has returned.
  //
  // REQUIRES: the body was read.
  asio::awaitable<void> disconnected();
  // The same for what is no coroutine: `callback` is called once if the client goes away, at once if it has gone, until
  // the handler has returned. Not before the body was read. May be called several times.
  void on_disconnect(std::function<void()> callback);

  // Whether the server waits for this answer to stop.
  bool is_stopping() const;

  // For what is built on requests, as a StreamResponse is.
  net::HttpExchange& exchange() { return exchange_; }

 private:
  friend class Application;
  friend class ApplicationService;
  struct Departure;

  Request(Request&&);  // into the frame of what answers, before any handler has seen it

  void watch();

  net::HttpExchange& exchange_;
  const http::RequestHead& head_;
  const net::Address& peer_;
  const bool is_secure_;
  bool is_body_read_;
  bool is_streamed_ = false;  // some of the body went out by read_some()
  bool is_watched_ = false;   // the connection tells departure_
  const Application* app_ = nullptr;
  MatchInfo match_info_;
  KeyedValues values_;
  mutable std::optional<http::Query> query_;
  std::optional<std::string> content_;
  std::unique_ptr<Response> unrouted_;  // what is answered where no route is
  std::shared_ptr<Departure> departure_;
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_REQUEST_H_
