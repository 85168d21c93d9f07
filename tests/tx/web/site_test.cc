// SPDX-License-Identifier: Apache-2.0

#include "tx/web/site.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/testing/raw_client.h"
#include "tests/tx/web/site_server.h"
#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/web/resource.h"

namespace prometheus_async::tx::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::testing::get;
using prometheus_async::testing::SiteServer;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class Calls : public Resource {
 public:
  using Function = std::function<Body(Request&)>;
  explicit Calls(Function function) : function_(std::move(function)) {}
  Body render_get(Request& request) override { return function_(request); }
  Body render_post(Request& request) override { return function_(request); }

 private:
  Function function_;
};

// Keeps requests until the test answers them.
class Parked {
 public:
  Calls resource() {
    return Calls([this](Request& request) {
      request_ = &request;
      begun_.set_value();
      return NOT_DONE_YET;
    });
  }
  // On the server's thread from then on.
  Request& wait() {
    begun_.get_future().get();
    begun_ = {};
    return *request_;
  }

 private:
  Request* request_ = nullptr;
  std::promise<void> begun_;
};

Resource make_root() {
  Resource root;
  root.put_child("", Calls([](Request&) { return "hello"; }));
  root.put_child("echo", Calls([](Request& request) -> Body { return request.content(); }));
  root.put_child("form", Calls([](Request& request) -> Body {
                   std::string out;
                   for (const auto& [name, value] : request.args()) out += name + "=" + value + ";";
                   return out;
                 }));
  root.put_child("throws", Calls([](Request&) -> Body { throw std::runtime_error("<the> secret"); }));
  root.put_child("evil", Calls([](Request& request) -> Body {
                   request.set_header("X-Evil", "a\r\nb: c");
                   return "body";
                 }));
  root.put_child("pieces", Calls([](Request& request) -> Body {
                   request.write("he");
                   Deferred<void> drained = request.drained();
                   drained.add_errback([](Failure&&) {});
                   Deferred<void> rest = std::move(drained).add_callback([&request] {
                     request.write("llo");
                     request.finish();
                   });
                   return NOT_DONE_YET;
                 }));
  return root;
}

TEST(Site, AnswersRequestAfterRequest) {
  SiteServer server(make_root());
  RawClient client(server.address());
  for (int i = 0; i < 3; ++i) {
    client.send(get("/"));
    const RawResponse response = client.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.headers.at("content-length"), "5");
    EXPECT_EQ(response.headers.at("content-type"), "text/html");
    EXPECT_THAT(response.headers.at("date"), EndsWith(" GMT"));
  }
}

TEST(Site, SendsNoBodyInAnswerToHead) {
  SiteServer server(make_root());
  RawClient client(server.address());
  client.send(get("/", "", "HEAD") + get("/pieces", "", "HEAD") + get("/none", "", "HEAD") + get("/"));
  EXPECT_EQ(client.read_response(true).headers.at("content-length"), "5");
  const RawResponse pieces = client.read_response(true);
  EXPECT_EQ(pieces.status, 200);
  EXPECT_EQ(pieces.headers.count("content-length"), 0u);
  EXPECT_EQ(pieces.headers.count("transfer-encoding"), 0u);
  EXPECT_EQ(client.read_response(true).status, 404);
  EXPECT_EQ(client.read_response().body, "hello");
}

TEST(Site, SaysWhichMethodsThereAre) {
  SiteServer server(make_root());
  RawClient client(server.address());
  client.send(get("/none") + get("/", "", "PUT") + get("*", "", "OPTIONS") + get("a:1", "", "CONNECT") + get("/"));
  EXPECT_EQ(client.read_response().status, 404);
  EXPECT_EQ(client.read_response().status, 501);
  EXPECT_EQ(client.read_response().status, 200);
  EXPECT_EQ(client.read_response().status, 405);
  EXPECT_EQ(client.read_response().body, "hello");
}

TEST(Site, StreamsInChunks) {
  SiteServer server(make_root());
  RawClient client(server.address());
  client.send(get("/pieces") + get("/", "Connection: close\r\n"));
  const std::string answer = client.read_to_end();
  EXPECT_THAT(answer, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("hello"));
}

TEST(Site, EndsAStreamOfHttp10WithTheConnection) {
  SiteServer server(make_root());
  RawClient client(server.address());
  client.send("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), EndsWith("\r\n\r\nhello"));
}

TEST(Site, ReadsTheBodyBeforeItRenders) {
  SiteServer server(make_root(), {.limits = {.body = 10}});
  RawClient client(server.address());
  client.send(get("/echo", "Content-Length: 5\r\n", "POST") + "he");
  client.send("llo" + get("/echo", "Transfer-Encoding: chunked\r\n", "POST") + "1\r\nx\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_EQ(client.read_response().body, "x");
  client.send(get("/form?a=1",
                  "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: 7\r\n", "POST") +
              "b=2&c=%");
  EXPECT_EQ(client.read_response().body, "a=1;b=2;c=%;");
  client.send(get("/form?a=1", "Content-Length: 3\r\n", "POST") + "b=2");
  EXPECT_EQ(client.read_response().body, "a=1;");
  client.send(get("/echo", "Content-Length: 11\r\n", "POST"));
  EXPECT_EQ(client.read_response().status, 413);
}

TEST(Site, RefusesAChunkedBodyThatGrowsTooLarge) {
  SiteServer server(make_root(), {.limits = {.body = 10}});
  RawClient client(server.address());
  client.send(get("/echo", "Transfer-Encoding: chunked\r\n", "POST") + "b\r\n01234567890\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 413);
  EXPECT_THAT(server.log(), IsEmpty());
}

TEST(Site, MakesA500OfAnException) {
  SiteServer server(make_root());
  RawClient client(server.address());
  client.send(get("/throws") + get("/"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, Not(HasSubstr("secret")));
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_THAT(server.log(), ElementsAre("GET /throws: <the> secret"));
}

TEST(Site, ShowsTheExceptionWhereThatIsWanted) {
  SiteServer server(make_root(), {.display_errors = true});
  RawClient client(server.address());
  client.send(get("/throws"));
  EXPECT_THAT(client.read_response().body, HasSubstr("&lt;the&gt; secret"));
}

TEST(Site, MakesA500OfAHeaderThatBreaksOutOfItsLine) {
  SiteServer server(make_root());
  RawClient client(server.address());
  client.send(get("/evil") + get("/"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.headers.count("b"), 0u);
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_THAT(server.log(), ElementsAre(HasSubstr("X-Evil")));
}

TEST(Site, HoldsAnAnswerToItsContentLength) {
  Parked parked;
  Resource root = make_root();
  root.put_child("parked", parked.resource());
  SiteServer server(std::move(root));
  {
    RawClient client(server.address());
    client.send(get("/parked") + get("/"));
    Request& request = parked.wait();
    server.run([&] {
      request.set_header("Content-Length", "5");
      request.write("hello");
      request.finish();
    });
    EXPECT_EQ(client.read_response().body, "hello");
    EXPECT_EQ(client.read_response().body, "hello");
  }
  for (const char* bytes : {"hell", "hello!"}) {
    RawClient client(server.address());
    client.send(get("/parked") + get("/"));
    Request& request = parked.wait();
    server.run([&] {
      request.set_header("Content-Length", "5");
      request.write(bytes);
      request.finish();
    });
    EXPECT_THAT(client.read_to_end(), Not(HasSubstr("!")));
    EXPECT_TRUE(client.was_reset());
  }
  RawClient client(server.address());
  client.send(get("/parked"));
  Request& request = parked.wait();
  server.run([&] {
    request.set_header("Content-Length", "many");
    request.finish();
  });
  EXPECT_EQ(client.read_response().status, 500);
  EXPECT_THAT(server.log(), ElementsAre("GET /parked: the answer is 1 bytes shorter than its Content-Length",
                                        "GET /parked: the answer is longer than its Content-Length",
                                        "GET /parked: response header \"Content-Length\": no number of bytes"));
}

TEST(Site, TellsARequestThatItsClientLeft) {
  Parked parked;
  SiteServer server(ResourcePtr([&] {
    Resource root;
    root.put_child("", parked.resource());
    return root;
  }()));
  std::promise<std::string> left;
  Request* request = nullptr;
  {
    RawClient client(server.address());
    client.send(get("/"));
    request = &parked.wait();
    server.run([&] {
      Deferred<void> finished = request->notify_finish();
      finished.add_errback<ConnectionLostError>(
          [&](const ConnectionLostError& error) { left.set_value(error.what()); });
    });
  }
  EXPECT_EQ(left.get_future().get(), "the client has left");
  server.run([&] {
    EXPECT_TRUE(request->is_disconnected());
    EXPECT_EQ(request->path(), "/");
    request->write("too late");
    request->finish();
  });
  EXPECT_THAT(server.log(), IsEmpty());
}

// Writing to it fails where reading ahead was full.
TEST(Site, TellsARequestThatItsClientLeftWithMuchUnread) {
  Parked parked;
  Resource root;
  root.put_child("", parked.resource());
  SiteServer server(std::move(root));
  std::promise<void> left;
  Request* request = nullptr;
  {
    RawClient client(server.address());
    std::string much = get("/");
    for (int i = 0; i < 2000; ++i) much += get("/next");
    client.send(much);
    request = &parked.wait();
    server.run([&] {
      Deferred<void> finished = request->notify_finish();
      finished.add_errback<ConnectionLostError>([&](const ConnectionLostError&) { left.set_value(); });
    });
  }
  std::future<void> has_left = left.get_future();
  while (has_left.wait_for(1ms) != std::future_status::ready) {
    server.run([&] { request->write("x"); });
  }
  server.run([&] { request->finish(); });
}

TEST(Site, AnswersPipelinedRequestsInOrder) {
  Parked parked;
  Resource root = make_root();
  root.put_child("parked", parked.resource());
  SiteServer server(std::move(root));
  RawClient client(server.address());
  client.send(get("/parked") + get("/echo", "Content-Length: 1\r\n", "POST") + "x");
  Request& request = parked.wait();
  client.send(get("/"));
  server.run([&] {
    request.write("waited");
    request.finish();
  });
  EXPECT_EQ(client.read_response().body, "waited");
  EXPECT_EQ(client.read_response().body, "x");
  EXPECT_EQ(client.read_response().body, "hello");
}

// What waits for drained() is not ahead of its client.
TEST(Site, KeepsAProducerBack) {
  constexpr std::size_t kPieces = 64;
  static std::atomic<std::size_t> written;
  written = 0;
  Resource root = make_root();
  root.put_child("much", Calls([](Request& request) -> Body {
                   Deferred<void> producing = [](Request& to) -> Deferred<void> {
                     const std::string piece(1 << 20, 'x');
                     for (std::size_t i = 0; i < kPieces; ++i) {
                       to.write(piece);
                       ++written;
                       Deferred<void> drained = to.drained();
                       co_await std::move(drained);
                     }
                     to.finish();
                   }(request);
                   producing.add_errback<ConnectionLostError>([&](const ConnectionLostError&) { request.finish(); });
                   return NOT_DONE_YET;
                 }));
  SiteServer server(std::move(root));
  RawClient client(server.address(), 4096);
  client.send(get("/much", "Connection: close\r\n"));
  RawClient other(server.address());
  for (int i = 0; i < 20; ++i) {
    other.send(get("/"));
    EXPECT_EQ(other.read_response().body, "hello");
  }
  EXPECT_LT(written, kPieces);  // 64 MiB, which sockets do not hold
}

TEST(Site, StopsWithARequestUnderWay) {
  Parked parked;
  Resource root;
  root.put_child("", parked.resource());
  SiteServer server(std::move(root));
  RawClient client(server.address());
  client.send(get("/"));
  Request& request = parked.wait();
  std::string reason;
  server.run([&] {
    Deferred<void> finished = request.notify_finish();
    finished.add_errback<ConnectionLostError>([&](const ConnectionLostError& error) { reason = error.what(); });
  });
  server.stop(10ms).get();
  EXPECT_EQ(reason, "the server has stopped");
  server.run([&] { request.finish(); });  // later than the connection
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Site, LetsARequestFinishWhenItStops) {
  Parked parked;
  Resource root;
  root.put_child("", parked.resource());
  SiteServer server(std::move(root));
  RawClient client(server.address());
  client.send(get("/"));
  Request& request = parked.wait();
  std::future<void> stopped = server.stop();
  server.run([&] {
    request.write("through");
    request.finish();
  });
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.body, "through");
  EXPECT_EQ(response.headers.at("connection"), "close");
  client.shutdown_send();
  stopped.get();
}

// The io_context goes with the request still open: nothing is told, nothing is touched.
TEST(Site, GoesWithARequestUnderWay) {
  std::optional<RawClient> client;
  {
    asio::io_context io_context(1);
    bool has_begun = false;
    Resource root;
    root.put_child("", Calls([&](Request&) {
                     has_begun = true;
                     return NOT_DONE_YET;
                   }));
    auto site = std::make_shared<Site>(std::move(root));
    net::Server server(io_context.get_executor(), {}, [&](net::Socket socket, net::ConnectionGroup::Seat& seat) {
      return site->serve(std::move(socket), nullptr, seat);
    });
    server.listen_numeric("127.0.0.1", 0);
    client.emplace(server.addresses().front());
    client->send(get("/"));
    io_context.run_for(100ms);
    EXPECT_TRUE(has_begun);
  }
  EXPECT_EQ(client->read_to_end(), "");
}

TEST(Site, LogsInTheCombinedFormat) {
  SiteServer server(make_root(), {}, true);
  RawClient client(server.address());
  client.send(get("/?q=\"", "User-Agent: a\"b\\c\r\nReferer: caf\xc3\xa9\r\n"));
  EXPECT_EQ(client.read_response().status, 400);  // no quote is in a target: nothing that the site sees
  RawClient other(server.address());
  other.send(get("/?q", "User-Agent: a\"b\\c\td\r\nReferer: caf\xc3\xa9\r\n") + get("/none", "", "HEAD") +
             "GET /pieces HTTP/1.0\r\n\r\n");
  EXPECT_EQ(other.read_response().status, 200);
  EXPECT_EQ(other.read_response(true).status, 404);
  EXPECT_THAT(other.read_to_end(), EndsWith("hello"));
  server.stop().get();
  EXPECT_THAT(
      server.access_log(),
      ElementsAre(MatchesRegex(R"(127\.0\.0\.1 - - \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} \+0000\] "GET /\?q )"
                               R"(HTTP/1\.1" 200 5 "caf\\xc3\\xa9" "a\\x22b\\x5cc\\x09d")"),
                  MatchesRegex(R"(.* "HEAD /none HTTP/1\.1" 404 - "-" "-")"),
                  MatchesRegex(R"(.* "GET /pieces HTTP/1\.0" 200 5 "-" "-")")));
}

}  // namespace
}  // namespace prometheus_async::tx::web
