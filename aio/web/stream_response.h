// SPDX-License-Identifier: Apache-2.0
//
// An answer that a handler sends piece by piece, in its own coroutine.
//
//   asio::awaitable<web::Response> report(web::Request& request) {
//     web::StreamResponse stream(request, {.headers = {{"Content-Type", "text/csv"}}});
//     co_await stream.write("name,age\n");
//     co_await stream.write("ada,36\n");
//     co_return co_await stream.write_eof();
//   }
#ifndef PROMETHEUS_ASYNC_AIO_WEB_STREAM_RESPONSE_H_
#define PROMETHEUS_ASYNC_AIO_WEB_STREAM_RESPONSE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "aio/http/coding.h"
#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {

struct StreamOptions {
  Status status = 200;
  // Without a Content-Type there is none in the answer.
  Headers headers = {};
  // Bytes of the whole body, if they are known: more or fewer are an error then. Otherwise the body is chunked, or in
  // HTTP/1.0 ends with the connection.
  std::optional<std::uint64_t> content_length = {};
};

// The head goes out with the first piece, after on_response_prepare, and no middleware changes it: they see the answer
// when it has been sent. Each piece is with the system when its write() returns, so that a slow client slows its
// handler; ServerTimeouts::write bounds how long a client may take none.
//
// In answer to HEAD, and with 204 and 304, nothing is sent but the head: what is written goes nowhere, checked and
// counted for nothing. So an endless stream looks at is_open().
//
// Errors: std::logic_error for what comes too late; std::length_error for a body that is not as long as was said. A
// handler that throws after the first piece, or never calls write_eof(), has its connection reset, so that nobody takes
// the part for the whole; the exception is logged as ever.
//
// Threads: the connection's. One call at a time. Lifetime: within the handler that has the request.
// Semantics: aiohttp.web.StreamResponse, with codings by q-value, and flush().
class StreamResponse {
 public:
  explicit StreamResponse(Request& request, StreamOptions options = {});
  StreamResponse(const StreamResponse&) = delete;
  StreamResponse& operator=(const StreamResponse&) = delete;

  // To be changed until the head goes out.
  Headers& headers();
  void set_status(Status status);
  // Sends the body in gzip or zstd if the client prefers that, and says by Vary that it depends on it; the content
  // length that was given is void then. Not if the headers forbid it: Content-Encoding, `Cache-Control: no-transform`.
  //
  // An encoder keeps what is short for later: flush() where the client is to have it now.
  void enable_compression();

  // Sends the head alone, if it has not gone yet.
  asio::awaitable<void> prepare();
  bool is_prepared() const { return is_begun_; }

  // `piece` lives until it returns. An empty piece is none, but for the head.
  //
  // Throws std::system_error, connection_reset, when the client is gone: nothing of that is logged.
  asio::awaitable<void> write(std::string_view piece);
  // Sends what an encoder has kept. Throws as write().
  asio::awaitable<void> flush();
  // The end, and what the handler returns: the head that was sent, and Body::sent() with the bytes of the body. Does
  // not throw because the client is gone.
  asio::awaitable<Response> write_eof(std::string_view last = {});

  // Writes each piece that `next` gives, an awaitable of std::optional<std::string> or the like, until it gives none:
  // an async generator, or whatever else makes one thing after another. Then as write_eof(). `next` outlives the
  // result.
  //
  //   auto next = [&] { return rows.async_resume(asio::use_awaitable); };  // of asio::experimental::coro
  //   co_return co_await stream.write_from(next);
  template <class Next>
  asio::awaitable<Response> write_from(Next& next) {
    for (;;) {
      const auto piece = co_await next();
      if (!piece) break;
      co_await write(*piece);
      if (!is_open()) break;
    }
    co_return co_await write_eof();
  }

  // Whether what is written reaches anybody.
  bool is_open() const;

 private:
  void check_unprepared(std::string_view what) const;
  void begin();
  void choose_coding();
  asio::awaitable<void> put(std::string_view piece);
  asio::awaitable<void> put_encoded();
  void check_client() const;

  Request& request_;
  Response head_;
  std::optional<std::uint64_t> content_length_;
  bool wants_coding_ = false;
  bool is_begun_ = false;
  bool is_ended_ = false;
  bool has_body_;                                // the answer is of a kind that has one
  std::optional<http::ContentEncoder> encoder_;  // once begun
  std::string encoded_;
  std::uint64_t size_ = 0;  // of what was sent of the body
};

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_STREAM_RESPONSE_H_
