// SPDX-License-Identifier: Apache-2.0
//
// A file, or a directory and what is below it, as a resource.
//
//   root.put_child("static", tx::web::File("/srv/www/static"));
#ifndef PROMETHEUS_ASYNC_TX_WEB_FILE_H_
#define PROMETHEUS_ASYNC_TX_WEB_FILE_H_

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tx/web/resource.h"

namespace prometheus_async::tx::web {

struct FileOptions {
  // What a directory shows: the first of them that it has. Without one it is not found: there are no listings.
  std::vector<std::string> index_names = {"index.html", "index.htm"};
  // The type of a file whose extension says nothing. (Twisted's text/html would make a page of what was uploaded.)
  std::string default_type = "application/octet-stream";
  // Follows symbolic links below the path, wherever they lead, out of it too. Otherwise they are not found. The path
  // itself may be one.
  bool follow_symlinks = false;
};

// Answers GET and HEAD: 200, 304 to If-Modified-Since, 206 and 416 to Range (with If-Range; several ranges as
// multipart/byteranges, unless they are more than 16 or overlap to more than the file, which give the whole). A
// directory without its slash is redirected to the one with it.
//
// No path leads above the one that was given: each segment is opened in the directory before, and one that is "..", has
// a slash in it (%2F) or is empty is not found. Of what is no regular file only directories are looked into.
//
// A file is sent in pieces of 64 KiB as the client takes them; reading them from the disk holds the reactor up. One
// that shrinks meanwhile is cut off. Semantics: twisted.web.static.File.
class File : public Resource {
 public:
  // Nothing is opened before the first request.
  explicit File(std::filesystem::path path, FileOptions options = {})
      : path_(std::move(path)), options_(std::move(options)) {}

  bool is_leaf() const override { return true; }
  Body render_get(Request& request) override;

 private:
  const std::filesystem::path path_;
  const FileOptions options_;
};

// By the extension, in any case; empty for an unknown one. "text/css" for "a/b.css".
std::string_view guess_content_type(std::string_view name);

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_FILE_H_
