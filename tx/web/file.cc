// SPDX-License-Identifier: Apache-2.0

#include "tx/web/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <system_error>

#include "aio/http/ascii.h"
#include "aio/http/date.h"
#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/web/byte_ranges.h"
#include "tx/web/pages.h"
#include "tx/web/redirect.h"

namespace prometheus_async::tx::web {
namespace {

constexpr std::size_t kPiece = 64 * 1024;

struct TypeOfExtension {
  std::string_view extension;
  std::string_view type;
};

constexpr std::array kTypes = std::to_array<TypeOfExtension>({
    {"avif", "image/avif"},       {"css", "text/css"},        {"csv", "text/csv"},          {"gif", "image/gif"},
    {"htm", "text/html"},         {"html", "text/html"},      {"ico", "image/x-icon"},      {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},        {"js", "text/javascript"},  {"json", "application/json"}, {"md", "text/markdown"},
    {"mjs", "text/javascript"},   {"mp3", "audio/mpeg"},      {"mp4", "video/mp4"},         {"pdf", "application/pdf"},
    {"png", "image/png"},         {"svg", "image/svg+xml"},   {"tar", "application/x-tar"}, {"txt", "text/plain"},
    {"wasm", "application/wasm"}, {"webm", "video/webm"},     {"webp", "image/webp"},       {"woff", "font/woff"},
    {"woff2", "font/woff2"},      {"xml", "application/xml"}, {"zip", "application/zip"},
});

std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.find_last_of("./");
  return dot == std::string_view::npos || name[dot] == '/' ? std::string_view() : name.substr(dot + 1);
}

// A file descriptor, or none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

bool is_name(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." && segment.find('/') == std::string_view::npos &&
         segment.find('\0') == std::string_view::npos;
}

// O_NONBLOCK: opening a FIFO waits for nobody.
Descriptor open_at(int directory, const char* name, int flags) {
  return Descriptor(::openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags));
}

// What a path has led to.
struct Opened {
  Descriptor descriptor;
  struct stat status;
  std::string name;  // for the guess of the type

  bool is_directory() const { return S_ISDIR(status.st_mode); }
  bool is_file() const { return S_ISREG(status.st_mode); }
  std::uint64_t size() const { return static_cast<std::uint64_t>(status.st_size); }
  std::chrono::sys_seconds modified() const { return std::chrono::sys_seconds(std::chrono::seconds(status.st_mtime)); }
};

// nullopt with errno.
std::optional<Opened> open_file(int directory, const std::string& name, int flags) {
  Opened opened{open_at(directory, name.c_str(), flags), {}, name};
  if (!opened.descriptor || ::fstat(opened.descriptor.get(), &opened.status) != 0) return std::nullopt;
  return opened;
}

// A part of the answer: some text, and bytes of the file behind it.
struct Part {
  std::string head;
  ByteRange range;
};

// Reads on from `offset`; throws if the file has not so many bytes any more.
void read_exactly(const Descriptor& file, std::uint64_t offset, char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::pread(file.get(), to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::system_error(errno, std::system_category(), "reading a file to be sent");
    if (got == 0) throw std::runtime_error("a file shrank while it was sent");
    to += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
}

Deferred<void> send_parts(std::shared_ptr<Request> request, Descriptor file, std::vector<Part> parts, std::string end) {
  std::string piece;
  for (Part& part : parts) {
    request->write(part.head);
    while (part.range.size > 0) {
      piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(part.range.size, kPiece)));
      read_exactly(file, part.range.begin, piece.data(), piece.size());
      request->write(piece);
      part.range.begin += piece.size();
      part.range.size -= piece.size();
      Deferred<void> drained = request->drained();
      co_await std::move(drained);
    }
  }
  request->write(end);
  request->finish();
}

// The answer to one request for one file.
class Answer {
 public:
  Answer(Request& request, Opened opened) : request_(request), file_(std::move(opened)) {}

  Body operator()(const FileOptions& options) {
    const std::string modified = http::format_http_date(file_.modified());
    request_.set_header("Last-Modified", modified);
    request_.set_header("Accept-Ranges", "bytes");
    if (is_known()) {
      request_.set_response_code(304);
      return "";
    }
    set_type(options);
    const std::optional<std::string_view> range = request_.get_header("Range");
    const std::optional<std::string_view> condition = request_.get_header("If-Range");
    if (!range || request_.method() != "GET" || (condition && *condition != modified)) return whole();
    const std::optional<std::vector<ByteRange>> ranges = parse_byte_ranges(*range, file_.size());
    if (!ranges) return whole();
    if (ranges->empty()) return none();
    return ranges->size() == 1 ? one(ranges->front()) : several(*ranges);
  }

 private:
  bool is_known() const {
    const std::optional<std::string_view> since = request_.get_header("If-Modified-Since");
    if (!since) return false;
    const std::optional<std::chrono::sys_seconds> time = http::parse_http_date(*since);
    return time && file_.modified() <= *time;
  }

  void set_type(const FileOptions& options) {
    std::string_view name = file_.name;
    const std::string_view extension = extension_of(name);
    if (http::ascii_iequals(extension, "gz") || http::ascii_iequals(extension, "bz2")) {
      const std::string_view inner = name.substr(0, name.size() - extension.size() - 1);
      if (!guess_content_type(inner).empty()) {
        request_.set_header("Content-Encoding", extension.size() == 2 ? "gzip" : "bzip2");
        name = inner;
      }
    }
    const std::string_view guess = guess_content_type(name);
    type_ = guess.empty() ? options.default_type : std::string(guess);
    request_.set_header("Content-Type", type_);
  }

  std::string content_range(const ByteRange& range) const {
    return "bytes " + std::to_string(range.begin) + "-" + std::to_string(range.begin + range.size - 1) + "/" +
           std::to_string(file_.size());
  }

  Body whole() { return send({{"", {0, file_.size()}}}, ""); }

  Body none() {
    request_.set_response_code(416);
    request_.set_header("Content-Range", "bytes */" + std::to_string(file_.size()));
    return "";
  }

  Body one(const ByteRange& range) {
    request_.set_response_code(206);
    request_.set_header("Content-Range", content_range(range));
    return send({{"", range}}, "");
  }

  Body several(const std::vector<ByteRange>& ranges) {
    std::random_device random;
    const std::string boundary =
        "prometheus-async-" + std::to_string(random()) + std::to_string(random()) + std::to_string(random());
    std::vector<Part> parts;
    for (const ByteRange& range : ranges) {
      parts.push_back({"\r\n--" + boundary + "\r\nContent-Type: " + type_ +
                           "\r\nContent-Range: " + content_range(range) + "\r\n\r\n",
                       range});
    }
    request_.set_response_code(206);
    request_.set_header("Content-Type", "multipart/byteranges; boundary=" + boundary);
    return send(std::move(parts), "\r\n--" + boundary + "--\r\n");
  }

  Body send(std::vector<Part> parts, std::string end) {
    std::uint64_t size = end.size();
    for (const Part& part : parts) size += part.head.size() + part.range.size;
    request_.set_header("Content-Length", std::to_string(size));
    if (request_.method() == "HEAD") {
      request_.finish();
      return NOT_DONE_YET;
    }
    const std::shared_ptr<Request> request = request_.shared_from_this();
    Deferred<void> sending = send_parts(request, std::move(file_.descriptor), std::move(parts), std::move(end));
    sending.add_errback([request](Failure&& failure) {
      if (failure.check<ConnectionLostError>() != nullptr) {
        request->finish();
      } else {
        request->processing_failed(failure);
      }
    });
    return NOT_DONE_YET;
  }

  Request& request_;
  Opened file_;
  std::string type_;
};

// Why there is nothing to send: what is not to be seen looks like what is not there.
Body absent(Request& request, int error) {
  if (error == EACCES || error == EPERM) return forbidden().render(request);
  if (error == EMFILE || error == ENFILE || error == ENOMEM || error == EIO) {
    throw std::system_error(error, std::system_category(), "opening a file to be sent");
  }
  return not_found().render(request);
}

}  // namespace

std::string_view guess_content_type(std::string_view name) {
  const std::string_view extension = extension_of(name);
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeOfExtension& each) {
    return http::ascii_iequals(each.extension, extension);
  });
  return found != kTypes.end() ? found->type : std::string_view();
}

Body File::render_get(Request& request) {
  const int no_links = options_.follow_symlinks ? 0 : O_NOFOLLOW;
  std::optional<Opened> opened = open_file(AT_FDCWD, path_.string(), 0);
  const std::vector<std::string>& segments = request.postpath();
  const bool has_slash = segments.empty() ? request.path().ends_with('/') : segments.back().empty();
  const std::size_t names = segments.size() - (has_slash && !segments.empty() ? 1 : 0);
  for (std::size_t i = 0; i < names && opened; ++i) {
    if (!is_name(segments[i])) return not_found().render(request);
    opened = open_file(opened->descriptor.get(), segments[i], no_links);
  }
  if (!opened) return absent(request, errno);
  if (opened->is_file() && !has_slash) return Answer(request, *std::move(opened))(options_);
  if (!opened->is_directory()) return not_found().render(request);
  if (!has_slash) {
    if (request.path().starts_with("//")) return not_found().render(request);  // would name another host
    const std::string_view query = request.target().query_string();
    return redirect_to(std::string(request.path()) + "/" + (query.empty() ? "" : "?" + std::string(query)), request);
  }
  for (const std::string& name : options_.index_names) {
    std::optional<Opened> index = open_file(opened->descriptor.get(), name, no_links);
    if (index && index->is_file()) return Answer(request, *std::move(index))(options_);
  }
  return not_found().render(request);
}

}  // namespace prometheus_async::tx::web
