// SPDX-License-Identifier: Apache-2.0

#include "aio/net/file_watch.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/testing/temporary_folder.h"

namespace prometheus_async::aio::net {
namespace {

using prometheus_async::testing::TemporaryFolder;

class FileWatchTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  FileWatch watch_{{folder_.write("a", "1"), folder_.write("b", "2")}};
};

TEST_F(FileWatchTest, TheFirstLookIsAChange) {
  EXPECT_TRUE(watch_.look());
  ASSERT_EQ(watch_.files().size(), 2u);
  EXPECT_EQ(watch_.files()[0].content, "1");
  EXPECT_EQ(watch_.files()[1].content, "2");
  EXPECT_EQ(watch_.files()[1].path, folder_.path_of("b"));
}

TEST_F(FileWatchTest, NothingChangesByItself) {
  watch_.look();
  EXPECT_FALSE(watch_.look());
  EXPECT_FALSE(watch_.look());
}

// The same size, the same inode, within one tick of the file system's clock.
TEST_F(FileWatchTest, SeesAWriteInPlaceAtOnce) {
  watch_.look();
  for (const std::string content : {"3", "4", "5", "6"}) {
    folder_.write("b", content);
    EXPECT_TRUE(watch_.look()) << content;
    EXPECT_EQ(watch_.files()[1].content, content);
    EXPECT_FALSE(watch_.look());
  }
}

// As certificates are replaced in a Kubernetes volume.
TEST_F(FileWatchTest, SeesASymbolicLinkGoElsewhere) {
  const std::string link = folder_.path_of("link");
  std::filesystem::create_symlink(folder_.path_of("a"), link);
  FileWatch watch({link});
  watch.look();
  EXPECT_EQ(watch.files()[0].content, "1");
  std::filesystem::remove(link);
  std::filesystem::create_symlink(folder_.path_of("b"), link);
  EXPECT_TRUE(watch.look());
  EXPECT_EQ(watch.files()[0].content, "2");
}

TEST_F(FileWatchTest, AnotherTimeWithTheSameContentIsNoChange) {
  watch_.look();
  folder_.write("a", "1");
  EXPECT_FALSE(watch_.look());
}

TEST_F(FileWatchTest, SaysWhatIsWrongAndSeesItMended) {
  watch_.look();
  folder_.remove("a");
  EXPECT_TRUE(watch_.look());
  EXPECT_EQ(watch_.files()[0].error, ENOENT);
  EXPECT_EQ(watch_.files()[0].content, "");
  EXPECT_FALSE(watch_.look());
  folder_.write("a", "1");
  EXPECT_TRUE(watch_.look());
  EXPECT_EQ(watch_.files()[0].error, 0);
}

TEST_F(FileWatchTest, RefusesWhatIsNoRegularFile) {
  const std::string fifo = folder_.path_of("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  FileWatch watch({folder_.path(), fifo});
  watch.look();
  EXPECT_EQ(watch.files()[0].error, EISDIR);
  EXPECT_EQ(watch.files()[1].error, EINVAL);
}

TEST_F(FileWatchTest, ReadsUpToItsLimit) {
  FileWatch watch({folder_.write("below", std::string(FileWatch::kMaxSize - 1, 'x')),
                   folder_.write("at", std::string(FileWatch::kMaxSize, 'x')),
                   folder_.write("above", std::string(FileWatch::kMaxSize + 1, 'x'))});
  watch.look();
  EXPECT_EQ(watch.files()[0].content.size(), FileWatch::kMaxSize - 1);
  EXPECT_EQ(watch.files()[1].content.size(), FileWatch::kMaxSize);
  EXPECT_EQ(watch.files()[2].error, EFBIG);
}

}  // namespace
}  // namespace prometheus_async::aio::net
