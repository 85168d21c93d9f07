// SPDX-License-Identifier: Apache-2.0
//
// scrape_latency [SECONDS [SERIES]]: how long a small request waits while a large page, or one with a slow collector,
// is scraped through the same event loop. Beside it the same with the scrapes on a loop of their own in the same
// process: what remains there is the machine's, which has threads to share among its processors, and the benchmark's
// own.
//
// A client asks for `hello` every 2 ms on one connection, for so many seconds a row, and takes the time from when it
// was due to ask until the answer is there, so that a wait delays no sample. Prints percentiles in milliseconds. Each
// row but the first has one scraper that asks anew as soon as it has its page, which no Prometheus does.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <future>
#include <iomanip>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "aio/web/app_runner.h"
#include "aio/web/application.h"
#include "aio/web/server_stats.h"
#include "metrics/function.h"
#include "metrics/registry.h"

namespace {

namespace asio = boost::asio;
namespace metrics = prometheus_async::metrics;
namespace web = prometheus_async::aio::web;
using Clock = std::chrono::steady_clock;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr auto kPeriod = 2ms;

// Requests and whole answers, one after the other, on a connection that is kept alive.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)), buffer_(256 * 1024) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Client() { ::close(fd_); }

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Returns the size of the body.
  std::size_t get(std::string_view path, std::string_view field = {}) {
    std::string request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n";
    request.append(field).append("\r\n");
    if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0) fail("send");
    std::string head;
    std::size_t end = 0;
    while ((end = head.find("\r\n\r\n")) == std::string::npos) head.append(receive());
    if (!head.starts_with("HTTP/1.1 200 ")) throw std::runtime_error("not answered: " + head.substr(0, end));
    const std::size_t length_at = head.find("Content-Length: ");
    if (length_at > end) throw std::runtime_error("an answer without Content-Length");
    const std::size_t length = std::stoul(head.substr(length_at + 16));
    for (std::size_t size = head.size() - end - 4; size < length;) size += receive().size();
    return length;
  }

 private:
  [[noreturn]] static void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

  std::string_view receive() {
    const ssize_t size = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (size <= 0) fail("recv");
    return {buffer_.data(), static_cast<std::size_t>(size)};
  }

  const int fd_;
  std::vector<char> buffer_;
};

// A server with an event loop of its own.
class Server {
 public:
  explicit Server(metrics::Registry& page, metrics::Registry& slow)
      : runner_(context_.get_executor(), app(page, slow)) {
    asio::co_spawn(context_, start(), asio::use_future).get();
  }
  ~Server() {
    context_.stop();
    thread_.join();
  }

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const { return runner_.addresses().front().port; }

 private:
  static web::Application app(metrics::Registry& page, metrics::Registry& slow) {
    web::Application app;
    app.router().add_get("/", [](web::Request&) { return web::text("hello"); });
    app.router().add_get("/metrics", web::make_server_stats(page));
    app.router().add_get("/slow", web::make_server_stats(slow));
    return app;
  }

  asio::awaitable<void> start() { co_await runner_.tcp_site("127.0.0.1", 0); }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  web::AppRunner runner_;
  std::thread thread_{[this] { context_.run(); }};
};

// Scrapes without a pause until it goes.
class Scraper {
 public:
  Scraper(std::uint16_t port, std::string path, std::string field)
      : thread_([this, port, path = std::move(path), field = std::move(field)] {
          try {
            Client client(port);
            while (!is_over_) {
              bytes_ = client.get(path, field);
              ++pages_;
            }
          } catch (const std::exception& error) {
            std::cerr << "the scraper: " << error.what() << '\n';
          }
        }) {}
  ~Scraper() {
    is_over_ = true;
    thread_.join();
  }

  Scraper(const Scraper&) = delete;
  Scraper& operator=(const Scraper&) = delete;

  int pages() const { return pages_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::atomic<bool> is_over_ = false;
  std::atomic<int> pages_ = 0;
  std::atomic<std::size_t> bytes_ = 0;
  std::thread thread_;
};

// Milliseconds of each request, sorted.
std::vector<double> ask(std::uint16_t port, std::chrono::duration<double> time) {
  Client client(port);
  client.get("/");
  std::vector<double> waits;
  const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(time);
  for (Clock::time_point due = Clock::now(); due < end; due += kPeriod) {
    std::this_thread::sleep_until(due);

    client.get("/");
    waits.push_back(std::chrono::duration<double, std::milli>(Clock::now() - due).count());
  }
  std::sort(waits.begin(), waits.end());
  return waits;
}

struct Scrape {
  std::string title;
  std::string path;
  std::string field = {};
};

void print(std::string_view title, const std::vector<double>& waits, const Scraper* scraper) {
  const auto at = [&](double share) { return waits.at(static_cast<std::size_t>(share * (waits.size() - 1))); };
  std::cout << std::left << std::setw(50) << title << std::right << std::fixed << std::setprecision(2);
  for (const double share : {0.5, 0.99, 0.999, 1.0}) std::cout << std::setw(9) << at(share);
  std::cout << std::setw(9) << waits.size();
  if (scraper != nullptr) std::cout << std::setw(9) << scraper->pages() << std::setw(14) << scraper->bytes();
  std::cout << std::endl;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::chrono::duration<double> time(argc > 1 ? std::stod(argv[1]) : 10);
  const int series = argc > 2 ? std::stoi(argv[2]) : 100'000;
  metrics::Registry page;
  auto& family = page.counter("requests_total", "x", {"method", "path", "code"});
  for (int i = 0; i < series; ++i) family.labels("GET", "/users/" + std::to_string(i), "200").Increment(i);
  metrics::Registry slow;
  const metrics::FunctionHandle held = slow.gauge_function("slow", "Takes a second.", [] {
    std::this_thread::sleep_for(1s);
    return 1.0;
  });

  const Server server(page, slow);
  const Server other(page, slow);
  const std::string number = std::to_string(series);
  std::cout << std::left << std::setw(50) << "milliseconds for hello, beside" << std::right;
  for (const char* const column : {"p50", "p99", "p99.9", "max", "hellos", "pages"}) {
    std::cout << std::setw(9) << column;
  }
  std::cout << std::setw(14) << "bytes a page" << std::endl;
  print("nothing", ask(server.port(), time), nullptr);
  const std::array<Scrape, 3> scrapes{{{number + " series", "/metrics"},
                                       {number + " series, gzip", "/metrics", "Accept-Encoding: gzip\r\n"},
                                       {"a collector that takes 1 s", "/slow"}}};
  for (const Scrape& scrape : scrapes) {
    for (const bool is_same : {true, false}) {
      const Scraper scraper((is_same ? server : other).port(), scrape.path, scrape.field);
      const std::vector<double> waits = ask(server.port(), time);
      print(scrape.title + (is_same ? ", same loop" : ", another loop"), waits, &scraper);
    }
  }
} catch (const std::exception& error) {
  std::cerr << "scrape_latency: " << error.what() << '\n';
  return EXIT_FAILURE;
}
