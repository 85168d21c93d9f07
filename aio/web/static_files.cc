// SPDX-License-Identifier: Apache-2.0

#include "aio/web/static_files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"

#include "aio/http/ascii.h"
#include "aio/http/conditional.h"
#include "aio/http/date.h"
#include "aio/http/headers.h"
#include "aio/net/offload.h"
#include "aio/web/http_error.h"
#include "aio/web/request.h"
#include "aio/web/response.h"

namespace prometheus_async::aio::web {
namespace {

constexpr std::string_view kDefaultType = "application/octet-stream";

// By extension, sorted. Text is taken to be UTF-8.
constexpr std::array<std::pair<std::string_view, std::string_view>, 38> kTypes = {{
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/vnd.microsoft.icon"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"log", "text/plain; charset=utf-8"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"ogg", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xml", "application/xml"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
}};
static_assert(std::is_sorted(kTypes.begin(), kTypes.end()));

std::string_view content_type(std::string_view path) {
  const std::string_view file = path.substr(path.rfind('/') + 1);
  const std::size_t dot = file.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return kDefaultType;
  std::string extension(file.substr(dot + 1));
  std::transform(extension.begin(), extension.end(), extension.begin(), http::ascii_lower);
  const auto found = std::lower_bound(kTypes.begin(), kTypes.end(), extension,
                                      [](const auto& entry, const std::string& key) { return entry.first < key; });
  return found != kTypes.end() && found->first == extension ? found->second : kDefaultType;
}

// What a file is asked for with. Owned: its request may be gone before the file is read.
struct FileRequest {
  explicit FileRequest(const Request& request) : path(request.match_info()["filename"]), method(request.method()) {
    for (const std::string_view name : {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"}) {
      for (const std::string_view value : request.headers().get_all(name)) conditions.add(name, value);
    }
  }

  std::string path;
  std::string method;
  http::Headers conditions;
};

// No segment is empty, but for the last, or leads upwards.
bool is_plain_path(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (segment == "." || segment == ".." || segment.find('\0') != std::string_view::npos) return false;
    if (slash == std::string_view::npos) return true;
    if (segment.empty()) return false;
    path.remove_prefix(slash + 1);
  }
}

// Empty, and errno, if there is no such file.
std::string resolve(const std::string& path) {
  const std::unique_ptr<char, decltype(&::free)> resolved(::realpath(path.c_str(), nullptr), &::free);
  return resolved ? std::string(resolved.get()) : std::string();
}

// For errno, of a file that cannot be opened.
[[noreturn]] void refuse(const std::string& path) {
  switch (errno) {
    case EACCES:
    case EPERM: throw HttpError(403);
    case ELOOP:
    case ENAMETOOLONG:
    case ENOENT:
    case ENOTDIR:
    case ENXIO: throw HttpError(404);
    default: throw std::system_error(errno, std::generic_category(), path);
  }
}

http::Validators make_validators(const struct stat& status) {
  const std::chrono::sys_seconds modified{std::chrono::seconds(status.st_mtim.tv_sec)};
  const auto nanoseconds = status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec;
  return {.etag = http::EntityTag{std::to_string(nanoseconds) + '-' + std::to_string(status.st_size)},
          .last_modified = modified};
}

class StaticFiles {
 public:
  StaticFiles(std::string root, StaticOptions options) : root_(std::move(root)), options_(std::move(options)) {}

  // On a thread of its own: every call here may take as long as a disk takes.
  Response answer(const FileRequest& request) const {
    if (!is_plain_path(request.path)) throw HttpError(404);
    const std::string resolved = resolve(root_ + '/' + request.path);
    if (resolved.empty()) refuse(request.path);
    if (!options_.break_symlink_sandbox && !is_within(resolved)) throw HttpError(404);
    // Not waiting for the other end of a pipe; and what is a link now was put there since.
    const int file = ::open(resolved.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) refuse(resolved);
    const absl::Cleanup close = [file] { ::close(file); };
    struct stat status;
    if (::fstat(file, &status) != 0) refuse(resolved);
    if (S_ISDIR(status.st_mode)) throw HttpError(403);
    if (!S_ISREG(status.st_mode)) throw HttpError(404);

    const http::Validators validators = make_validators(status);
    const http::Precondition condition = http::evaluate_preconditions(request.method, request.conditions, validators);
    if (condition == http::Precondition::kFailed) throw HttpError(412);
    Response response;
    response.headers.set("ETag", validators.etag->to_string());
    response.headers.set("Last-Modified", http::format_http_date(*validators.last_modified));
    if (!options_.cache_control.empty()) response.headers.set("Cache-Control", options_.cache_control);
    if (condition == http::Precondition::kNotModified) {
      response.status = 304;
      return response;
    }
    response.headers.set("Content-Type", content_type(resolved));
    response.body = content(file, static_cast<std::uint64_t>(status.st_size), resolved);
    return response;
  }

 private:
  bool is_within(std::string_view resolved) const {
    if (root_ == "/" || resolved == root_) return true;
    return resolved.starts_with(root_) && resolved[root_.size()] == '/';
  }

  std::string content(int file, std::uint64_t size, const std::string& name) const {
    if (size > options_.max_file_size) {
      throw std::runtime_error(name + ": " + std::to_string(size) + " bytes, more than max_file_size");
    }
    std::string text(size, '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
      const ssize_t got = ::read(file, text.data() + filled, text.size() - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw std::system_error(errno, std::generic_category(), name);
      if (got == 0) break;  // it was cut short meanwhile
      filled += static_cast<std::size_t>(got);
    }
    text.resize(filled);
    return text;
  }

  const std::string root_;  // without symbolic links
  const StaticOptions options_;
};

asio::awaitable<Response> serve(std::shared_ptr<const StaticFiles> files, Request& request) {
  auto answer = [files = std::move(files), asked = FileRequest(request)] { return files->answer(asked); };
  co_return co_await net::offload(std::move(answer));
}

}  // namespace

RouteDef static_files(std::string_view prefix, const std::string& directory, StaticOptions options) {
  const auto reject = [&](const std::string& rule) {
    throw std::invalid_argument("static files at \"" + std::string(prefix) + "\": " + rule);
  };
  if (!prefix.starts_with('/')) reject("the prefix does not begin with /");
  if (prefix.find_first_of("{}") != std::string_view::npos) reject("the prefix has no names");
  const std::string root = resolve(directory);
  struct stat status;
  if (root.empty() || ::stat(root.c_str(), &status) != 0) {
    reject(directory + ": " + std::generic_category().message(errno));
  }
  if (!S_ISDIR(status.st_mode)) reject(directory + " is no directory");

  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  std::string name = std::move(options.name);
  auto files = std::make_shared<const StaticFiles>(root, std::move(options));
  return get(std::string(prefix) + "/{filename:.*}",
             [files = std::move(files)](Request& request) { return serve(files, request); }, {.name = std::move(name)});
}

}  // namespace prometheus_async::aio::web
