// SPDX-License-Identifier: Apache-2.0
//
// What the servers cost: the time that the server's thread takes for a request, one after the other on a connection
// that stays open (server_ns; the time in front is the client's wait, most of which is the kernel's). Shows: what
// Resource and Klein add to the engine that they share with aio/web. Ratios within one run are meaningful.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "aio/web/app_runner.h"
#include "aio/web/application.h"
#include "benchmark/benchmark.h"
#include "tx/reactor.h"
#include "tx/web/klein.h"
#include "tx/web/resource.h"
#include "tx/web/site.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kBody = "hello";

// A client as simple as can be: one request, and what comes until the body's last byte.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
  }
  ~Client() { ::close(fd_); }

  void get() {
    if (::send(fd_, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) fail("send");
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

double cpu_seconds(std::thread& thread) {
  clockid_t clock;
  pthread_getcpuclockid(thread.native_handle(), &clock);
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// `serve(tell)` serves until the function that it tells, with the port, is called.
using Stop = std::function<void()>;
struct Listening {
  std::uint16_t port;
  Stop stop;
};

void run_requests(benchmark::State& state, const std::function<void(std::promise<Listening>)>& serve) {
  std::promise<Listening> promise;
  std::future<Listening> future = promise.get_future();
  std::thread server(serve, std::move(promise));
  const Listening listening = future.get();
  {
    Client client(listening.port);
    for (int i = 0; i < 100; ++i) client.get();
    const double before = cpu_seconds(server);
    for (auto _ : state) client.get();
    const double used = cpu_seconds(server) - before;
    state.counters["server_ns"] = 1e9 * used / static_cast<double>(state.iterations());
  }
  listening.stop();
  server.join();
}

void BM_Hello_AioWeb(benchmark::State& state) {
  run_requests(state, [](std::promise<Listening> promise) {
    namespace web = aio::web;
    asio::io_context context(1);
    web::Application app;
    app.router().add_get("/", [](web::Request&) { return web::text(std::string(kBody)); });
    web::AppRunner runner(context.get_executor(), std::move(app));
    const auto start = [&]() -> asio::awaitable<void> {
      co_await runner.tcp_site("127.0.0.1", 0);
      promise.set_value({runner.addresses().front().port, [&context] { context.stop(); }});
    };
    asio::co_spawn(context, start(), asio::detached);
    context.run();
  });
}
BENCHMARK(BM_Hello_AioWeb)->UseRealTime();

void serve_site(tx::web::ResourcePtr root, std::promise<Listening> promise) {
  tx::Reactor reactor;
  const auto port = reactor.listen_tcp(0, tx::web::Site(std::move(root)), {.interface = "127.0.0.1"});
  promise.set_value({port.get_host().port, [&reactor] { reactor.call_from_thread([&reactor] { reactor.crash(); }); }});
  reactor.run({.install_signal_handlers = false});
}

class Hello : public tx::web::Resource {
 public:
  tx::web::Body render_get(tx::web::Request& request) override {
    request.set_header("Content-Type", "text/plain; charset=utf-8");
    return kBody;
  }
};

void BM_Hello_Resource(benchmark::State& state) {
  run_requests(state, [](std::promise<Listening> promise) {
    tx::web::Resource root;
    root.put_child("", Hello());
    serve_site(std::move(root), std::move(promise));
  });
}
BENCHMARK(BM_Hello_Resource)->UseRealTime();

void BM_Hello_Klein(benchmark::State& state) {
  run_requests(state, [](std::promise<Listening> promise) {
    tx::web::Klein app;
    app.route("/", [](tx::web::Request& request) {
      request.set_header("Content-Type", "text/plain; charset=utf-8");
      return std::string(kBody);
    });
    serve_site(app.resource(), std::move(promise));
  });
}
BENCHMARK(BM_Hello_Klein)->UseRealTime();

}  // namespace
}  // namespace prometheus_async
