// SPDX-License-Identifier: Apache-2.0

#include "aio/net/file_watch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <utility>

namespace prometheus_async::aio::net {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
// Far above the grain of any file system's times but FAT's (Linux: 1 to 10 ms).
constexpr std::int64_t kSettledNanoseconds = kNanosecondsPerSecond;

std::int64_t nanoseconds_of(const timespec& time) { return time.tv_sec * kNanosecondsPerSecond + time.tv_nsec; }

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  const int number_;
};

}  // namespace

FileWatch::FileWatch(std::vector<std::string> paths) : signatures_(paths.size()) {
  for (std::string& path : paths) files_.push_back({.path = std::move(path), .content = {}, .error = 0});
}

FileWatch::Signature FileWatch::signature_of(const struct ::stat& status) {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t changed = nanoseconds_of(status.st_ctim);
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified_nanoseconds = nanoseconds_of(status.st_mtim),
          .changed_nanoseconds = changed,
          .is_settled = nanoseconds_of(now) - changed > kSettledNanoseconds};
}

FileWatch::Signature FileWatch::read(WatchedFile& file) {
  file.content.clear();
  file.error = 0;
  // O_NONBLOCK: a FIFO would wait for its writer.
  const FileDescriptor descriptor(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct ::stat status;
  if (descriptor.get() < 0 || ::fstat(descriptor.get(), &status) != 0) {
    file.error = errno;
    return {};
  }
  if (!S_ISREG(status.st_mode)) {
    file.error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    return {};
  }
  std::string content(kMaxSize + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(descriptor.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      file.error = errno;
      return {};
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxSize) {
    file.error = EFBIG;
    return {};
  }
  content.resize(size);
  content.shrink_to_fit();
  file.content = std::move(content);
  return signature_of(status);
}

bool FileWatch::look() {
  bool has_changed = std::exchange(is_first_, false);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    WatchedFile& file = files_[i];
    struct ::stat status;
    if (signatures_[i].is_settled && ::stat(file.path.c_str(), &status) == 0 &&
        signature_of(status) == signatures_[i]) {
      continue;
    }
    WatchedFile fresh{.path = file.path, .content = {}, .error = 0};
    signatures_[i] = read(fresh);
    if (fresh.content == file.content && fresh.error == file.error) continue;
    has_changed = true;
    file = std::move(fresh);
  }
  return has_changed;
}

}  // namespace prometheus_async::aio::net
