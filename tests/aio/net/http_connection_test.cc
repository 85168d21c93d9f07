// SPDX-License-Identifier: Apache-2.0
//
// What an HttpService can do to the connection. How HTTP itself is spoken is tests/aio/web/connection_test's, over the
// same engine.

#include "aio/net/http_connection.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/net/server.h"
#include "aio/web/testing/raw_client.h"

namespace prometheus_async::aio::net {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// The example of the header.
class Hello final : public HttpService {
 public:
  using HttpService::HttpService;
  asio::awaitable<void> answer(HttpExchange& exchange) override { return exchange.respond(200, headers_, "hello"); }

 private:
  const http::Headers headers_{{"Content-Type", "text/plain"}};
};

// An answer a path. The functions are coroutines without captures, or call one.
class Paths final : public HttpService {
 public:
  using Answer = std::function<asio::awaitable<void>(HttpExchange&)>;

  Paths(const asio::any_io_executor& executor, HttpOptions options, std::map<std::string, Answer, std::less<>> answers)
      : HttpService(executor, std::move(options)), answers_(std::move(answers)) {}

  asio::awaitable<void> answer(HttpExchange& exchange) override {
    return answers_.at(std::string(exchange.head().target.path()))(exchange);
  }

 private:
  const std::map<std::string, Answer, std::less<>> answers_;
};

class Running {
 public:
  explicit Running(std::map<std::string, Paths::Answer, std::less<>> answers, HttpOptions options = {}) {
    options.log = [this](std::string_view line) {
      const std::lock_guard<std::mutex> lock(mutex_);
      log_.emplace_back(line);
    };
    const auto service = std::make_shared<Paths>(io_context_.get_executor(), std::move(options), std::move(answers));
    server_.emplace(io_context_.get_executor(), ServerOptions(), [service](Socket socket, ConnectionGroup::Seat& seat) {
      return serve_http(service, std::move(socket), nullptr, seat);
    });
    server_->listen_numeric("127.0.0.1", 0);
    thread_ = std::jthread([this] { io_context_.run(); });
  }
  ~Running() {
    stop(20s).get();
    work_.reset();
  }

  const Address& address() const { return server_->addresses().front(); }
  std::future<void> stop(std::chrono::steady_clock::duration timeout) {
    return asio::co_spawn(io_context_, server_->shut_down(timeout), asio::use_future);
  }
  std::vector<std::string> log() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return log_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> log_;
  asio::io_context io_context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_context_.get_executor()};
  std::optional<Server> server_;
  std::jthread thread_;
};

const http::Headers kText{{"Content-Type", "text/plain"}};

std::string get(std::string_view path, std::string_view version = "1.1", std::string_view lines = {}) {
  return "GET " + std::string(path) + " HTTP/" + std::string(version) + "\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

asio::awaitable<void> next(HttpExchange& exchange) { return exchange.respond(200, kText, "next"); }

asio::awaitable<void> two_pieces(HttpExchange& exchange) {
  exchange.begin(200, kText);
  co_await exchange.write("hello ");
  co_await exchange.write("");
  co_await exchange.write("0123456789abcdef");
  co_await exchange.finish();
}

asio::awaitable<void> five_bytes(HttpExchange& exchange) {
  exchange.begin(200, kText, 5);
  co_await exchange.write("he");
  co_await exchange.write("llo");
  co_await exchange.finish();
}

// What the client gets, up to its end of the connection.
std::string exchange_once(Running& server, std::string_view bytes) {
  RawClient client(server.address());
  client.send(bytes);
  client.shutdown_send();
  return client.read_to_end();
}

TEST(HttpConnection, ServesTheExampleOfTheHeader) {
  asio::io_context io_context(1);
  const auto service = std::make_shared<Hello>(io_context.get_executor(), HttpOptions());
  Server server(io_context.get_executor(), {}, [service](Socket socket, ConnectionGroup::Seat& seat) {
    return serve_http(service, std::move(socket), nullptr, seat);
  });
  server.listen_numeric("127.0.0.1", 0);
  RawClient client(server.addresses().front());
  client.send(get("/"));
  std::future<RawResponse> response = std::async(std::launch::async, [&] { return client.read_response(); });
  while (response.wait_for(0s) != std::future_status::ready) io_context.run_one_for(10ms);
  EXPECT_EQ(response.get().body, "hello");
}

TEST(HttpConnection, StreamsInChunks) {
  Running server({{"/", two_pieces}, {"/next", next}});
  const std::string answer = exchange_once(server, get("/") + get("/next"));
  EXPECT_THAT(answer,
              StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nDate: "));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n6\r\nhello \r\n10\r\n0123456789abcdef\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nnext"));
}

TEST(HttpConnection, EndsAStreamOfHttp10WithTheConnection) {
  Running server({{"/", two_pieces}, {"/next", next}});
  const std::string answer = exchange_once(server, get("/", "1.0", "Connection: keep-alive\r\n") + get("/next"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nhello 0123456789abcdef"));
}

TEST(HttpConnection, StreamsWhatHasALengthAsItIs) {
  Running server({{"/", five_bytes}, {"/next", next}});
  for (const char* version : {"1.0", "1.1"}) {
    const std::string answer =
        exchange_once(server, get("/", version, "Connection: keep-alive\r\n") + get("/next", version));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 5\r\n")) << version;
    EXPECT_THAT(answer, HasSubstr("\r\n\r\nhelloHTTP/1.1 200 OK\r\n")) << version;
    EXPECT_THAT(answer, EndsWith("next")) << version;
  }
}

TEST(HttpConnection, StreamsNoBodyInAnswerToHead) {
  Running server({{"/", two_pieces}, {"/five", five_bytes}, {"/next", next}});
  RawClient client(server.address());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /five HTTP/1.1\r\nHost: a\r\n\r\n" + get("/next"));
  const RawResponse chunked = client.read_response(true);
  EXPECT_EQ(chunked.headers.count("transfer-encoding"), 0u);
  EXPECT_EQ(chunked.headers.count("content-length"), 0u);
  EXPECT_EQ(client.read_response(true).headers.at("content-length"), "5");
  EXPECT_EQ(client.read_response().body, "next");
  EXPECT_THAT(server.log(), IsEmpty());
}

asio::awaitable<void> no_content(HttpExchange& exchange) {
  exchange.begin(204, {});
  co_await exchange.write("not sent");
  co_await exchange.finish();
}

TEST(HttpConnection, StreamsNoBodyWhereNoneMayBe) {
  Running server({{"/", no_content}, {"/next", next}});
  RawClient client(server.address());
  client.send(get("/") + get("/next"));
  EXPECT_EQ(client.read_response().headers.count("transfer-encoding"), 0u);
  EXPECT_EQ(client.read_response().body, "next");
}

asio::awaitable<void> too_long(HttpExchange& exchange) {
  exchange.begin(200, kText, 5);
  co_await exchange.write("hello");
  co_await exchange.write("!");
}

asio::awaitable<void> too_short(HttpExchange& exchange) {
  exchange.begin(200, kText, 5);
  co_await exchange.write("he");
  co_await exchange.finish();
}

asio::awaitable<void> unfinished(HttpExchange& exchange) {
  exchange.begin(200, kText);
  co_await exchange.write("he");
}

// Each is cut off, so that the client sees that it has no whole answer; the next request is not answered.
TEST(HttpConnection, CutsOffAnAnswerOfAnotherLengthThanItsOwn) {
  Running server({{"/long", too_long}, {"/short", too_short}, {"/unfinished", unfinished}, {"/next", next}});
  for (const char* path : {"/long", "/short", "/unfinished"}) {
    RawClient client(server.address());
    client.send(get(path) + get("/next"));
    const std::string answer = client.read_to_end();
    EXPECT_TRUE(client.was_reset()) << path;
    EXPECT_THAT(answer, Not(HasSubstr("next"))) << path;
    EXPECT_THAT(answer, Not(HasSubstr("!"))) << path;
  }
  EXPECT_THAT(server.log(), ElementsAre("GET /long: the answer is longer than its Content-Length",
                                        "GET /short: the answer is 3 bytes shorter than its Content-Length"));
}

asio::awaitable<void> twice(HttpExchange& exchange) {
  co_await exchange.respond(200, kText, "once");
  co_await exchange.respond(200, kText, "twice");
}

asio::awaitable<void> never(HttpExchange&) { co_return; }

TEST(HttpConnection, AnswersARequestOnce) {
  Running server({{"/twice", twice}, {"/never", never}, {"/next", next}});
  RawClient client(server.address());
  client.send(get("/twice") + get("/never") + get("/next"));
  EXPECT_EQ(client.read_response().body, "once");
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body, "500: Internal Server Error");
  EXPECT_EQ(client.read_response().body, "next");
  EXPECT_THAT(server.log(), ElementsAre("GET /twice: the request has its answer already"));
}

asio::awaitable<void> read_all(HttpExchange& exchange) {
  std::string body;
  for (;;) {
    const std::string_view piece = co_await exchange.read_some();
    if (piece.empty()) break;
    body += piece;
  }
  co_await exchange.respond(200, kText, body);
}

TEST(HttpConnection, AnswersABadBodyByItself) {
  Running server({{"/", read_all}}, {.limits = {.body = 3}});
  RawClient client(server.address());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlong\r\n0\r\n\r\n");
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_THAT(server.log(), IsEmpty());
}

// --- Back-pressure and disconnection.

// Answers of which one waits until another lets it go on.
class Gate {
 public:
  Paths::Answer opening() {
    return [this](HttpExchange& exchange) {
      is_open_ = true;
      if (timer_ != nullptr) timer_->cancel();
      return next(exchange);
    };
  }
  // Watches for the client's leaving, and answers when the gate is open or the client gone.
  Paths::Answer watched() {
    return [this](HttpExchange& exchange) { return watch(exchange); };
  }

  void wait_until_begun() { begun_.get_future().get(); }
  void wait_until_left() { left_.get_future().get(); }
  bool has_ended() const { return has_ended_; }

 private:
  asio::awaitable<void> watch(HttpExchange& exchange) {
    asio::steady_timer timer(exchange.get_executor(), asio::steady_timer::time_point::max());
    timer_ = &timer;
    exchange.on_disconnect([this, &timer] {
      left_.set_value();
      timer.cancel();
    });
    begun_.set_value();
    if (!is_open_) co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    timer_ = nullptr;
    if (exchange.is_lost()) {
      co_await exchange.respond(200, kText, "to nobody");
    } else {
      co_await exchange.respond(200, kText, "waited");
    }
    has_ended_ = true;
  }

  std::promise<void> begun_;
  std::promise<void> left_;
  asio::steady_timer* timer_ = nullptr;
  bool is_open_ = false;
  std::atomic<bool> has_ended_ = false;
};

TEST(HttpConnection, WaitsForASlowReader) {
  std::atomic<bool> has_written = false;
  const std::string piece(64 << 20, 'x');  // more than sockets hold
  const auto write_much = [&](HttpExchange& exchange) -> asio::awaitable<void> {
    exchange.begin(200, kText, piece.size());
    co_await exchange.write(piece);
    has_written = true;
    co_await exchange.finish();
  };
  Running server({{"/", write_much}, {"/next", next}});
  RawClient client(server.address(), 4096);
  client.send(get("/"));
  RawClient other(server.address());
  other.send(get("/next"));
  EXPECT_EQ(other.read_response().body, "next");
  EXPECT_FALSE(has_written);
  EXPECT_EQ(client.read_response().body.size(), piece.size());
  client.send(get("/next"));
  EXPECT_EQ(client.read_response().body, "next");
  EXPECT_TRUE(has_written);
}

TEST(HttpConnection, NoticesAClientThatLeavesWhileItIsAnswered) {
  Gate gate;
  Running server({{"/", gate.watched()}});
  {
    RawClient client(server.address());
    client.send(get("/"));
    gate.wait_until_begun();
  }
  gate.wait_until_left();
  server.stop(20s).get();
  EXPECT_TRUE(gate.has_ended());
  EXPECT_THAT(server.log(), IsEmpty());
}

// Many more than are read ahead, before and after the watched one begins.
TEST(HttpConnection, LosesNothingOfWhatItReadsAhead) {
  Gate gate;
  Running server({{"/", gate.watched()}, {"/open", gate.opening()}, {"/next", next}});
  RawClient client(server.address());
  std::string many;
  for (int i = 0; i < 1000; ++i) many += get("/next");
  client.send(get("/") + many);
  gate.wait_until_begun();
  client.send(many);
  RawClient other(server.address());
  other.send(get("/open"));
  EXPECT_EQ(other.read_response().body, "next");
  EXPECT_EQ(client.read_response().body, "waited");
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(client.read_response().body, "next") << i;
  // The read that is left over is the next request's.
  client.send(get("/next"));
  EXPECT_EQ(client.read_response().body, "next");
}

TEST(HttpConnection, StopsWithAReadAheadLeftOver) {
  Gate gate;
  Running server({{"/", gate.watched()}, {"/open", gate.opening()}});
  RawClient client(server.address());
  client.send(get("/"));
  gate.wait_until_begun();
  RawClient(server.address()).send(get("/open"));
  EXPECT_EQ(client.read_response().body, "waited");
  server.stop(20s).get();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpConnection, ObeysCloseWithAReadAheadLeftOver) {
  Gate gate;
  Running server({{"/", gate.watched()}, {"/open", gate.opening()}});
  RawClient client(server.address());
  client.send(get("/", "1.1", "Connection: close\r\n"));
  gate.wait_until_begun();
  RawClient(server.address()).send(get("/open"));
  EXPECT_EQ(client.read_response().body, "waited");
  client.shutdown_send();
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_FALSE(client.was_reset());
}

asio::awaitable<void> watch_for_ever(HttpExchange& exchange) {
  asio::steady_timer timer(exchange.get_executor(), asio::steady_timer::time_point::max());
  exchange.on_disconnect([&timer] { timer.cancel(); });  // not to be called once the frame has gone
  co_await timer.async_wait(asio::use_awaitable);
}

TEST(HttpConnection, IsCancelledWhileItReadsAhead) {
  Running server({{"/", watch_for_ever}});
  RawClient client(server.address());
  client.send(get("/"));
  server.stop(10ms).get();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpConnection, GoesWithItsIoContextWhileItReadsAhead) {
  std::optional<RawClient> client;
  {
    asio::io_context io_context(1);
    std::map<std::string, Paths::Answer, std::less<>> answers{{"/", watch_for_ever}};
    const auto service = std::make_shared<Paths>(io_context.get_executor(), HttpOptions(), std::move(answers));
    Server server(io_context.get_executor(), {}, [&](Socket socket, ConnectionGroup::Seat& seat) {
      return serve_http(service, std::move(socket), nullptr, seat);
    });
    server.listen_numeric("127.0.0.1", 0);
    client.emplace(server.addresses().front());
    client->send(get("/"));
    io_context.run_for(100ms);
    EXPECT_EQ(server.connections(), 1u);
  }
  EXPECT_EQ(client->read_to_end(), "");
}

}  // namespace
}  // namespace prometheus_async::aio::net
