// SPDX-License-Identifier: Apache-2.0
//
// A server behind nginx, as most are in production: what comes through, and that the connections between the two stay
// in step.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/net/address.h"
#include "aio/web/application.h"
#include "aio/web/conditional.h"
#include "aio/web/sse.h"
#include "aio/web/stream_response.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"
#include "tests/testing/child_process.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::testing::ChildProcess;
using prometheus_async::testing::ReservedPort;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::RawClient;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::TestServer;

// What the server's thread tells the test.
struct Seen {
  std::mutex mutex;
  std::set<std::uint16_t> peers;        // ports of the connections that requests came by
  std::set<std::string> paths;          // of the requests
  std::promise<void> is_listener_gone;  // the handler of /events has seen its client leave
};

Application make_app(Seen& seen) {
  Application app;
  app.use(conditional());
  app.on_response_prepare([&seen](const Request& request, Response&) {
    const std::lock_guard<std::mutex> lock(seen.mutex);
    seen.peers.insert(request.peer().port);
    seen.paths.emplace(request.path());
  });
  app.router().add_get("/hello/{name}",
                       [](Request& request) { return text("hello " + std::string(request.match_info()["name"])); });
  app.router().add_post("/ignore", [](Request&) { return text("ignored"); });
  app.router().add_post("/size", [](Request& request) -> asio::awaitable<Response> {
    const std::string_view body = co_await request.read();
    co_return text(std::to_string(body.size()));
  });
  app.router().add_get("/stream", [](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    const std::string piece(1000, 'x');
    for (int i = 0; i < 1000; ++i) co_await stream.write(piece);
    co_return co_await stream.write_eof("end");
  });
  app.router().add_get("/events", [&seen](Request& request) -> asio::awaitable<Response> {
    EventStream events(request);
    co_await events.send({.event = "tick", .data = "1"});
    while (co_await events.wait_for(1h)) {
    }
    seen.is_listener_gone.set_value();
    co_return co_await events.end();
  });
  return app;
}

// $NGINX in one process, in front of a server.
class Nginx {
 public:
  explicit Nginx(const net::Address& server) : process_(command(server)) {
    EXPECT_TRUE(process_.wait_for_line("event method")) << process_.output();  // listens by then
  }

  net::Address address() const { return {"127.0.0.1", port_.number()}; }

 private:
  std::vector<std::string> command(const net::Address& server) {
    const std::string folder = ::testing::TempDir();
    const std::string path = folder + "/nginx.conf";
    std::ofstream(path) << "daemon off; master_process off; error_log stderr info; pid " << folder << "/nginx.pid;\n"
                        << "events {}\n"
                        << "http {\n"
                        << "  access_log off; client_max_body_size 0;\n"
                        << "  client_body_temp_path " << folder << "/body; proxy_temp_path " << folder << "/proxy;\n"
                        << "  fastcgi_temp_path " << folder << "/fastcgi; uwsgi_temp_path " << folder << "/uwsgi;\n"
                        << "  scgi_temp_path " << folder << "/scgi;\n"
                        << "  upstream ours { server " << server.to_string() << "; keepalive 4; }\n"
                        << "  server {\n"
                        << "    listen 127.0.0.1:" << port_.text() << ";\n"
                        << "    proxy_http_version 1.1; proxy_set_header Connection \"\";\n"
                        << "    location / { proxy_pass http://ours; }\n"
                        << "    location /as-it-comes/ { proxy_request_buffering off; proxy_pass http://ours/; }\n"
                        << "    location /http-1.0/ { proxy_http_version 1.0; proxy_pass http://ours/; }\n"
                        << "  }\n"
                        << "}\n";
    return {std::getenv("NGINX"), "-p", folder, "-e", "stderr", "-c", path};
  }

  ReservedPort port_;
  ChildProcess process_;
};

std::string request(std::string_view line, std::string_view fields = "", std::string_view body = "") {
  return std::string(line) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

std::string sized(std::string_view body) { return "Content-Length: " + std::to_string(body.size()) + "\r\n"; }

class Proxy : public ::testing::Test {
 protected:
  Seen seen_;
  TestServer server_{make_app(seen_)};
  Nginx nginx_{server_.address()};
};

// Were the end of any of them in doubt, the next would be answered with the rest of the one before.
TEST_F(Proxy, AnswersOfAllKindsFollowEachOtherOnOneConnection) {
  RawClient client(nginx_.address());
  for (const std::string round : {"1", "2"}) {
    client.send(request("HEAD /hello/head"));
    EXPECT_EQ(client.read_response(/*answers_head=*/true).headers.at("content-length"), "10");
    client.send(request("GET /hello/" + round, "If-None-Match: *\r\n"));
    EXPECT_EQ(client.read_response(/*answers_head=*/true).status, 304);
    client.send(request("OPTIONS /hello/" + round));
    EXPECT_EQ(client.read_response(/*answers_head=*/true).status, 204);
    client.send(request("GET /nothing"));
    EXPECT_EQ(client.read_response().status, 404);
    client.send(request("POST /size", sized("12345"), "12345"));
    EXPECT_EQ(client.read_response().body, "5");
    client.send(request("GET /hello/" + round));
    EXPECT_EQ(client.read_response().body, "hello " + round);
  }
  const std::lock_guard<std::mutex> lock(seen_.mutex);
  EXPECT_THAT(seen_.peers, SizeIs(1));
}

TEST_F(Proxy, ABodyThatNobodyReadsIsNoRequest) {
  const std::string inner = request("GET /hello/smuggler");
  RawClient client(nginx_.address());
  client.send(request("POST /ignore", sized(inner), inner));
  EXPECT_EQ(client.read_response().body, "ignored");
  client.send(request("GET /hello/Ada"));
  EXPECT_EQ(client.read_response().body, "hello Ada");
  const std::lock_guard<std::mutex> lock(seen_.mutex);
  EXPECT_THAT(seen_.paths, ElementsAre("/hello/Ada", "/ignore"));
}

TEST_F(Proxy, StreamComesWhole) {
  RawClient client(nginx_.address());
  client.send("GET /stream HTTP/1.0\r\nHost: a\r\n\r\n");  // so that nginx sends no chunks
  const std::string answer = client.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n" + std::string(1'000'000, 'x') + "end"));
}

TEST_F(Proxy, ChunksGoUpAsTheyCome) {
  RawClient client(nginx_.address());
  client.send(request("POST /as-it-comes/size", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n"));
  client.send("5\r\n12345\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "8");
}

TEST_F(Proxy, LargeBodyComesAfterContinue) {
  const std::string body(1024 * 1024, 'x');
  RawClient client(nginx_.address());
  client.send(request("POST /as-it-comes/size", sized(body) + "Expect: 100-continue\r\n"));
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
  client.send(body);
  EXPECT_EQ(client.read_response().body, "1048576");
}

// What comes without chunks nginx collects, but for what says X-Accel-Buffering.
TEST_F(Proxy, EventsComeAtOnceAndAListenerThatLeavesIsNoticed) {
  {
    RawClient listener(nginx_.address());
    listener.send(request("GET /http-1.0/events"));
    EXPECT_THAT(listener.read_until("data: 1\n\n"), HasSubstr("Content-Type: text/event-stream\r\n"));
  }
  EXPECT_EQ(seen_.is_listener_gone.get_future().wait_for(20s), std::future_status::ready);
}

}  // namespace
}  // namespace prometheus_async::aio::web
