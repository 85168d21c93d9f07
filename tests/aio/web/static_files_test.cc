// SPDX-License-Identifier: Apache-2.0

#include "aio/web/static_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/http_error.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

namespace fs = std::filesystem;
using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;
using ::testing::HasSubstr;

class StaticFiles : public ::testing::Test {
 protected:
  StaticFiles() {
    fs::remove_all(base_);
    fs::create_directories(root_ / "sub");
    write(root_ / "a.txt", "hello");
    write(root_ / "sub/page.HTML", "<p>");
    write(root_ / "empty", "");
    write(root_ / "a b\xc3\xa9", "blank");
    write(base_ / "secret.txt", "secret");
    write(base_ / "root2/secret.txt", "secret");
  }
  ~StaticFiles() override { fs::remove_all(base_); }

  static void write(const fs::path& path, std::string_view content) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }

  // What is answered to the request under /static; an error is an answer too.
  Response ask(FakeRequest& request, StaticOptions options = {}) {
    Application app;
    app.router().add_static("/static", root_.string(), std::move(options));
    app.freeze();
    try {
      return get_now(app.handle(request.request()));
    } catch (const HttpError& error) {
      return error.response();
    }
  }
  Response ask(std::string_view path, StaticOptions options = {}) {
    FakeRequest request("GET", path);
    return ask(request, std::move(options));
  }
  int status(std::string_view path, StaticOptions options = {}) { return ask(path, std::move(options)).status.code(); }
  int status_if(std::string_view field, std::string_view value) {
    FakeRequest request("GET", "/static/a.txt");
    request.head().headers.add(field, value);
    return ask(request).status.code();
  }

  const fs::path base_ = fs::path(::testing::TempDir()) / ("static_files_test." + std::to_string(::getpid()));
  const fs::path root_ = base_ / "root";
};

TEST_F(StaticFiles, ReadsAsInTheHeader) {
  Application app;
  const std::string docs = root_.string();
  app.router().add_static("/static", docs);
  app.router().add_routes({web::static_files("/docs", docs, {.name = "docs"})});
  EXPECT_EQ(app.router().url_for("docs", {{"filename", "guide/start.html"}}), "/docs/guide/start.html");
}

TEST_F(StaticFiles, AnswersAFileWithItsTypeAndValidators) {
  const Response response = ask("/static/a.txt");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.view(), "hello");
  EXPECT_EQ(response.headers.get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_TRUE(response.headers.get("ETag")->starts_with('"'));
  EXPECT_THAT(std::string(*response.headers.get("Last-Modified")), HasSubstr("GMT"));
  EXPECT_FALSE(response.headers.contains("Cache-Control"));
}

TEST_F(StaticFiles, KnowsTypesByExtension) {
  EXPECT_EQ(ask("/static/sub/page.HTML").headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(ask("/static/empty").headers.get("Content-Type"), "application/octet-stream");
  for (const auto& [name, type] : {std::pair("x.css", "text/css; charset=utf-8"),
                                   {"x.min.js", "text/javascript; charset=utf-8"},
                                   {"x.avif", "image/avif"},
                                   {"x.zip", "application/zip"},
                                   {"x.tar.gz", "application/gzip"},
                                   {"x.unknown", "application/octet-stream"},
                                   {".css", "application/octet-stream"},
                                   {"x.", "application/octet-stream"}}) {
    write(root_ / name, "x");
    EXPECT_EQ(ask("/static/" + std::string(name)).headers.get("Content-Type"), type) << name;
  }
}

TEST_F(StaticFiles, AnswersHead) {
  FakeRequest request("HEAD", "/static/a.txt");
  const Response response = ask(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.size(), 5u);  // which the connection leaves out
}

TEST_F(StaticFiles, AnswersAnEmptyFileAndADecodedName) {
  EXPECT_EQ(ask("/static/empty").status, 200);
  EXPECT_EQ(ask("/static/a%20b%C3%A9").body.view(), "blank");
}

TEST_F(StaticFiles, DoesNotHaveWhatIsNotThere) {
  for (const char* path : {"/static/b.txt", "/static/a.txt/", "/static/a.txt/b", "/static//a.txt",
                           "/static/sub//page.HTML", "/static", "/static/%20"}) {
    EXPECT_EQ(status(path), 404) << path;
  }
  EXPECT_EQ(status("/static/" + std::string(5000, 'x')), 404);
}

TEST_F(StaticFiles, ForbidsADirectory) {
  for (const char* path : {"/static/", "/static/sub", "/static/sub/"}) EXPECT_EQ(status(path), 403) << path;
}

TEST_F(StaticFiles, ForbidsWhatTheServerMayNotRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read anything";
  fs::permissions(root_ / "a.txt", fs::perms::none);
  EXPECT_EQ(status("/static/a.txt"), 403);
}

// An escaped slash is one in the value, so that with other text in front of the name it could lead upwards.
TEST_F(StaticFiles, NeverLeavesTheDirectory) {
  for (const char* name : {"..%2Fsecret.txt", "..%2Froot2%2Fsecret.txt", "..", ".", ".%2Fa.txt", "%2Fetc%2Fpasswd"}) {
    Application app;
    app.router().add_get("/x-{filename}", static_files("/static", root_.string()).handler);
    app.freeze();
    FakeRequest request("GET", "/x-" + std::string(name));
    try {
      get_now(app.handle(request.request()));
      FAIL() << name;
    } catch (const HttpError& error) {
      EXPECT_EQ(error.status(), 404) << name;
    }
  }
}

TEST_F(StaticFiles, FollowsLinksWithinTheDirectoryAlone) {
  fs::create_symlink("a.txt", root_ / "inside");
  fs::create_symlink("../secret.txt", root_ / "outside");
  fs::create_symlink("../root2", root_ / "outside_directory");  // whose path begins as the directory's does
  fs::create_symlink("nowhere", root_ / "dangling");
  fs::create_symlink("loop", root_ / "loop");
  EXPECT_EQ(ask("/static/inside").body.view(), "hello");
  for (const char* name : {"outside", "outside_directory/secret.txt", "outside_directory", "dangling", "loop"}) {
    EXPECT_EQ(status("/static/" + std::string(name)), 404) << name;
  }
}

TEST_F(StaticFiles, FollowsLinksOutOfTheDirectoryIfToldSo) {
  fs::create_symlink("../secret.txt", root_ / "outside");
  fs::create_symlink("../root2", root_ / "outside_directory");
  EXPECT_EQ(ask("/static/outside", {.break_symlink_sandbox = true}).body.view(), "secret");
  EXPECT_EQ(ask("/static/outside_directory/secret.txt", {.break_symlink_sandbox = true}).body.view(), "secret");
}

TEST_F(StaticFiles, TakesADirectoryThatIsALinkItself) {
  fs::create_directory_symlink(root_, base_ / "link");
  Application app;
  app.router().add_static("/s", (base_ / "link").string());
  app.freeze();
  FakeRequest request("GET", "/s/a.txt");
  EXPECT_EQ(get_now(app.handle(request.request())).body.view(), "hello");
}

// It does not wait for somebody who writes into it, either.
TEST_F(StaticFiles, DoesNotHaveAPipe) {
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(status("/static/pipe"), 404);
}

TEST_F(StaticFiles, AnswersNotModified) {
  const Response first = ask("/static/a.txt");
  const std::string etag(*first.headers.get("ETag"));
  const std::string modified(*first.headers.get("Last-Modified"));
  for (const std::string& list : {etag, "W/" + etag, "\"x\", " + etag, std::string("*")}) {
    EXPECT_EQ(status_if("If-None-Match", list), 304) << list;
  }
  EXPECT_EQ(status_if("If-None-Match", "\"x\""), 200);
  EXPECT_EQ(status_if("If-Modified-Since", modified), 304);
  EXPECT_EQ(status_if("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"), 200);
  EXPECT_EQ(status_if("If-Modified-Since", "yesterday"), 200);
}

TEST_F(StaticFiles, SendsTheValidatorsButNoBodyWithNotModified) {
  FakeRequest request("GET", "/static/a.txt");
  request.head().headers.add("If-None-Match", "*");
  const Response response = ask(request, {.cache_control = "max-age=60"});
  EXPECT_TRUE(response.headers.contains("ETag"));
  EXPECT_TRUE(response.headers.contains("Last-Modified"));
  EXPECT_EQ(response.headers.get("Cache-Control"), "max-age=60");
  EXPECT_EQ(response.body.size(), 0u);
}

TEST_F(StaticFiles, FailsWhatIsForAnotherState) {
  EXPECT_EQ(status_if("If-Match", "\"x\""), 412);
  EXPECT_EQ(status_if("If-Match", "*"), 200);
  EXPECT_EQ(status_if("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"), 412);
}

// RFC 9110 13.1.3.
TEST_F(StaticFiles, LooksAtTheTimeOnlyWithoutATag) {
  FakeRequest request("GET", "/static/a.txt");
  request.head().headers.add("If-None-Match", "\"x\"");
  request.head().headers.add("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT");
  EXPECT_EQ(ask(request).status, 200);
}

TEST_F(StaticFiles, ChangesTheTagWithTheFile) {
  const Response before = ask("/static/a.txt");
  fs::last_write_time(root_ / "a.txt", fs::last_write_time(root_ / "a.txt") + std::chrono::nanoseconds(1000));
  const Response after = ask("/static/a.txt");
  EXPECT_NE(*before.headers.get("ETag"), *after.headers.get("ETag"));
}

TEST_F(StaticFiles, ReadsNoFileThatIsTooLarge) {
  EXPECT_EQ(status("/static/a.txt", {.max_file_size = 6}), 200);
  EXPECT_EQ(status("/static/a.txt", {.max_file_size = 5}), 200);
  EXPECT_THROW(status("/static/a.txt", {.max_file_size = 4}), std::runtime_error);
}

TEST_F(StaticFiles, RefusesWhatIsNoDirectoryAndNamesIt) {
  const auto error_of = [](std::string_view prefix, const fs::path& directory) -> std::string {
    try {
      static_files(prefix, directory.string());
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(error_of("/s", root_ / "a.txt"),
            "static files at \"/s\": " + (root_ / "a.txt").string() + " is no directory");
  EXPECT_EQ(error_of("/s", root_ / "no"),
            "static files at \"/s\": " + (root_ / "no").string() + ": No such file or directory");
  EXPECT_THAT(error_of("s", root_), HasSubstr("begin with /"));
  EXPECT_THAT(error_of("/{s}", root_), HasSubstr("no names"));
  EXPECT_EQ(static_files("/", root_.string()).path, "/{filename:.*}");
  EXPECT_EQ(static_files("/s/", root_.string()).path, "/s/{filename:.*}");
}

}  // namespace
}  // namespace prometheus_async::aio::web
