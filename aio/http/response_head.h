// SPDX-License-Identifier: Apache-2.0
//
// Writes the head of a response: status line, fields, empty line.
//
//   std::string out;
//   append_response_head(out, 200, {{"Content-Type", "text/plain"}}, {.content_length = 5});
//   out += "hello";
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_RESPONSE_HEAD_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_RESPONSE_HEAD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aio/http/headers.h"
#include "aio/http/status.h"

namespace prometheus_async::aio::http {

// What the connection, not the handler, says about a response.
struct ResponseFraming {
  // Bytes of the body, of the one that GET would have in an answer to HEAD; nullopt writes no Content-Length. Written
  // only if the status allows it.
  std::optional<std::uint64_t> content_length = std::nullopt;
  // The body comes in chunks. Written only if the status allows it; for HTTP/1.1, and without a content_length.
  bool chunked = false;
  // Whether another request may follow, and whether to say so in words, which HTTP/1.0 needs.
  bool keep_alive = true;
  bool is_http10 = false;
  // The value of Date; empty writes none.
  std::string_view date = {};
};

// Appends to `out`. The fields Connection, Content-Length, Date and Transfer-Encoding come from `framing`: those in
// `headers` are left out.
//
// Throws std::invalid_argument that names the field, and appends nothing, if a name is no token or a value has a
// control byte other than the tab: so no value can begin a line of its own (response splitting).
void append_response_head(std::string& out, Status status, const Headers& headers, const ResponseFraming& framing);

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_RESPONSE_HEAD_H_
