// SPDX-License-Identifier: Apache-2.0
//
// The access log of a server, by what its clients did.

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/net/http_observer.h"
#include "aio/web/access_log.h"
#include "aio/web/app_runner.h"
#include "aio/web/application.h"
#include "aio/web/http_error.h"
#include "aio/web/stream_response.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::LogLines;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::TestServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

std::string get(std::string_view path, std::string_view lines = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

asio::awaitable<void> wait_for_cancellation() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<Response> count(Request& request) {
  StreamResponse stream(request);
  for (const std::string_view piece : {"one", "two", "three"}) co_await stream.write(piece);
  co_return co_await stream.write_eof();
}

asio::awaitable<Response> break_off(Request& request) {
  StreamResponse stream(request);
  co_await stream.write("one");
  throw std::runtime_error("in the middle");
}

asio::awaitable<Response> wait_for_departure(Request& request) {
  co_await request.disconnected();
  co_return text("for nobody");
}

asio::awaitable<Response> hang(Request&) {
  co_await wait_for_cancellation();
  co_return text("never");
}

Application make_app() {
  Application app;
  app.router().add_get("/", [](Request&) { return text("hello"); });
  app.router().add_get("/count", count);
  app.router().add_get("/break", break_off);
  app.router().add_get("/throws", [](Request&) -> Response { throw std::runtime_error("broken"); });
  app.router().add_get("/teapot", [](Request&) -> Response { throw HttpError(418); });
  app.router().add_get("/departure", wait_for_departure);
  app.router().add_get("/hang", hang);
  app.router().add_post("/echo", [](Request& request) -> asio::awaitable<Response> {
    std::string body = co_await request.text();
    co_return text(std::move(body));
  });
  return app;
}

class AccessLogOfServer : public ::testing::Test {
 protected:
  // The server's, as far as they have been written when it has stopped.
  std::vector<std::string> lines() {
    server_.reset();
    return log_.lines();
  }

  const net::Address& address() const { return server_->address(); }

  LogLines log_;
  std::unique_ptr<TestServer> server_ = std::make_unique<TestServer>(
      make_app(), ServerOptions{.timeouts = {.head = 100ms, .shutdown = 100ms},
                                .access_log = {.sink = log_.log(), .format = "\"%r\" %s %b %X %{Content-Length}o"}});
};

TEST_F(AccessLogOfServer, TellsWhatReallyWentOut) {
  RawClient client(address());
  client.send(get("/", "Connection: close\r\n"));
  const std::string answer = client.read_to_end();
  EXPECT_THAT(lines(), ElementsAre("\"GET / HTTP/1.1\" 200 " + std::to_string(answer.size()) + " + 5"));
}

TEST_F(AccessLogOfServer, HasALineForEachRequestOfAConnection) {
  RawClient client(address());
  client.send(get("/") + get("/none") + get("/teapot"));
  for (int i = 0; i < 3; ++i) client.read_response();
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("GET / HTTP/1.1\" 200"), HasSubstr("GET /none HTTP/1.1\" 404"),
                                   HasSubstr("GET /teapot HTTP/1.1\" 418")));
}

TEST_F(AccessLogOfServer, TellsOfAnswersToHandlersThatThrow) {
  RawClient client(address());
  client.send(get("/throws", "Connection: close\r\n"));
  const std::string answer = client.read_to_end();
  EXPECT_THAT(lines(), ElementsAre(MatchesRegex("\"GET /throws HTTP/1.1\" 500 " + std::to_string(answer.size()) +
                                                " \\+ [0-9]+")));
}

TEST_F(AccessLogOfServer, TellsOfAStreamAtItsEnd) {
  RawClient client(address());
  client.send(get("/count", "Connection: close\r\n"));
  const std::string answer = client.read_to_end();
  EXPECT_THAT(lines(), ElementsAre("\"GET /count HTTP/1.1\" 200 " + std::to_string(answer.size()) + " + -"));
}

TEST_F(AccessLogOfServer, MarksAStreamThatItsHandlerBroke) {
  RawClient client(address());
  client.send(get("/break"));
  client.read_to_end();
  EXPECT_THAT(lines(), ElementsAre(MatchesRegex("\"GET /break HTTP/1.1\" 200 [0-9]+ X -")));
}

TEST_F(AccessLogOfServer, MarksAClientThatLeftBeforeItsAnswer) {
  {
    RawClient client(address());
    client.send(get("/") + get("/departure"));
    client.read_response();
  }
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("GET / HTTP/1.1"), HasSubstr("\"GET /departure HTTP/1.1\" 499 0 X")));
}

TEST_F(AccessLogOfServer, MarksARequestThatItsShutdownCutOff) {
  RawClient client(address());
  client.send(get("/") + get("/hang"));
  client.read_response();
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("GET / HTTP/1.1"), "\"GET /hang HTTP/1.1\" - 0 X -"));
}

TEST_F(AccessLogOfServer, TellsOfWhatTheParserRefused) {
  RawClient client(address());
  client.send("GET /\r\n\x01\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_THAT(lines(), ElementsAre(MatchesRegex("\"-\" 400 " + std::to_string(answer.size()) + " \\+ [0-9]+")));
}

TEST_F(AccessLogOfServer, TellsOfARequestThatNeverCame) {
  RawClient client(address());
  client.send("GET / HTTP/1.1\r\n");
  client.read_to_end();
  EXPECT_THAT(lines(), ElementsAre(MatchesRegex("\"-\" 408 [0-9]+ \\+ [0-9]+")));
}

TEST_F(AccessLogOfServer, TellsOfABodyThatWasRefused) {
  RawClient client(address());
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
  client.read_to_end();
  EXPECT_THAT(lines(), ElementsAre(MatchesRegex("\"POST /echo HTTP/1.1\" 400 [0-9]+ \\+ [0-9]+")));
}

TEST_F(AccessLogOfServer, TellsWhoseBodyWasTooLarge) {
  RawClient client(address());
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n");
  client.read_to_end();
  EXPECT_THAT(lines(), ElementsAre(MatchesRegex("\"POST /echo HTTP/1.1\" 413 [0-9]+ \\+ [0-9]+")));
}

TEST_F(AccessLogOfServer, SaysNothingOfConnectionsWithoutARequest) {
  {
    RawClient client(address());
  }
  RawClient client(address());
  client.send(get("/", "Connection: close\r\n"));
  client.read_to_end();
  EXPECT_EQ(lines().size(), 1U);
}

TEST_F(AccessLogOfServer, CannotBeForged) {
  RawClient client(address());
  client.send(get("/%0a127.0.0.1", "Connection: close\r\n"));
  client.read_to_end();
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("GET /%0a127.0.0.1 HTTP/1.1\" 404")));
}

TEST(AccessLogOptions, AreOffByDefault) { EXPECT_EQ(ServerOptions().access_log.sink, nullptr); }

TEST(AccessLogOptions, AreRefusedWhenTheServerIsMade) {
  asio::io_context io_context;
  const ServerOptions options{.access_log = {.sink = [](std::string_view) {}, .format = "%z"}};
  EXPECT_THROW(AppRunner(io_context.get_executor(), Application(), options), std::invalid_argument);
}

// A connection that is dropped where it stands.
TEST(AccessLogOptions, AConnectionThatIsDroppedTellsOfItsRequest) {
  LogLines log;
  std::promise<void> called;
  {
    asio::io_context io_context;
    Application app;
    app.router().add_get("/", [&](Request&) -> asio::awaitable<Response> {
      called.set_value();
      co_await wait_for_cancellation();
      co_return text("never");
    });
    AppRunner runner(io_context.get_executor(), std::move(app),
                     {.access_log = {.sink = log.log(), .format = "%r %s %X"}});
    auto site = asio::co_spawn(io_context, runner.tcp_site("127.0.0.1", 0), asio::use_future);
    while (site.wait_for(0s) != std::future_status::ready) io_context.run_one();
    RawClient client(runner.addresses().front());
    client.send(get("/"));
    const std::future<void> is_called = called.get_future();
    while (is_called.wait_for(0s) != std::future_status::ready) io_context.run_one();
    EXPECT_THAT(log.lines(), IsEmpty());
  }
  EXPECT_THAT(log.lines(), ElementsAre("GET / HTTP/1.1 - X"));
}

// --- Observers of a program's own.

TEST(ServerOptions, HasObserversToldOfEachAnswer) {
  class Observer final : public net::HttpObserver {
   public:
    explicit Observer(LogLines& lines) : log_(lines.log()) {}
    void on_answered(const net::HttpOutcome& outcome) noexcept override {
      log_(outcome.request->target.raw());
      log_(outcome.head);
    }

   private:
    const net::Log log_;
  };
  LogLines lines;
  {
    const TestServer server(make_app(), {.observers = {std::make_shared<Observer>(lines)}});
    RawClient client(server.address());
    client.send(get("/teapot"));
    client.read_response();
  }
  EXPECT_THAT(lines.lines(), ElementsAre("/teapot", ""));
}

}  // namespace
}  // namespace prometheus_async::aio::web
