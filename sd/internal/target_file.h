// SPDX-License-Identifier: Apache-2.0
//
// A file in a folder that another program reads: written as a whole, and known again among those that replace it.
//
//     TargetFile file("/etc/prometheus/targets", "checkout-1.json");
//     file.write("[]");
//     file.is_there();  // true
//     file.remove();
#ifndef PROMETHEUS_ASYNC_SD_INTERNAL_TARGET_FILE_H_
#define PROMETHEUS_ASYNC_SD_INTERNAL_TARGET_FILE_H_

#include <atomic>
#include <string>
#include <string_view>

namespace prometheus_async::sd::internal {

// Threads: write() and remove() block for the disk. After write() the others may be called on any.
class TargetFile {
 public:
  TargetFile(std::string folder, const std::string& name);
  TargetFile(const TargetFile&) = delete;
  TargetFile& operator=(const TargetFile&) = delete;
  ~TargetFile();  // closes the file, and leaves it there

  // Once. Writes a hidden file that does not end in .json in the folder, brings it to the disk and renames it over what
  // is there. Errors: std::system_error naming the file, the step and the reason; nothing is left behind then, though
  // if only bringing the new name to the disk fails, what was replaced is gone.
  void write(std::string_view content);

  // Whether the file that was written has a name yet: false once it is removed, or another was renamed over it.
  bool is_there() const noexcept;

  // Removes the file if it is the one that was written. Errors: as write().
  void remove();

 private:
  void write_to(int folder, const std::string& temporary, std::string_view content);
  int open_folder() const;
  [[noreturn]] void fail(const char* step) const;

  const std::string folder_;
  const std::string name_;
  const std::string path_;
  // Keeps the inode from being used for another file, so that it stands for this one. -1: not written. Stored after the
  // file has its name.
  std::atomic<int> fd_{-1};
  std::atomic<bool> is_removed_{false};
};

}  // namespace prometheus_async::sd::internal

#endif  // PROMETHEUS_ASYNC_SD_INTERNAL_TARGET_FILE_H_
