// SPDX-License-Identifier: Apache-2.0
#include "exposition/textfile.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <prometheus/collectable.h>

#include "exposition/render.h"
#include "metrics/registry.h"

namespace prometheus_async::exposition {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A folder of its own for each test, gone with it.
class Textfile : public ::testing::Test {
 protected:
  Textfile() {
    folder_ = ::testing::TempDir() + "/textfile.XXXXXX";
    if (::mkdtemp(folder_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), folder_);
    registry_.counter("runs_total", "Runs.").Increment();
  }
  ~Textfile() override {
    ::chmod(folder_.c_str(), 0700);
    fs::remove_all(folder_);
  }

  fs::path path(const std::string& name) const { return fs::path(folder_) / name; }

  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_)) all.insert(entry.path().filename());
    return all;
  }

  static std::string content(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::string folder_;
  metrics::Registry registry_;
};

// The example of exposition/textfile.h, but for the folder.
TEST_F(Textfile, ExampleOfTheHeader) {
  const metrics::Registry& registry = registry_;
  exposition::write_to_textfile(registry, folder_ + "/backup.prom");
  EXPECT_EQ(content(path("backup.prom")), render(registry).body);
  EXPECT_THAT(names(), ElementsAre("backup.prom"));
}

TEST_F(Textfile, TakesThePlaceOfTheFileOfBefore) {
  std::ofstream(path("a.prom")) << std::string(100'000, '#');
  write_to_textfile(registry_, path("a.prom"));
  EXPECT_EQ(content(path("a.prom")), render(registry_).body);
  EXPECT_THAT(names(), ElementsAre("a.prom"));
}

// Who has the old file open goes on reading the old file: it is not written into.
TEST_F(Textfile, LeavesTheOldFileToItsReaders) {
  std::ofstream(path("a.prom")) << "old";
  std::ifstream reader(path("a.prom"));
  write_to_textfile(registry_, path("a.prom"));
  std::string words;
  reader >> words;
  EXPECT_EQ(words, "old");
}

// node_exporter is another user, and a cron job's umask often keeps others out.
TEST_F(Textfile, MayBeReadByEverybody) {
  const mode_t before = ::umask(077);
  write_to_textfile(registry_, path("a.prom"));
  ::umask(before);
  EXPECT_EQ(fs::status(path("a.prom")).permissions(), fs::perms(0644));
}

TEST_F(Textfile, AFolderThatIsNotThereIsNamedWithTheReason) {
  try {
    write_to_textfile(registry_, path("absent/a.prom"));
    FAIL() << "it was written";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_THAT(error.what(), StartsWith(path("absent/a.prom").string() + ": cannot create a file beside it"));
    EXPECT_THAT(error.what(), HasSubstr("No such file or directory"));
  }
}

// The page is complete by the time that the rename fails.
TEST_F(Textfile, LeavesNothingBehindWhereItFails) {
  fs::create_directories(path("a.prom"));
  try {
    write_to_textfile(registry_, path("a.prom"));
    FAIL() << "it was written";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::is_a_directory);
    EXPECT_THAT(error.what(), StartsWith(path("a.prom").string() + ": cannot rename to it"));
  }
  EXPECT_THAT(names(), ElementsAre("a.prom"));
}

struct Broken : prometheus::Collectable {
  std::vector<prometheus::MetricFamily> Collect() const override { throw std::runtime_error("the disk is gone"); }
};

TEST_F(Textfile, APageThatCannotBeMadeLeavesTheFileOfBefore) {
  std::ofstream(path("a.prom")) << "old";
  registry_.adopt(std::make_shared<Broken>());
  EXPECT_THROW(write_to_textfile(registry_, path("a.prom")), std::runtime_error);
  EXPECT_EQ(content(path("a.prom")), "old");
  EXPECT_THAT(names(), ElementsAre("a.prom"));
}

// Every reader finds a whole page, whoever writes.
TEST_F(Textfile, IsWholeAtEveryMoment) {
  write_to_textfile(registry_, path("a.prom"));
  const std::string page = render(registry_).body;
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 2; ++i) {
      writers.emplace_back([&] {
        for (int round = 0; round < 50; ++round) write_to_textfile(registry_, path("a.prom"));
      });
    }
    for (int round = 0; round < 200; ++round) ASSERT_EQ(content(path("a.prom")), page);
  }
  EXPECT_THAT(names(), ElementsAre("a.prom"));
}

}  // namespace
}  // namespace prometheus_async::exposition
