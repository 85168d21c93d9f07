// SPDX-License-Identifier: Apache-2.0

#include "tx/web/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/testing/raw_client.h"
#include "tests/tx/web/site_server.h"

namespace prometheus_async::tx::web {
namespace {

using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::testing::get;
using prometheus_async::testing::SiteServer;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A directory of the test's own, with www/ to serve and a file beside it that nobody may see.
class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::filesystem::create_directories(root_ / "www/dir/sub");
    std::filesystem::create_directories(root_ / "www/empty");
    write("secret.txt", "secret");
    write("www/hello.txt", "0123456789");
    write("www/page.HTML", "<p>");
    write("www/data.csv.gz", "zip");
    write("www/no-extension", "raw");
    write("www/void.txt", "");
    write("www/dir/index.html", "index");
    write("www/dir/a b.css", "css");
    write("www/big.bin", big());
    std::filesystem::create_symlink("../secret.txt", root_ / "www/link.txt");
    std::filesystem::create_directory_symlink("..", root_ / "www/up");
    std::filesystem::create_symlink("hello.txt", root_ / "www/inside.txt");
  }
  ~FileTest() override { std::filesystem::remove_all(root_); }

  static std::string big() {
    std::string content;
    for (int i = 0; content.size() < 300000; ++i) content += std::to_string(i) + "\n";
    return content;
  }

  void write(const std::string& name, const std::string& content) { std::ofstream(root_ / name) << content; }

  Resource tree(FileOptions options = {}) const {
    Resource root;
    root.put_child("static", File(root_ / "www", std::move(options)));
    root.put_child("one", File(root_ / "www/hello.txt"));
    root.put_child("", File(root_ / "www"));
    return root;
  }

  RawResponse fetch(const std::string& path, const std::string& lines = "", const std::string& method = "GET") {
    RawClient client(server_.address());
    client.send(get(path, lines, method));
    return client.read_response(method == "HEAD");
  }

  const std::filesystem::path root_ = [] {
    std::string name = (std::filesystem::temp_directory_path() / "file_test_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::system_category(), name);
    return name;
  }();
  SiteServer server_{tree()};
};

TEST_F(FileTest, SendsAFile) {
  const RawResponse response = fetch("/static/hello.txt");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "0123456789");
  EXPECT_EQ(response.headers.at("content-type"), "text/plain");
  EXPECT_EQ(response.headers.at("accept-ranges"), "bytes");
  EXPECT_THAT(response.headers.at("last-modified"), HasSubstr(" GMT"));
  EXPECT_EQ(fetch("/one").body, "0123456789");
  EXPECT_EQ(fetch("/static/void.txt").headers.at("content-length"), "0");
  EXPECT_THAT(server_.log(), IsEmpty());
}

TEST_F(FileTest, SendsALargeFileInPieces) {
  EXPECT_EQ(fetch("/static/big.bin").body, big());
  RawClient slow(server_.address(), 4096);
  slow.send(get("/static/big.bin") + get("/one"));
  EXPECT_EQ(slow.read_response().body, big());
  EXPECT_EQ(slow.read_response().body, "0123456789");
}

TEST_F(FileTest, GuessesTypes) {
  EXPECT_EQ(fetch("/static/page.HTML").headers.at("content-type"), "text/html");
  EXPECT_EQ(fetch("/static/dir/a%20b.css").headers.at("content-type"), "text/css");
  EXPECT_EQ(fetch("/static/no-extension").headers.at("content-type"), "application/octet-stream");
  const RawResponse packed = fetch("/static/data.csv.gz");
  EXPECT_EQ(packed.headers.at("content-type"), "text/csv");
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(guess_content_type("a/b.css"), "text/css");
  EXPECT_EQ(guess_content_type("a.css/b"), "");
}

TEST_F(FileTest, ShowsTheIndexOfADirectory) {
  EXPECT_EQ(fetch("/static/dir/").body, "index");
  EXPECT_EQ(fetch("/static/empty/").status, 404);
  SiteServer without(tree({.index_names = {}}));
  RawClient client(without.address());
  client.send(get("/static/dir/"));
  EXPECT_EQ(client.read_response().status, 404);
}

TEST_F(FileTest, RedirectsADirectoryToItsSlash) {
  const RawResponse response = fetch("/static/dir?q=1");
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.headers.at("location"), "/static/dir/?q=1");
  EXPECT_EQ(fetch("/static").headers.at("location"), "/static/");
  EXPECT_EQ(fetch("//dir").status, 404);  // "//dir/" would be another host
}

TEST_F(FileTest, FindsNothingOutside) {
  for (const char* path : {"/static/none", "/static/hello.txt/", "/static/hello.txt/x", "/static//hello.txt",
                           "/static/dir/%2Fetc%2Fpasswd", "/static/dir%2Findex.html", "/static/%2e%2e/secret.txt",
                           "/static/..%2Fsecret.txt", "/static/../secret.txt", "/static/dir/%2e%2e/hello.txt",
                           "/static/%252e%252e/secret.txt", "/static/..%5Csecret.txt", "/static/hello.txt%00.html"}) {
    const RawResponse response = fetch(path);
    EXPECT_THAT(response.status, AnyOf(404, 400)) << path;
    EXPECT_THAT(response.body, ::testing::Not(HasSubstr("secret.txt"))) << path;
  }
}

TEST_F(FileTest, FollowsLinksWhereThatIsWanted) {
  for (const char* path : {"/static/link.txt", "/static/inside.txt", "/static/up/secret.txt", "/static/up/"}) {
    EXPECT_EQ(fetch(path).status, 404) << path;
  }
  SiteServer following(tree({.follow_symlinks = true}));
  RawClient client(following.address());
  client.send(get("/static/link.txt") + get("/static/up/secret.txt") + get("/static/inside.txt"));
  EXPECT_EQ(client.read_response().body, "secret");
  EXPECT_EQ(client.read_response().body, "secret");
  EXPECT_EQ(client.read_response().body, "0123456789");
}

TEST_F(FileTest, SendsNoPipe) {
  ASSERT_EQ(::mkfifo((root_ / "www/pipe").c_str(), 0600), 0);
  EXPECT_EQ(fetch("/static/pipe").status, 404);
}

TEST_F(FileTest, ForbidsWhatMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  std::filesystem::permissions(root_ / "www/hello.txt", std::filesystem::perms::none);
  EXPECT_EQ(fetch("/static/hello.txt").status, 403);
}

TEST_F(FileTest, AnswersHead) {
  const RawResponse response = fetch("/static/big.bin", "", "HEAD");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.at("content-length"), std::to_string(big().size()));
  EXPECT_EQ(fetch("/static/big.bin", "Range: bytes=0-1\r\n", "HEAD").status, 200);
  EXPECT_EQ(fetch("/static/hello.txt", "", "POST").status, 405);
}

TEST_F(FileTest, SaysThatNothingHasChanged) {
  const std::string modified = fetch("/static/hello.txt").headers.at("last-modified");
  const RawResponse same = fetch("/static/hello.txt", "If-Modified-Since: " + modified + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.headers.count("content-length"), 0u);
  EXPECT_EQ(same.headers.at("last-modified"), modified);
  EXPECT_EQ(fetch("/static/hello.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n").status, 200);
  EXPECT_EQ(fetch("/static/hello.txt", "If-Modified-Since: yesterday\r\n").status, 200);
}

TEST_F(FileTest, SendsARange) {
  const RawResponse response = fetch("/static/hello.txt", "Range: bytes=2-4\r\n");
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.body, "234");
  EXPECT_EQ(response.headers.at("content-range"), "bytes 2-4/10");
  EXPECT_EQ(fetch("/static/hello.txt", "Range: bytes=-3\r\n").body, "789");
  EXPECT_EQ(fetch("/static/big.bin", "Range: bytes=100000-\r\n").body, big().substr(100000));
  const RawResponse ignored = fetch("/static/hello.txt", "Range: lines=2-4\r\n");
  EXPECT_EQ(ignored.status, 200);
  EXPECT_EQ(ignored.body, "0123456789");
}

TEST_F(FileTest, RefusesARangeThatTheFileHasNot) {
  const RawResponse response = fetch("/static/hello.txt", "Range: bytes=10-\r\n");
  EXPECT_EQ(response.status, 416);
  EXPECT_EQ(response.headers.at("content-range"), "bytes */10");
  EXPECT_EQ(response.body, "");
}

TEST_F(FileTest, SendsSeveralRanges) {
  const RawResponse response = fetch("/static/hello.txt", "Range: bytes=0-1,-2\r\n");
  EXPECT_EQ(response.status, 206);
  const std::string type = response.headers.at("content-type");
  const std::string start = "multipart/byteranges; boundary=";
  ASSERT_EQ(type.substr(0, start.size()), start);
  const std::string boundary = type.substr(start.size());
  EXPECT_EQ(response.body,
            "\r\n--" + boundary + "\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--" +
                boundary + "\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--" + boundary +
                "--\r\n");
}

TEST_F(FileTest, SendsARangeOnlyOfTheFileThatIsMeant) {
  const std::string modified = fetch("/static/hello.txt").headers.at("last-modified");
  EXPECT_EQ(fetch("/static/hello.txt", "Range: bytes=2-4\r\nIf-Range: " + modified + "\r\n").status, 206);
  EXPECT_EQ(fetch("/static/hello.txt", "Range: bytes=2-4\r\nIf-Range: \"etag\"\r\n").status, 200);
}

TEST_F(FileTest, CutsOffAFileThatShrinks) {
  RawClient client(server_.address(), 4096);
  write("www/big.bin", std::string(32 << 20, 'x'));
  client.send(get("/static/big.bin"));
  RawClient other(server_.address());
  other.send(get("/one"));
  EXPECT_EQ(other.read_response().status, 200);  // the other answer has begun by then
  std::filesystem::resize_file(root_ / "www/big.bin", 1000);
  EXPECT_LT(client.read_to_end().size(), std::size_t{32} << 20);
  EXPECT_TRUE(client.was_reset());
  EXPECT_THAT(server_.log(), ::testing::ElementsAre("GET /static/big.bin: a file shrank while it was sent"));
}

TEST_F(FileTest, OutlivesClientsThatGo) {
  {
    RawClient client(server_.address(), 4096);
    client.send(get("/static/big.bin"));
  }
  EXPECT_EQ(fetch("/one").status, 200);
  EXPECT_THAT(server_.log(), IsEmpty());
}

}  // namespace
}  // namespace prometheus_async::tx::web
