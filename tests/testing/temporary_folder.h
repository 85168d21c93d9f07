// SPDX-License-Identifier: Apache-2.0
//
// A folder for the files of one test.
//
//   testing::TemporaryFolder folder;
//   const std::string path = folder.write("config.yml", "a: 1\n");
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_TEMPORARY_FOLDER_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_TEMPORARY_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace prometheus_async::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / "prometheus_async_XXXXXX") {
    std::string name = path_.string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string path() const { return path_.string(); }
  std::string path_of(std::string_view name) const { return (path_ / name).string(); }

  // Writes over the file that is there, in place; returns its path.
  std::string write(std::string_view name, std::string_view content) const {
    std::ofstream file(path_ / name, std::ios::binary);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path_of(name));
    return path_of(name);
  }
  void remove(std::string_view name) const { std::filesystem::remove(path_ / name); }

 private:
  std::filesystem::path path_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_TEMPORARY_FOLDER_H_
