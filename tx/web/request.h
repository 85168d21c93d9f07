// SPDX-License-Identifier: Apache-2.0
//
// What a Resource is asked, and how it answers: at once, by what its render function returns, or over time.
//
//   tx::web::Body render_get(tx::web::Request& request) override {
//     request.set_header("Content-Type", "text/plain");
//     tx::defer_later(reactor, 5s).add_callback([&request] {
//       request.write("Sorry to keep you waiting.");
//       request.finish();
//     });
//     return tx::web::NOT_DONE_YET;
//   }
#ifndef PROMETHEUS_ASYNC_TX_WEB_REQUEST_H_
#define PROMETHEUS_ASYNC_TX_WEB_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "aio/http/headers.h"
#include "aio/http/query.h"
#include "aio/http/request_parser.h"
#include "aio/http/status.h"
#include "aio/net/address.h"
#include "aio/net/http_connection.h"
#include "aio/net/log.h"
#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/promise.h"

namespace prometheus_async::tx::web {

namespace asio = boost::asio;
namespace http = aio::http;
namespace net = aio::net;

// write() was called after finish().
class WriteAfterFinishError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// The client left before it had the whole answer. What notify_finish() and drained() fail with.
class ConnectionLostError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a request's failure goes by.
struct RequestSettings {
  // Gets a line for each failure.
  net::Log log = net::log_to_stderr;
  // Shows the client what the exception says.
  bool display_errors = false;
};

// One request and its answer. Its body was read before it is rendered.
//
// Lifetime: whoever returned NOT_DONE_YET calls finish() in the end, also when the client is gone: until then the
// request lives, and with it all that was viewed through it, so that a callback may hold a reference. After finish() it
// goes in a later turn of the loop. To use it later still, keep shared_from_this().
//
// Threads: the connection's, which is the reactor's.
// Semantics: twisted.web.server.Request, but that write() and finish() after the client has left are dropped.
class Request : public std::enable_shared_from_this<Request> {
 public:
  // The site makes it, or a test. `exchange` lives until the request is finished or has lost its connection.
  // Null settings: the defaults.
  explicit Request(net::HttpExchange& exchange, std::string content = {},
                   std::shared_ptr<const RequestSettings> settings = nullptr);
  ~Request();

  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // --- What was asked.

  // A token in the client's own case: "GET".
  std::string_view method() const { return head_->method; }
  // As it came: "/caf%C3%A9?q=1"; without the query: "/caf%C3%A9".
  std::string_view uri() const { return head_->target.raw(); }
  std::string_view path() const { return head_->target.raw_path(); }
  const http::Target& target() const { return head_->target; }
  // 0 or 1 of HTTP/1.x.
  int minor_version() const { return head_->minor_version; }

  // The segments of the path, decoded: those that led to the resource, and those that it has below it. For a resource
  // to read, and for one that routes to move from postpath to prepath. The path "/" has one segment, which is empty.
  std::vector<std::string>& prepath() { return prepath_; }
  std::vector<std::string>& postpath() { return postpath_; }

  const http::Headers& request_headers() const { return head_->headers; }
  // The last field of that name, as Twisted's.
  std::optional<std::string_view> get_header(std::string_view name) const;
  // The host that was asked for, with the port if there was one; empty in HTTP/1.0 without a Host field.
  std::string_view host() const { return head_->host(); }

  // The query's items and then those of an urlencoded body (Content-Type application/x-www-form-urlencoded).
  const http::Query& args() const;
  const std::string& content() const { return content_; }

  // The other end of the connection.
  const net::Address& client_address() const { return client_; }
  bool is_secure() const { return is_secure_; }
  // Where the connection's handlers run: for posting back to it from another thread.
  const asio::any_io_executor& get_executor() const { return executor_; }

  // --- The answer. Code and fields count until the first write() has gone out.

  void set_response_code(http::Status status) { status_ = status; }
  http::Status response_code() const { return status_; }
  // Makes this the only field of that name. Content-Length says how much will be written, and is held to: an answer
  // that turns out longer or shorter is cut off. Without one, an answer in pieces is chunked. Date, Connection (but for
  // `close`, which is obeyed) and Transfer-Encoding are the connection's own.
  void set_header(std::string_view name, std::string_view value) { headers_.set(name, value); }
  http::Headers& response_headers() { return headers_; }
  // A redirection to `url`; the body may say so too.
  void redirect(std::string_view url, http::Status status = 302);

  // Adds to the body. Kept until the client takes it: see drained(). Dropped in answer to HEAD, and if the client is
  // gone. Throws WriteAfterFinishError.
  void write(std::string_view bytes);
  // Ends the answer. A second call is a line in the log and nothing else.
  void finish();
  // Ends it with a page of 500 and a line in the log; cuts the connection if a part of another answer has gone out.
  void processing_failed(const Failure& failure);

  // Fires when the whole answer is with the system, or fails with ConnectionLostError when the client leaves before,
  // which is noticed at once, even while nothing is written. Any number of them.
  //
  // A client that shuts down its own side only, and waits for the answer, counts as gone, as in Twisted.
  Deferred<void> notify_finish();

  // Fires when all that was written is with the system: at once if it is so. A producer that waits for it before it
  // writes more goes as fast as the client. Fails with ConnectionLostError.
  //
  //   while (next(piece)) {
  //     request.write(piece);
  //     co_await request.drained();
  //   }
  Deferred<void> drained();
  // Bytes that are written and not yet with the system.
  std::size_t buffered() const { return out_.size() + in_flight_; }

  // Whether finish() was called, and whether the client left before the answer was complete.
  bool is_finished() const { return is_finished_; }
  bool is_disconnected() const { return is_lost_; }

  // Keeps an object until the request goes: the resource that renders it, for one.
  void keep(std::shared_ptr<const void> object) { kept_.push_back(std::move(object)); }

 private:
  friend class RequestChannel;

  void wake();
  void log(std::string_view what) const;
  // Puts a page of 500 in place of the answer. REQUIRES: !has_begun_.
  void put_error_page(std::string_view what);

  const http::RequestHead* head_;  // the connection's, until that goes first
  const net::Address client_;
  const bool is_secure_;
  const asio::any_io_executor executor_;
  const std::string content_;
  const std::shared_ptr<const RequestSettings> settings_;
  std::vector<std::string> prepath_;
  std::vector<std::string> postpath_;
  mutable std::optional<http::Query> args_;

  http::Status status_ = 200;
  http::Headers headers_;
  std::string out_;            // written, not yet being sent
  std::size_t in_flight_ = 0;  // being sent
  bool has_begun_ = false;     // the head has gone out, or is about to
  bool is_finished_ = false;
  bool is_cut_ = false;  // after a part of it: it failed
  bool is_lost_ = false;

  std::function<void()> on_change_;  // of the channel: there is something to send, or to end
  std::vector<Promise<void>> finish_waiters_;
  std::vector<Promise<void>> drain_waiters_;
  std::vector<std::shared_ptr<const void>> kept_;
  // Where head_ is when the connection has gone, or has gone on.
  std::optional<http::RequestParser> kept_head_;
  std::unique_ptr<const http::RequestHead> own_head_;
  std::shared_ptr<Request> self_;  // of one whose client is gone, until finish()
};

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_REQUEST_H_
