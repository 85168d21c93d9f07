// SPDX-License-Identifier: Apache-2.0
//
// curl as a client, in several of its modes.

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/testing/test_server.h"
#include "tests/testing/child_process.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::aio::web::testing::TestServer;
using prometheus_async::testing::ChildProcess;

Application make_app() {
  Application app;
  app.router().add_get("/", [](Request&) { return text("hello\n"); });
  app.router().add_get("/users/{name}",
                       [](Request& request) { return text(std::string(request.match_info()["name"]) + "\n"); });
  app.router().add_post("/size", [](Request& request) -> asio::awaitable<Response> {
    const std::string_view body = co_await request.read();
    co_return text(std::to_string(body.size()) + "\n");
  });
  return app;
}

class Curl : public ::testing::Test {
 protected:
  // What `curl ARGUMENTS` prints.
  std::string curl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20"});
    ChildProcess process(arguments);
    EXPECT_EQ(process.wait_for_exit(), 0) << process.output();
    return process.output();
  }

  TestServer server_{make_app()};
};

TEST_F(Curl, GetsSeveralPagesOverOneConnection) {
  EXPECT_EQ(
      curl({"--write-out", "%{num_connects} ", server_.url("/"), server_.url("/users/J%C3%BCrgen"), server_.url("/")}),
      "hello\n1 J\xc3\xbcrgen\n0 hello\n0 ");
}

TEST_F(Curl, Head) {
  const std::string head = curl({"--head", server_.url("/")});
  EXPECT_EQ(head.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_NE(head.find("Content-Length: 6\r\n"), std::string::npos);
}

TEST_F(Curl, Http10) { EXPECT_EQ(curl({"--http1.0", server_.url("/"), server_.url("/")}), "hello\nhello\n"); }

// Asks for an upgrade to HTTP/2, which it does not get.
TEST_F(Curl, Http2) { EXPECT_EQ(curl({"--http2", server_.url("/")}), "hello\n"); }

TEST_F(Curl, PostsWithExpectAndInChunks) {
  const std::string body(10000, 'x');
  EXPECT_EQ(curl({"--data", body, "--header", "Expect: 100-continue", server_.url("/size")}), "10000\n");
  EXPECT_EQ(curl({"--data", body, "--header", "Transfer-Encoding: chunked", server_.url("/size")}), "10000\n");
}

TEST_F(Curl, IsToldThatABodyIsTooLarge) {
  TestServer small(make_app(), {.limits = {.body = 10}});
  EXPECT_EQ(curl({"--data", "01234567890", small.url("/size")}), "413: body too large");
  EXPECT_EQ(curl({"--data", "01234567890", "--header", "Transfer-Encoding: chunked", small.url("/size")}),
            "413: body too large");
}

}  // namespace
}  // namespace prometheus_async::aio::web
