// SPDX-License-Identifier: Apache-2.0
//
// The bytes of one answer, whole or in pieces: its head, its body, and what chunks add to that. Does no I/O.
//
//   ResponseWriter writer;
//   writer.begin(request_head, 200, {{"Content-Type", "text/plain"}}, std::nullopt, {.keep_alive = true});
//   send(writer.piece("hello"));  // "HTTP/1.1 200 OK...\r\n\r\n5\r\nhello\r\n"
//   send(writer.end());           // "0\r\n\r\n"
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_RESPONSE_WRITER_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_RESPONSE_WRITER_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aio/http/headers.h"
#include "aio/http/request_parser.h"
#include "aio/http/status.h"

namespace prometheus_async::aio::http {

// One answer after the other, with reset() between them: none begun, begun, complete.
//
// Without a length the body is chunked, or in HTTP/1.0 ends with the connection. No body is sent in answer to HEAD and
// with 1xx, 204 and 304: what is given is then dropped.
//
// Memory: one string, which is kept up to 4 KiB. A body or piece of up to 2 KiB is copied into it, behind what goes
// before, since one buffer is sent in less time than two; a larger one is left where it is.
class ResponseWriter {
 public:
  // To be sent in this order; each may be empty. Views of the writer and of the bytes given, until the next call.
  using Parts = std::array<std::string_view, 3>;

  struct Connection {
    // Whether another request may follow, as far as the connection is concerned.
    bool keep_alive = true;
    // The value of Date; empty writes none.
    std::string_view date = {};
  };

  // Makes the head, as append_response_head() does. The answer keeps the connection open if `connection` says so and
  // its body has an end of its own and `headers` do not say `Connection: close`.
  //
  // Throws std::logic_error if there is an answer already, and std::invalid_argument that names a malformed field: the
  // writer is as it was then.
  void begin(const RequestHead& request, Status status, const Headers& headers,
             std::optional<std::uint64_t> content_length, const Connection& connection);
  // The head and all of the body, whose size was told to begin(): the answer is complete.
  Parts whole(std::string_view body);
  // The next piece, with the head if it is the first. An empty one is the head alone.
  //
  // Throws std::length_error for more than the length that was told, and std::logic_error outside of begin() and end().
  Parts piece(std::string_view piece);
  // The end: the answer is complete.
  //
  // Throws std::length_error for less than the length that was told, and std::logic_error as piece().
  Parts end();
  // Forgets the answer.
  void reset();

  bool has_begun() const { return state_ != State::kNone; }
  bool is_complete() const { return state_ == State::kComplete; }
  // Whether another request may follow. Of an answer that has begun.
  bool keep_alive() const { return keep_alive_; }
  // Status line and fields as they were made, while nothing else was.
  std::string_view head() const { return out_; }

 private:
  enum class State { kNone, kBegun, kComplete };

  // What goes before a piece: nothing once the head is out.
  void start_piece();
  Parts with(std::string_view bytes, std::string_view after);

  State state_ = State::kNone;
  bool may_have_body_ = false;
  bool is_chunked_ = false;
  bool keep_alive_ = false;
  bool is_head_out_ = false;
  std::optional<std::uint64_t> left_;  // bytes still to come, if that was told
  std::string out_;
};

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_RESPONSE_WRITER_H_
