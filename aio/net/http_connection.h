// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1 on one connection: requests in, answers out, in order, until one side has enough. What answers them is behind
// an interface of one request and its answer, so that servers of different shapes share this one engine.
//
//   class Hello final : public net::HttpService {
//    public:
//     using HttpService::HttpService;
//     asio::awaitable<void> answer(net::HttpExchange& exchange) override {
//       return exchange.respond(200, headers_, "hello");
//     }
//
//    private:
//     const http::Headers headers_{{"Content-Type", "text/plain"}};
//   };
#ifndef PROMETHEUS_ASYNC_AIO_NET_HTTP_CONNECTION_H_
#define PROMETHEUS_ASYNC_AIO_NET_HTTP_CONNECTION_H_

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "aio/http/date.h"
#include "aio/http/headers.h"
#include "aio/http/request_parser.h"
#include "aio/http/status.h"
#include "aio/net/address.h"
#include "aio/net/connection_group.h"
#include "aio/net/deadlines.h"
#include "aio/net/http_options.h"
#include "aio/net/socket.h"
#include "aio/net/turns.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace prometheus_async::aio::net {

// The body of a request that is slow (408), too large (413) or malformed (400).
class BadBody : public std::exception {
 public:
  // `reason` is safe to show.
  BadBody(http::Status status, std::string_view reason) : status_(status), reason_(reason) {}

  http::Status status() const { return status_; }
  const char* what() const noexcept override { return reason_.c_str(); }

 private:
  http::Status status_;
  std::string reason_;
};

// One request and its answer. Made by the connection, or by a test.
//
// The answer is either respond(), or begin(), any number of write() and finish(), each awaited before the next. It
// never fails because the client is gone: is_lost() tells, and there is nothing more to do then. One that is begun and
// not finished is cut off by a reset, so that nobody takes the part for the whole.
//
// Threads: the connection's.
class HttpExchange {
 public:
  // Valid until answer() has returned, or longer: see release().
  virtual const http::RequestHead& head() const = 0;
  virtual const Address& peer() const = 0;
  virtual bool is_secure() const = 0;
  virtual asio::any_io_executor get_executor() = 0;

  // The next piece of the request's body, valid until the next call; empty at the end, and from then on. To be read
  // before the answer begins: what was not read by then is dropped, and closes the connection if it had not come yet.
  //
  // Throws BadBody, and std::system_error if the client is gone.
  virtual asio::awaitable<std::string_view> read_some() = 0;

  // Answers in one piece. The fields Connection (but for `close`, which is obeyed), Content-Length, Date and
  // Transfer-Encoding are the connection's own: those in `headers` are left out. No body is sent in answer to HEAD and
  // with 1xx, 204 and 304. `body` outlives the result.
  //
  // Throws, at the call, std::invalid_argument that names a malformed header field, and std::logic_error if there was
  // an answer already; nothing is sent then.
  virtual asio::awaitable<void> respond(http::Status status, const http::Headers& headers, std::string_view body) = 0;

  // Begins an answer in pieces; the head goes out with the first of them. Without a length the body is chunked, or in
  // HTTP/1.0 ends with the connection. Throws as respond().
  virtual void begin(http::Status status, const http::Headers& headers,
                     std::optional<std::uint64_t> content_length = std::nullopt) = 0;
  // Returns once all of `piece` is with the system: a slow reader slows its writer. An empty one sends the head alone.
  //
  // Throws, at the call, std::length_error for more than `content_length`: nothing of this piece is sent.
  virtual asio::awaitable<void> write(std::string_view piece) = 0;
  // Throws, at the call, std::length_error for less than `content_length`.
  virtual asio::awaitable<void> finish() = 0;

  // Answers in one piece at the call, and there is nothing to await: what the system does not take at once is copied,
  // and sent after answer() has returned. So this is for answers that a copy of is no harm; it costs a
  // coroutine frame less. Otherwise as respond().
  virtual void respond_now(http::Status status, const http::Headers& headers, std::string_view body) = 0;

  // Bytes of this answer that the system has taken so far, its head and what chunks add to it included. They may be on
  // their way yet.
  virtual std::uint64_t bytes_sent() const = 0;

  // From now on until answer() returns, `callback` is called once if the client goes away, at once if it is gone: by
  // closing its side too, which cannot be told apart from leaving. To see it the connection reads ahead, up to 16 KiB
  // of further requests, which are answered in their turn; a client that has sent more is noticed when a write fails.
  //
  // REQUIRES: the body was read.
  virtual void on_disconnect(std::function<void()> callback) = 0;
  // Whether the client is gone: nothing that is written reaches it.
  virtual bool is_lost() const = 0;

  // From now on until answer() returns, `callback` is called once when the server is asked to stop, at once if it was:
  // for answers that would go on for ever, which are to end now.
  virtual void on_stop(std::function<void()> callback) = 0;
  // Whether the server was asked to stop: this answer is its connection's last.
  virtual bool is_stopping() const = 0;

  // Whether an exception that leaves the handling is to be made an answer, a 500, there: not where an answer has begun,
  // the client is gone or the connection was cancelled; then it is let through to the connection, or the test.
  virtual bool takes_failures() const { return false; }

  // Takes the head out of a connection that is over: its address and all views of it stay as they are.
  //
  // REQUIRES: is_lost(), or answer() is being left by an exception of its cancellation or by its frame's end. Nothing
  // of *this is called afterwards.
  virtual http::RequestParser release() = 0;

 protected:
  ~HttpExchange() = default;
};

// What answers the requests of a server's connections, and what these share. Used on one thread. Each connection keeps
// it alive, so that it outlives them even if the server object and the program's io_context go in an odd order.
class HttpService {
 public:
  HttpService(const asio::any_io_executor& executor, HttpOptions http_options)
      : options_(std::move(http_options)), deadlines_(executor), turns_(executor) {}
  virtual ~HttpService() = default;

  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;

  // Is called before the body has come, and awaited; several may be under way at once. A service that has the answer at
  // hand gives it by respond_now() at the call, makes no coroutine, and returns an awaitable that is not valid(). What
  // it throws is a line of the log and, if nothing was sent, a 500; BadBody is its own status and no line. Without any
  // answer: a 500 too.
  virtual asio::awaitable<void> answer(HttpExchange& exchange) = 0;

  // Told of what never became a request: malformed, a head that is too large or too slow, HTTP where TLS is spoken. It
  // is answered with `error.status` and its connection ends. Must not throw.
  virtual void on_refused(const Address& /*peer*/, const http::ParseError& /*error*/) {}

  const HttpOptions& options() const { return options_; }
  // A line of the log: "GET /path: what".
  void log_failure(const http::RequestHead& head, std::string_view what) const;
  // The value of Date, valid until the next call.
  std::string_view date();

 private:
  friend class HttpConnection;

  const HttpOptions options_;
  Deadlines deadlines_;
  Turns turns_;
  http::DateCache date_;
};

// Serves one client. Ends when the connection is closed. Never throws but for its own cancellation, which the group's
// abort() is. With `tls`, HTTPS.
//
// The coroutine's frame owns socket, buffer and parser.
asio::awaitable<void> serve_http(std::shared_ptr<HttpService> service, Socket socket,
                                 std::shared_ptr<asio::ssl::context> tls, ConnectionGroup::Seat& seat);

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_HTTP_CONNECTION_H_
