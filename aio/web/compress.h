// SPDX-License-Identifier: Apache-2.0
//
// Answers in gzip or zstd for the clients that take it.
//
//   web::Application app;
//   app.use(web::compress());
#ifndef PROMETHEUS_ASYNC_AIO_WEB_COMPRESS_H_
#define PROMETHEUS_ASYNC_AIO_WEB_COMPRESS_H_

#include <cstddef>
#include <functional>
#include <string_view>

#include "aio/web/middleware.h"

namespace prometheus_async::aio::web {

// Text of any kind, JSON, XML, JavaScript, SVG, WebAssembly: what is not compressed by its own format. `content_type`
// is the field's value, with parameters.
bool is_compressible(std::string_view content_type);

struct CompressOptions {
  // Bytes below which a body stays as it is: in a single packet nothing is gained.
  std::size_t min_size = 1024;
  // Of which content types; an answer without one stays as it is.
  std::function<bool(std::string_view content_type)> is_compressible = web::is_compressible;
};

// By the q-values of Accept-Encoding, zstd before gzip where they are equal, and identity for who names neither. What
// could be compressed says `Vary: Accept-Encoding`, whatever the client takes, and a compressed answer's ETag is made
// weak. HEAD gets the same head as GET.
//
// Left alone are answers that have a Content-Encoding or are a part of one (206), with `Cache-Control: no-transform`,
// without a body, or streamed: a StreamResponse compresses itself. A shared body is not touched, but compressed anew
// for each answer.
//
// Cost: for a megabyte of text some milliseconds, in turns of 64 KiB, so that other connections go on.
// Security: a page that shows a secret beside what an attacker may choose tells of the secret by its size (BREACH).
//
// Throws std::invalid_argument if there is no `is_compressible`.
Middleware compress(CompressOptions options = {});

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_COMPRESS_H_
