// SPDX-License-Identifier: Apache-2.0
//
// A few small files, read again whenever they have changed: certificates, a configuration.
//
//   net::FileWatch watch({"server.pem", "server.key"});
//   if (watch.look()) use(watch.files());
#ifndef PROMETHEUS_ASYNC_AIO_NET_FILE_WATCH_H_
#define PROMETHEUS_ASYNC_AIO_NET_FILE_WATCH_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace prometheus_async::aio::net {

struct WatchedFile {
  std::string path;
  // Empty if there is an error.
  std::string content;
  // The errno of reading it, or 0. EFBIG: more than FileWatch::kMaxSize. EINVAL: no regular file.
  int error = 0;
};

// Cost of a look: one stat() a file that has not changed. It blocks.
// Threads: one at a time.
class FileWatch {
 public:
  static constexpr std::size_t kMaxSize = 1 << 20;  // bytes; a certificate chain is some thousand

  // Does not look yet.
  explicit FileWatch(std::vector<std::string> paths);

  // Whether content or error of a file is another than at the look before. The first look is a change.
  //
  // A file is read if its inode, size or times are others, if it could not be read, and if it is younger than its file
  // system's clock can tell: so no change is missed, in whichever way a file is replaced.
  bool look();

  // As of the last look.
  const std::vector<WatchedFile>& files() const { return files_; }

 private:
  struct Signature {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t modified_nanoseconds = 0;
    std::int64_t changed_nanoseconds = 0;
    // Changed long enough before the look for a later change to have another time.
    bool is_settled = false;

    friend bool operator==(const Signature&, const Signature&) = default;
  };

  static Signature signature_of(const struct ::stat& status);
  // Reads `file` and returns what it is at its path at that time.
  static Signature read(WatchedFile& file);

  std::vector<WatchedFile> files_;
  std::vector<Signature> signatures_;
  bool is_first_ = true;
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_FILE_WATCH_H_
