// SPDX-License-Identifier: Apache-2.0
#include "exposition/textfile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

#include "exposition/render.h"

namespace prometheus_async::exposition {
namespace {

constexpr mode_t kMode = 0644;

// Beside the target, since a rename does not leave a file system. Gone with this object unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target)
      : target_(target.string()), path_(target_ + ".XXXXXX"), fd_(::mkostemp(path_.data(), O_CLOEXEC)) {
    if (fd_ < 0) fail("cannot create a file beside it");
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!renamed_) ::unlink(path_.c_str());
  }

  void write(std::string_view page) {
    while (!page.empty()) {
      const ssize_t written = ::write(fd_, page.data(), page.size());
      if (written < 0 && errno != EINTR) fail("cannot write");
      if (written > 0) page.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void replace_target() {
    if (::fchmod(fd_, kMode) != 0) fail("cannot set the permissions");
    if (::fsync(fd_) != 0) fail("cannot write to the disk");
    const int fd = fd_;
    fd_ = -1;
    if (::close(fd) != 0) fail("cannot close");
    if (std::rename(path_.c_str(), target_.c_str()) != 0) fail("cannot rename to it");
    renamed_ = true;
  }

 private:
  [[noreturn]] void fail(const char* step) const {
    throw std::system_error(errno, std::generic_category(), target_ + ": " + step);
  }

  std::string target_;
  std::string path_;
  int fd_;
  bool renamed_ = false;
};

}  // namespace

void write_to_textfile(const metrics::Registry& registry, const std::filesystem::path& path) {
  const Page page = render(registry);
  TemporaryFile file(path);
  file.write(page.body);
  file.replace_target();
}

}  // namespace prometheus_async::exposition
