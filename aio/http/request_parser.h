// SPDX-License-Identifier: Apache-2.0
//
// Turns the bytes of a connection into requests, strictly: what two servers could read in two ways is refused. Does no
// I/O.
//
//   RequestParser parser;
//   std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
//   RequestParser::Result result = parser.parse(bytes);  // .event == Event::kHead
//   bytes.erase(0, result.consumed);
//   parser.head().target.path();                         // "/"
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_REQUEST_PARSER_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_REQUEST_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aio/http/headers.h"
#include "aio/http/status.h"
#include "aio/http/target.h"

namespace prometheus_async::aio::http {

// What a request may cost. Each bound is the largest size that passes, in bytes unless it says otherwise.
struct RequestLimits {
  // The request line without its line end. Past it: 414. As in nginx and aiohttp.
  std::size_t request_line = 8 * 1024;
  // All field lines with their line ends, the empty line included. Past it: 431.
  std::size_t header_block = 16 * 1024;
  // One field line without its line end. Past it: 431.
  std::size_t field_line = 8 * 1024;
  // Number of fields. Past it: 431.
  std::size_t fields = 100;
  // The body, without what chunks add to it. Past it: 413, behind the head, which says whose body it is. aiohttp's
  // client_max_size.
  std::uint64_t body = 1024 * 1024;
  // The line before a chunk, size and extensions, without its line end. Past it: 400.
  std::size_t chunk_line = 256;
  // The fields after the last chunk, with line ends and the empty line. Past it: 400.
  std::size_t trailer_block = 4 * 1024;
  // Number of fields after the last chunk. Past it: 400.
  std::size_t trailer_fields = 16;
};

// The request line and the fields, and what follows from them for the connection.
struct RequestHead {
  std::string method;  // a token, case kept
  Target target;
  int minor_version = 1;  // of HTTP/1.x: 0 or 1
  Headers headers;
  bool keep_alive = true;         // what the client wants, by version and Connection
  bool expects_continue = false;  // waits for 100 Continue before it sends the body
  bool chunked = false;
  std::uint64_t content_length = 0;  // 0 without a body, and if chunked

  // The host that was asked: the target's, or else the Host field's, or else "".
  std::string_view host() const;
};

// Why a request was refused: the status to answer before closing, and the reason in words that are safe to show.
struct ParseError {
  Status status;
  std::string_view reason;  // static text
};

// Reads one request after the other.
//
// What is refused, with 400 unless another status is given: bare LF or CR; folded lines; more than one empty line
// before the request line; a target that Target refuses; HTTP/0.9, 1.2 and the like (505); no Host in HTTP/1.1, two of
// them, a malformed one; Transfer-Encoding together with Content-Length, in HTTP/1.0, twice, or as anything else than
// the one word `chunked` (another coding alone: 501); Content-Length that is repeated, a list, signed, padded or
// too large; chunk sizes of other than 1 to 16 hexadecimal digits; control bytes in chunk extensions; an Expect other
// than 100-continue (417); what is past a limit. Trailer fields are checked and dropped.
//
// A parser that has refused a request refuses everything after it: the place where the next one begins is unknown.
// Threads: one at a time. Memory: a copy of the head; never a copy of the body.
class RequestParser {
 public:
  enum class Event {
    kNeedMore,  // call again with what was not consumed and at least one byte more
    kHead,      // head() is there
    kBody,      // a piece of the body
    kComplete,  // the request is over; reset() before the next
    kError,     // see error()
  };

  struct Result {
    Event event;
    std::size_t consumed;   // bytes that the caller drops, with any event
    std::string_view body;  // of kBody: not empty, part of the bytes given
  };

  explicit RequestParser(const RequestLimits& limits = {});
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  // Reads on to the next event. Each call begins with the first byte that was not consumed. What was not consumed is
  // never more than a line of the largest size that passes, and its end.
  Result parse(std::string_view bytes);

  // Makes ready for the next request and forgets head(); keeps its memory, up to 8 KiB.
  void reset();

  // Says something once kHead was returned, until reset().
  const RequestHead& head() const;
  // REQUIRES: kError was returned.
  const ParseError& error() const;
  // Whether a byte of a request line was seen since the last reset().
  bool has_begun() const;
  // Whether kComplete is due or was returned.
  bool is_complete() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_REQUEST_PARSER_H_
