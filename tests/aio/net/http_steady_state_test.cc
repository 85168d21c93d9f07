// SPDX-License-Identifier: Apache-2.0
//
// What a server keeps: nothing of a request that is over, little of a connection that is idle, nothing of one that is
// gone. Counts the C library's allocations, since Asio's are not all operator new's.

#include <dirent.h>
#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "aio/net/http_connection.h"
#include "aio/web/testing/raw_client.h"
#include "tests/aio/net/service_thread.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef COUNTS_ALLOCATIONS
#define COUNTS_ALLOCATIONS 1
#endif

namespace {

// The server's thread sets it.
thread_local bool is_counted = false;
std::atomic<std::size_t> allocations = 0;
std::atomic<std::ptrdiff_t> bytes_held = 0;

}  // namespace

#if COUNTS_ALLOCATIONS
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* memory);

static void* count(void* memory) {
  if (is_counted) {
    ++allocations;
    bytes_held += static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  }
  return memory;
}

void* malloc(std::size_t size) { return count(__libc_malloc(size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return count(__libc_memalign(alignment, size)); }
void free(void* memory) {
  if (is_counted && memory != nullptr) bytes_held -= static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  __libc_free(memory);
}
}
#endif

namespace prometheus_async::aio::net {
namespace {

using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::testing::ServiceThread;

const std::string kLarge(1 << 20, 'x');

// The answer at once, small or large, or from a coroutine.
class Hello final : public HttpService {
 public:
  using HttpService::HttpService;

  asio::awaitable<void> answer(HttpExchange& exchange) override {
    is_counted = true;
    const std::string_view path = exchange.head().target.path();
    if (path == "/later") return answer_later(exchange);
    const http::Headers headers{{"Content-Type", "text/plain; charset=utf-8"}};
    exchange.respond_now(200, headers, path == "/now" ? std::string_view("hello") : std::string_view(kLarge));
    return {};
  }

 private:
  static asio::awaitable<void> answer_later(HttpExchange& exchange) {
    const http::Headers headers{{"Content-Type", "text/plain; charset=utf-8"}};
    co_await exchange.respond(200, headers, "hello");
  }
};

class HttpSteadyState : public ::testing::Test {
 protected:
  ServiceThread server_{
      [](const asio::any_io_executor& executor) { return std::make_shared<Hello>(executor, HttpOptions()); }};
};

// As Prometheus asks.
std::string request(std::string_view path) {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost:9090\r\nUser-Agent: Prometheus/2.42.0\r\nAccept: application/openmetrics-text;"
         "version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
         "Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n";
}

void ask_each_in_turn(std::vector<std::unique_ptr<RawClient>>& clients, std::string_view request, int rounds,
                      std::string_view answer = "hello") {
  for (int i = 0; i < rounds; ++i) {
    for (const auto& client : clients) client->send(request);
    for (const auto& client : clients) ASSERT_TRUE(client->read_response().body == answer);
  }
}

TEST_F(HttpSteadyState, ARequestOfAKeptConnectionAllocatesNothing) {
  if (!COUNTS_ALLOCATIONS) GTEST_SKIP() << "the sanitizer has the allocator";
  for (const char* path : {"/now", "/later"}) {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 64; ++i) clients.push_back(std::make_unique<RawClient>(server_.address()));
    ask_each_in_turn(clients, request(path), 10);
    allocations = 0;
    ask_each_in_turn(clients, request(path), 20);
    EXPECT_EQ(allocations, 0u) << path;
  }
}

// After a request that was as large as may be, and after an answer that waited to be sent.
TEST_F(HttpSteadyState, AnIdleConnectionHoldsLittle) {
  if (!COUNTS_ALLOCATIONS) GTEST_SKIP() << "the sanitizer has the allocator";
  constexpr std::ptrdiff_t kConnections = 20;
  std::string large = "GET /now?" + std::string(8000, 'x') + " HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 90; ++i) large += "X-Field-" + std::to_string(i) + ": " + std::string(150, 'x') + "\r\n";
  large += "\r\n";
  server_.run([] { is_counted = true; });
  bytes_held = 0;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < kConnections; ++i) clients.push_back(std::make_unique<RawClient>(server_.address(), 4096));
  ask_each_in_turn(clients, large, 1);
  ask_each_in_turn(clients, request("/large"), 1, kLarge);
  ask_each_in_turn(clients, request("/now"), 1);
  RecordProperty("bytes", std::to_string(bytes_held / kConnections));
  EXPECT_LT(bytes_held / kConnections, 12 * 1024);
  EXPECT_GT(bytes_held / kConnections, 1024);  // it was counted at all
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* const folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

// Connections that say nothing, or one request, or half a one, and go.
TEST_F(HttpSteadyState, ConnectionsThatGoLeaveNothing) {
  const std::string half = request("/now").substr(0, 100);
  const auto come_and_go = [&](int times) {
    for (int i = 0; i < times; ++i) {
      RawClient client(server_.address());
      if (i % 3 == 1) client.send(half);
      if (i % 3 == 2) {
        client.send(request(i % 2 == 0 ? "/now" : "/later"));
        client.read_response();
      }
    }
    while (server_.connections() > 0) std::this_thread::yield();
  };
  come_and_go(100);
  const std::size_t descriptors = open_descriptors();
  bytes_held = 0;
  come_and_go(3000);
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_LT(bytes_held, 16 * 1024);
}

}  // namespace
}  // namespace prometheus_async::aio::net
