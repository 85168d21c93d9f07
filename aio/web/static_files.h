// SPDX-License-Identifier: Apache-2.0
//
// The files in a directory, as a route.
//
//   app.router().add_static("/static", "/usr/share/shop/static");
//   app.router().add_routes({web::static_files("/docs", docs, {.name = "docs"})});
//   app.router().url_for("docs", {{"filename", "guide/start.html"}});  // "/docs/guide/start.html"
#ifndef PROMETHEUS_ASYNC_AIO_WEB_STATIC_FILES_H_
#define PROMETHEUS_ASYNC_AIO_WEB_STATIC_FILES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "aio/web/route_def.h"

namespace prometheus_async::aio::web {

struct StaticOptions {
  // For url_for(), with the path behind the prefix as "filename". Empty: none.
  std::string name = {};
  // Follows symbolic links out of the directory. Whoever can make links in it then has the server read any file that
  // the server can read.
  bool break_symlink_sandbox = false;
  // A Cache-Control field for each answer, as "public, max-age=3600". Empty: none.
  std::string cache_control = {};
  // In bytes. A larger file is a 500 and a line in the log: a file is read whole before the answer goes out.
  std::uint64_t max_file_size = 64 << 20;
};

// Answers GET and HEAD of `PREFIX/{filename:.*}`, with the content type that the file's extension says, ETag and
// Last-Modified (its size and time), and 304 or 412 as http::evaluate_preconditions() says.
//
// 404: what is not there, or neither file nor directory; a path with empty segments or "..", or that leads out of the
// directory once all symbolic links are resolved. 403: a directory, of which no index is made, and what the server may
// not read.
//
// Files are looked up, opened and read on threads of net::offload(), never on the loop.
//
// Throws std::invalid_argument for a prefix that does not begin with /, or if `directory` is none. That is resolved
// now: a symbolic link that is changed later has no effect.
// Semantics: aiohttp's add_static without show_index, ranges and compressed siblings.
RouteDef static_files(std::string_view prefix, const std::string& directory, StaticOptions options = {});

}  // namespace prometheus_async::aio::web

#endif  // PROMETHEUS_ASYNC_AIO_WEB_STATIC_FILES_H_
