// SPDX-License-Identifier: Apache-2.0
//
// What a connection allows its client, and what the client hears of a refusal. What the parser refuses is
// tests/aio/http/request_parser_test's; the deadlines are tests/aio/web/connection_test's as well.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/net/http_connection.h"
#include "aio/web/testing/raw_client.h"
#include "tests/aio/net/service_thread.h"

namespace prometheus_async::aio::net {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::testing::ServiceThread;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const http::Headers kText{{"Content-Type", "text/plain"}};

// What the tests see of a service.
struct Seen {
  std::mutex mutex;
  std::vector<int> refused;                   // their statuses
  std::vector<std::string> answered;          // their paths
  std::atomic<std::uint64_t> bytes_sent = 0;  // of the last answer of answer()

  std::vector<int> refusals() {
    const std::lock_guard<std::mutex> lock(mutex);
    return refused;
  }
  std::vector<std::string> answers() {
    const std::lock_guard<std::mutex> lock(mutex);
    return answered;
  }
};

const std::string kMuch(8 << 20, 'x');  // more than sockets hold

// /now and /much at once; /later and /much-later the same from a coroutine; /for-ever until it is stopped; else the
// body.
class Service final : public HttpService {
 public:
  Service(const asio::any_io_executor& executor, HttpOptions options, Seen& seen)
      : HttpService(executor, std::move(options)), seen_(seen) {}

  asio::awaitable<void> answer(HttpExchange& exchange) override {
    const std::string_view path = exchange.head().target.path();
    {
      const std::lock_guard<std::mutex> lock(seen_.mutex);
      seen_.answered.emplace_back(path);
    }
    if (path.starts_with("/now")) {
      exchange.respond_now(200, kText, "now");
      return {};
    }
    if (path == "/much") {
      exchange.respond_now(200, kText, std::string(kMuch));
      return {};
    }
    if (path == "/nothing") return {};
    if (path == "/for-ever") return stream(exchange);
    if (path == "/later" || path == "/much-later")
      return answer_later(exchange, path == "/later" ? "later" : std::string_view(kMuch));
    return echo(exchange);
  }

  void on_refused(const Address& peer, const http::ParseError& error) override {
    const std::lock_guard<std::mutex> lock(seen_.mutex);
    EXPECT_EQ(peer.host, "127.0.0.1");
    seen_.refused.push_back(error.status.code());
  }

 private:
  static asio::awaitable<void> answer_later(HttpExchange& exchange, std::string_view body) {
    asio::steady_timer timer(exchange.get_executor(), 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    exchange.respond_now(200, kText, std::string(body));
  }

  static asio::awaitable<void> stream(HttpExchange& exchange) {
    asio::steady_timer timer(exchange.get_executor(), asio::steady_timer::time_point::max());
    bool is_stopped = false;
    exchange.on_stop([&] {
      is_stopped = true;
      timer.cancel();
    });
    exchange.begin(200, kText);
    co_await exchange.write("for ever");
    while (!is_stopped) co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    EXPECT_TRUE(exchange.is_stopping());
    bool is_told_again = false;
    exchange.on_stop([&] { is_told_again = true; });
    EXPECT_TRUE(is_told_again);
    co_await exchange.finish();
  }

  asio::awaitable<void> echo(HttpExchange& exchange) {
    std::string body;
    for (;;) {
      const std::string_view piece = co_await exchange.read_some();
      if (piece.empty()) break;
      body += piece;
    }
    EXPECT_EQ(exchange.bytes_sent(), 0u);
    co_await exchange.respond(200, kText, body);
    seen_.bytes_sent = exchange.bytes_sent();
  }

  Seen& seen_;
};

class HttpLimits : public ::testing::Test {
 protected:
  void start(HttpOptions options = {}) {
    options.log = nullptr;
    server_.emplace(
        [&](const asio::any_io_executor& executor) { return std::make_shared<Service>(executor, options, seen_); });
  }
  const Address& address() { return server_->address(); }

  Seen seen_;
  std::optional<ServiceThread> server_;
};

std::string get(std::string_view path, std::string_view lines = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

std::string post(std::string_view lines, std::string_view body) {
  return "POST /echo HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

// --- Refusals.

// Each reaches a client that goes on sending, and ends the connection without a reset.
TEST_F(HttpLimits, EachRefusalArrives) {
  start({.limits = {.request_line = 100, .header_block = 400, .field_line = 200, .fields = 5, .body = 100}});
  std::string many;
  for (int i = 0; i < 6; ++i) many += "a: b\r\n";
  const std::vector<std::pair<std::string, int>> refused{
      {get("/now", "no colon\r\n"), 400},
      {"GET /now HTTP/1.1\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x01\xfc\x03\x03", 400},
      {get("/now", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400},
      {get("/" + std::string(100, 'x')), 414},
      {get("/now", "Expect: a miracle\r\n"), 417},
      {get("/now", "a: " + std::string(200, 'x') + "\r\n"), 431},
      {get("/now", "a: " + std::string(190, 'x') + "\r\nb: " + std::string(190, 'x') + "\r\n"), 431},
      {get("/now", many), 431},
      {get("/now", "Transfer-Encoding: gzip\r\n"), 501},
      {"GET /now HTTP/2.0\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
  };
  std::vector<int> statuses;
  for (const auto& [bytes, status] : refused) {
    RawClient client(address());
    client.send(bytes + std::string(100'000, 'x'));
    client.shutdown_send();
    const std::string answer = client.read_to_end();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status) + " ")) << bytes;
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n")) << bytes;
    EXPECT_FALSE(client.was_reset()) << bytes;
    statuses.push_back(status);
  }
  EXPECT_EQ(seen_.refusals(), statuses);
  EXPECT_THAT(seen_.answers(), IsEmpty());
}

// It has a head, so that a service may answer before the body is looked at; it hears of it when it reads.
TEST_F(HttpLimits, ABodyThatIsTooLargeIsTheServicesToRefuse) {
  start({.limits = {.body = 100}});
  for (const auto& [size, status] : {std::pair(99, "200"), {100, "200"}, {101, "413"}}) {
    RawClient client(address());
    client.send(post("Connection: close\r\nContent-Length: " + std::to_string(size) + "\r\n", std::string(101, 'x')));
    client.shutdown_send();
    EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 " + std::string(status))) << size;
    EXPECT_FALSE(client.was_reset()) << size;
  }
  RawClient client(address());
  client.send(get("/now", "Content-Length: 101\r\n") + std::string(100'000, 'x'));
  client.shutdown_send();
  const std::string answer = client.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_FALSE(client.was_reset());
  EXPECT_THAT(seen_.refusals(), IsEmpty());
  EXPECT_THAT(seen_.answers(), ElementsAre("/echo", "/echo", "/echo", "/now"));
}

// A client that waits for it is not told to go on with what is refused then.
TEST_F(HttpLimits, NoContinueForABodyThatIsTooLarge) {
  start({.limits = {.body = 100}});
  RawClient client(address());
  client.send(post("Expect: 100-continue\r\nContent-Length: 101\r\n", {}));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpLimits, AHeadThatIsTooSlowIsRefused) {
  start({.timeouts = {.head = 20ms}});
  RawClient client(address());
  client.send("GET / HTTP/1.1\r\n");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(seen_.refusals(), ElementsAre(408));
}

// A client that leaves before it has said a word, or in the middle of it, is no refusal.
TEST_F(HttpLimits, SilenceIsNoRefusal) {
  start({.timeouts = {.first_byte = 20ms}});
  RawClient silent(address());
  EXPECT_EQ(silent.read_to_end(), "");
  RawClient leaving(address());
  leaving.send("GET / HT");
  leaving.shutdown_send();
  EXPECT_EQ(leaving.read_to_end(), "");
  EXPECT_THAT(seen_.refusals(), IsEmpty());
}

// A client that looks for no answer before all of its body is sent, as proxies and libraries do, gets the answer.
TEST_F(HttpLimits, RefusalReachesWhoSendsAllFirst) {
  start({.limits = {.body = 100}, .timeouts = {.linger = 1h}});
  asio::io_context context;
  asio::ip::tcp::socket client(context);
  client.connect({asio::ip::make_address(address().host), address().port});
  boost::system::error_code error;
  asio::write(client, asio::buffer(post("Content-Length: 67108864\r\n", std::string(64 << 20, 'x'))), error);
  EXPECT_FALSE(error) << error.message();
  client.shutdown(asio::socket_base::shutdown_send);
  std::string answer;
  asio::read(client, asio::dynamic_buffer(answer), error);
  EXPECT_EQ(error, asio::error::eof);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
}

// A client that sends for ever after its refusal is cut off.
TEST_F(HttpLimits, DiscardsNoLongerThanItLingers) {
  start({.limits = {.body = 100}, .timeouts = {.linger = 1ms}});
  RawClient client(address());
  client.send(post("Content-Length: 1000000000000\r\n", "x"));
  std::atomic<bool> is_over = false;
  std::jthread sender([&] {
    const std::string piece(64 << 10, 'x');
    while (!is_over) client.send(piece);
  });
  while (server_->connections() > 0) std::this_thread::yield();
  is_over = true;
}

// --- Requests.

std::size_t answers_before_close(const Address& address, std::size_t requests) {
  RawClient client(address);
  std::string bytes;
  for (std::size_t i = 0; i < requests; ++i) bytes += get(i % 2 == 0 ? "/now" : "/later");
  client.send(bytes);
  client.shutdown_send();
  const std::string answers = client.read_to_end();
  std::size_t count = 0;
  for (std::size_t at = answers.find("HTTP/1.1 200"); at != std::string::npos;
       at = answers.find("HTTP/1.1 200", at + 1)) {
    ++count;
  }
  // The last answer, and no other, says that it is.
  const std::size_t close = answers.find("Connection: close");
  EXPECT_EQ(close == std::string::npos, count < 3) << answers;
  if (close != std::string::npos) {
    EXPECT_GT(close, answers.rfind("HTTP/1.1 200"));
  }
  return count;
}

TEST_F(HttpLimits, AConnectionBringsSoManyRequests) {
  start({.max_requests = 3});
  EXPECT_EQ(answers_before_close(address(), 2), 2u);
  EXPECT_EQ(answers_before_close(address(), 3), 3u);
  EXPECT_EQ(answers_before_close(address(), 4), 3u);
}

// Of a list of requests, split in two at every byte, each is read as it is meant.
TEST_F(HttpLimits, ReadsRequestsInAnyTwoPieces) {
  start();
  const std::string bytes = "\r\n" + get("/now", "Upgrade: websocket\r\nConnection: upgrade\r\n") +
                            post("Content-Length: 3\r\n", "abc") +
                            post("Transfer-Encoding: chunked\r\n", "2;x=\"y\"\r\nde\r\n1\r\nf\r\n0\r\nX: y\r\n\r\n") +
                            "HEAD /now HTTP/1.1\r\nHost: a\r\n\r\n" + get("/later");
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    RawClient client(address());
    client.send(bytes.substr(0, i));
    client.send(bytes.substr(i));
    ASSERT_EQ(client.read_response().body, "now") << i;
    ASSERT_EQ(client.read_response().body, "abc") << i;
    ASSERT_EQ(client.read_response().body, "def") << i;
    ASSERT_EQ(client.read_response(true).headers.at("content-length"), "3") << i;
    ASSERT_EQ(client.read_response().body, "later") << i;
  }
}

// A client that sends many requests at once has no more turns than one that sends few.
TEST_F(HttpLimits, ServesOtherConnectionsInBetween) {
  start();
  std::string first;
  std::string second;
  for (int i = 0; i < 100; ++i) {
    first += get("/now/first");
    second += get("/now/second");
  }
  RawClient one(address());
  RawClient other(address());
  one.send(get("/later"));
  other.send(get("/later"));
  one.read_response();
  other.read_response();
  server_->run([&] {  // both are there when the loop goes on
    one.send(first);
    other.send(second);
  });
  for (int i = 0; i < 100; ++i) {
    one.read_response();
    other.read_response();
  }
  const std::vector<std::string> answers = seen_.answers();
  ASSERT_EQ(answers.size(), 202u);
  const std::string& begins = answers[2];
  const auto other_begins =
      std::find_if(answers.begin() + 2, answers.end(), [&](const auto& path) { return path != begins; });
  EXPECT_LE(other_begins - answers.begin() - 2, 20);
}

// --- Bodies.

TEST_F(HttpLimits, ABodyThatIsTooSlowIsRefused) {
  start({.timeouts = {.body_grace = 20ms}, .min_body_rate = 1'000'000'000});
  RawClient client(address());
  client.send(post("Content-Length: 5\r\n", "he"));
  const RawResponse response = client.read_response();
  EXPECT_EQ(response.status, 408);
  EXPECT_EQ(response.headers.at("connection"), "close");
}

// --- Answers.

TEST_F(HttpLimits, AnAnswerAtOnceMayBeLarge) {
  start();
  for (const char* path : {"/much", "/much-later"}) {
    RawClient client(address(), 4096);
    client.send(get(path) + get("/now") + get(path, "Connection: close\r\n"));
    EXPECT_EQ(client.read_response().body, kMuch) << path;
    EXPECT_EQ(client.read_response().body, "now") << path;
    EXPECT_EQ(client.read_response().body, kMuch) << path;
    client.shutdown_send();
    EXPECT_EQ(client.read_to_end(), "") << path;
  }
}

TEST_F(HttpLimits, AnAnswerAtOnceIsOne) {
  start();
  RawClient client(address());
  client.send(get("/nothing") + "HEAD /now HTTP/1.1\r\nHost: a\r\n\r\n" + get("/now"));
  EXPECT_EQ(client.read_response().status, 500);
  EXPECT_EQ(client.read_response(true).headers.at("content-length"), "3");
  EXPECT_EQ(client.read_response().body, "now");
}

TEST_F(HttpLimits, CountsTheBytesOfAnAnswer) {
  start();
  RawClient client(address());
  client.send(post("Content-Length: 3\r\nConnection: close\r\n", "abc"));
  client.shutdown_send();
  const std::string answer = client.read_to_end();
  EXPECT_THAT(answer, EndsWith("\r\n\r\nabc"));
  server_->stop().get();
  EXPECT_EQ(seen_.bytes_sent, answer.size());
}

TEST_F(HttpLimits, AWholeAnswerHasItsTime) {
  start({.timeouts = {.write = 20s, .answer = 20ms}});
  RawClient client(address(), 4096);
  client.send(get("/much"));
  server_->stop().get();  // which waits for the connection
  EXPECT_LT(client.read_to_end().size(), kMuch.size());
  EXPECT_TRUE(client.was_reset());
}

TEST_F(HttpLimits, AnAnswerForEverEndsWhenTheServerStops) {
  start();
  RawClient client(address());
  client.send(get("/for-ever"));
  while (seen_.answers().empty()) std::this_thread::yield();
  std::future<void> stopped = server_->stop();
  client.shutdown_send();
  EXPECT_THAT(client.read_to_end(), EndsWith("\r\n\r\n8\r\nfor ever\r\n0\r\n\r\n"));
  stopped.get();
}

}  // namespace
}  // namespace prometheus_async::aio::net
