// SPDX-License-Identifier: Apache-2.0
//
// hello_allocations [ROUNDS]: how often aio/web's hello goes to the heap for a request on one of 64 connections that
// are kept alive, after some rounds that do not count. Prints allocations divided by requests. Every way to the heap is
// counted: malloc and its kin are this program's own, in front of glibc's.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "aio/web/app_runner.h"
#include "aio/web/application.h"

namespace {
// Of the server's thread alone. The client reads it, too; a request more or less at either end does not matter.
thread_local long* counter = nullptr;
long allocations = 0;

void count() {
  if (counter != nullptr) __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
  count();
  return __libc_calloc(number, size);
}
void* realloc(void* memory, std::size_t size) {
  count();
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  count();
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}

namespace {

namespace asio = boost::asio;
namespace web = prometheus_async::aio::web;

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kBody = "hello";
constexpr int kConnections = 64;
constexpr int kWarmUp = 100;

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
  }
  ~Client() { ::close(fd_); }

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send() {
    if (::send(fd_, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) fail("send");
  }

  void receive() {
    std::size_t size = 0;
    do {
      const ssize_t read = ::recv(fd_, buffer_ + size, sizeof buffer_ - size, 0);
      if (read <= 0) fail("recv");
      size += static_cast<std::size_t>(read);
    } while (!std::string_view(buffer_, size).ends_with(kBody));
  }

 private:
  [[noreturn]] static void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

  const int fd_;
  char buffer_[4096];
};

void serve(asio::io_context& context, std::promise<std::uint16_t> port) {
  counter = &allocations;
  web::Application app;
  app.router().add_get("/", [](web::Request&) { return web::text("hello"); });
  web::AppRunner runner(context.get_executor(), std::move(app));
  const auto start = [&]() -> asio::awaitable<void> {
    co_await runner.tcp_site("127.0.0.1", 0);
    port.set_value(runner.addresses().front().port);
  };
  asio::co_spawn(context, start(), asio::detached);
  context.run();
}

}  // namespace

int main(int argc, char** argv) try {
  const int rounds = argc > 1 ? std::stoi(argv[1]) : 200;
  asio::io_context context(1);
  std::promise<std::uint16_t> promise;
  std::future<std::uint16_t> future = promise.get_future();
  std::thread server(serve, std::ref(context), std::move(promise));
  {
    const std::uint16_t port = future.get();
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < kConnections; ++i) clients.push_back(std::make_unique<Client>(port));
    const auto run = [&clients](int times) {
      for (int i = 0; i < times; ++i) {
        for (const auto& client : clients) client->send();
        for (const auto& client : clients) client->receive();
      }
      return __atomic_load_n(&allocations, __ATOMIC_RELAXED);
    };
    const long before = run(kWarmUp);
    const long after = run(rounds);
    std::cout << static_cast<double>(after - before) / (rounds * kConnections) << std::endl;
  }
  context.stop();
  server.join();
} catch (const std::exception& error) {
  std::cerr << "hello_allocations: " << error.what() << '\n';
  return EXIT_FAILURE;
}
