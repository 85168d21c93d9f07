// SPDX-License-Identifier: Apache-2.0
//
// loop_stall [ROUNDS]: how long sd::HttpClient keeps an event loop from its other work. A timer of the loop ticks every
// 0.2 ms while the client works; each line has the longest time between two ticks of all rounds, and the most that the
// loop's thread computed between two, which a busy machine does not lengthen. The first case is the loop without a
// client: what the machine itself does. The servers are on another thread; this program's own getaddrinfo, which takes
// 300 ms, stands in for the C library's.
#include <netdb.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "sd/http_client.h"
#include "tests/testing/certificates.h"
#include "tests/testing/relay.h"
#include "tests/testing/scripted_http_server.h"
#include "tests/testing/temporary_folder.h"

extern "C" int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo** result) {
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  *result = nullptr;
  return EAI_NONAME;
}

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int kRequests = 50;  // at once

Milliseconds thread_cpu_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

struct Worst {
  Milliseconds between_ticks{0};
  Milliseconds computed{0};
};

class Ticker {
 public:
  explicit Ticker(asio::io_context& context) : timer_(context) { arm(); }

  void stop() { timer_.cancel(); }
  Worst worst() const { return worst_; }

 private:
  void arm() {
    timer_.expires_after(std::chrono::microseconds(200));
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      tick();
      arm();
    });
  }
  void tick() {
    const Clock::time_point now = Clock::now();
    const Milliseconds computed = thread_cpu_time();
    worst_.between_ticks = std::max(worst_.between_ticks, Milliseconds(now - last_tick_));
    worst_.computed = std::max(worst_.computed, computed - last_computed_);
    last_tick_ = now;
    last_computed_ = computed;
  }

  asio::steady_timer timer_;
  Clock::time_point last_tick_ = Clock::now();
  Milliseconds last_computed_ = thread_cpu_time();
  Worst worst_;
};

// Servers on a thread of their own.
class Servers {
 public:
  Servers() : thread_([this] { context_.run(); }) {}
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;
  ~Servers() {
    context_.stop();
    thread_.join();
  }

  std::string http() const { return plain_.url(); }
  std::string https() const { return tls_.url(); }
  std::string authority() const { return folder_.path_of("ca.pem"); }

 private:
  asio::io_context context_;
  testing::TemporaryFolder folder_;
  testing::Identity authority_ = testing::make_certificate({.common_name = "CA", .is_authority = true});
  testing::ScriptedHttpServer plain_{context_};
  testing::TlsRelay tls_{
      context_,
      plain_.port(),
      {.identity = testing::make_certificate({.subject_alternative_names = {"IP:127.0.0.1"}}, &authority_)}};
  std::string authority_file_ = folder_.write("ca.pem", authority_.certificate);
  std::thread thread_;  // last: the servers are set up when it starts
};

// The loop until `pending` requests have ended, one way or the other.
class Round {
 public:
  explicit Round(asio::io_context& context) : context_(context), client_(std::in_place, context.get_executor()) {}

  void request(sd::HttpRequest request) {
    ++pending_;
    asio::co_spawn(context_, client_->perform(std::move(request)),
                   [this](const std::exception_ptr&, const sd::HttpResponse&) { --pending_; });
  }
  void run() {
    while (pending_ > 0) context_.run_one();
  }
  void run_for(std::chrono::milliseconds time) {
    const Clock::time_point end = Clock::now() + time;
    while (Clock::now() < end) context_.run_one_until(end);
  }
  void destroy_client() { client_.reset(); }

 private:
  asio::io_context& context_;
  std::optional<sd::HttpClient> client_;
  int pending_ = 0;
};

void measure(const std::string& name, int rounds, const std::function<void(Round&)>& work) {
  Worst worst;
  for (int i = 0; i < rounds; ++i) {
    asio::io_context context;
    Round round(context);
    Ticker ticker(context);
    round.run_for(std::chrono::milliseconds(2));
    work(round);
    round.run_for(std::chrono::milliseconds(2));
    worst.between_ticks = std::max(worst.between_ticks, ticker.worst().between_ticks);
    worst.computed = std::max(worst.computed, ticker.worst().computed);
    ticker.stop();
    context.run();
  }
  std::cout << std::left << std::setw(52) << name << std::right << std::fixed << std::setprecision(2) << std::setw(10)
            << worst.between_ticks.count() << std::setw(10) << worst.computed.count() << std::endl;
}

void measure_all(int rounds) {
  const Servers servers;
  {
    sd::HttpClient first_use_of_libcurl(asio::system_executor{});
  }
  std::cout << std::left << std::setw(52) << "longest of " + std::to_string(rounds) + " rounds, in ms" << std::right
            << std::setw(10) << "gap" << std::setw(10) << "computed" << std::endl;
  const auto many = [](int count, const sd::HttpRequest& request) {
    return [count, request](Round& round) {
      for (int i = 0; i < count; ++i) round.request(request);
      round.run();
    };
  };
  const sd::HttpRequest http{.url = servers.http()};
  const sd::HttpRequest put{.method = "PUT", .url = servers.http(), .body = std::string(2000, 'x')};
  const sd::HttpRequest https{.url = servers.https(), .tls = {.ca_file = servers.authority()}};
  const sd::HttpRequest system_trust{.url = servers.https()};  // fails, after the certificates were looked for
  const sd::HttpRequest lookup{.url = "http://slow.invalid/", .timeout = std::chrono::milliseconds(100)};
  measure("no client, 20 ms", rounds, [](Round& round) { round.run_for(std::chrono::milliseconds(20)); });
  measure("the first request over TLS of the process", 1, many(1, https));
  measure("one request", rounds, many(1, http));
  measure("50 requests at once", rounds, many(kRequests, http));
  measure("50 PUTs at once", rounds, many(kRequests, put));
  measure("50 requests, the client destroyed with them", rounds, [http](Round& round) {
    for (int i = 0; i < kRequests; ++i) round.request(http);
    round.run_for(std::chrono::milliseconds(1));
    round.destroy_client();
    round.run();
  });
  measure("a request over TLS", rounds, many(1, https));
  measure("50 requests over TLS at once", rounds, many(kRequests, https));
  measure("a request over TLS, the system's certificates", rounds, many(1, system_trust));
  measure("a name that is looked up for longer than the timeout", rounds, many(1, lookup));
  measure("50 such", rounds, many(kRequests, lookup));
}

}  // namespace
}  // namespace prometheus_async

int main(int argc, char** argv) {
  prometheus_async::measure_all(argc > 1 ? std::atoi(argv[1]) : 1);
  // Lookups left behind still sleep in threads of libcurl's, and end with the process.
  std::cout.flush();
  std::_Exit(0);
}
