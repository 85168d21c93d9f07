// SPDX-License-Identifier: Apache-2.0
#include "sd/internal/target_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <random>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace prometheus_async::sd::internal {
namespace {

constexpr mode_t kMode = 0644;  // Prometheus runs as another user

// In the same folder, since a rename does not leave a file system.
std::string temporary_name(const std::string& name) {
  std::random_device random;
  return absl::StrCat(".", name, ".", absl::Hex(random(), absl::kZeroPad8));
}

bool is_same(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

}  // namespace

TargetFile::TargetFile(std::string folder, const std::string& name)
    : folder_(std::move(folder)), name_(name), path_(absl::StrCat(folder_, folder_.ends_with('/') ? "" : "/", name)) {}

TargetFile::~TargetFile() {
  const int fd = fd_;
  if (fd >= 0) ::close(fd);
}

void TargetFile::fail(const char* step) const {
  throw std::system_error(errno, std::generic_category(), absl::StrCat(path_, ": ", step));
}

int TargetFile::open_folder() const {
  const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) fail("cannot open its folder");
  return folder;
}

void TargetFile::write(std::string_view content) {
  const int folder = open_folder();
  const absl::Cleanup close_folder = [folder] { ::close(folder); };
  write_to(folder, temporary_name(name_), content);
  if (::fsync(folder) == 0) return;
  const int error = errno;
  ::unlinkat(folder, name_.c_str(), 0);
  errno = error;
  fail("cannot bring its folder to the disk");
}

void TargetFile::write_to(int folder, const std::string& temporary, std::string_view content) {
  const int fd = ::openat(folder, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  if (fd < 0) fail("cannot create a file beside it");
  absl::Cleanup give_up = [&] {
    ::close(fd);
    ::unlinkat(folder, temporary.c_str(), 0);
  };
  const auto require = [&](bool succeeded, const char* step) {
    if (!succeeded) fail(step);
  };
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    require(written >= 0 || errno == EINTR, "cannot write");
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
  require(::fsync(fd) == 0, "cannot bring it to the disk");
  require(::renameat(folder, temporary.c_str(), folder, name_.c_str()) == 0, "cannot rename to it");
  std::move(give_up).Cancel();
  fd_ = fd;
}

bool TargetFile::is_there() const noexcept {
  const int fd = fd_;
  struct stat ours = {};
  return fd >= 0 && !is_removed_ && ::fstat(fd, &ours) == 0 && ours.st_nlink > 0;
}

void TargetFile::remove() {
  const int fd = fd_;
  if (fd < 0) return;
  struct stat ours = {};
  struct stat there = {};
  if (::fstat(fd, &ours) != 0) fail("cannot be looked at");
  if (::lstat(path_.c_str(), &there) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) fail("cannot be looked at");
  } else if (is_same(ours, there)) {
    const int folder = open_folder();
    const absl::Cleanup close_folder = [folder] { ::close(folder); };
    if (::unlinkat(folder, name_.c_str(), 0) != 0 && errno != ENOENT) fail("cannot remove");
    is_removed_ = true;  // NFS keeps what is open under another name
    if (::fsync(folder) != 0) fail("cannot bring its folder to the disk");
  }
  is_removed_ = true;
}

}  // namespace prometheus_async::sd::internal
