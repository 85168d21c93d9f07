// SPDX-License-Identifier: Apache-2.0
//
// aio::time and its twins around handlers that stream: whatever becomes of the stream, each records once, at its end.

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/count_exceptions.h"
#include "aio/time.h"
#include "aio/track_inprogress.h"
#include "aio/web/app_runner.h"
#include "aio/web/application.h"
#include "aio/web/sse.h"
#include "aio/web/stream_response.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"
#include "metrics/filter.h"
#include "metrics/registry.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::TestServer;
using ::testing::HasSubstr;

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

using StreamingHandler = std::function<asio::awaitable<Response>(Request&)>;

// What the wrappers have recorded of one handler.
class Recorded {
 public:
  Handler around(StreamingHandler handler) {
    return aio::time(seconds_.by_outcome()) | aio::count_exceptions(errors_) |
           aio::count_exceptions(cancelled_, metrics::cancelled) | aio::track_inprogress(streams_) | std::move(handler);
  }

  double observed(std::string_view outcome) const {
    return registry_.get_sample_value("stream_seconds_count", {{"outcome", outcome}}).value();
  }
  double seconds(std::string_view outcome) const {
    return registry_.get_sample_value("stream_seconds_sum", {{"outcome", outcome}}).value();
  }
  // Of all outcomes.
  double observed() const {
    double sum = 0;
    for (const char* outcome : {"ok", "error", "cancelled", "abandoned"}) sum += observed(outcome);
    return sum;
  }
  double errors() const { return errors_.Value(); }
  double cancelled() const { return cancelled_.Value(); }
  double streams() const { return streams_.Value(); }

 private:
  metrics::Registry registry_;
  metrics::HistogramFamily<1>& seconds_ = registry_.histogram("stream_seconds", "Time of a stream.", {"outcome"});
  metrics::Counter& errors_ = registry_.counter("errors_total", "Streams that failed.");
  metrics::Counter& cancelled_ = registry_.counter("cancelled_total", "Streams that were cancelled.");
  metrics::Gauge& streams_ = registry_.gauge("streams", "Streams under way.");
};

asio::awaitable<void> wait(std::chrono::steady_clock::time_point until) {
  asio::steady_timer timer(co_await asio::this_coro::executor, until);
  co_await timer.async_wait(asio::use_awaitable);
}

constexpr auto kNever = std::chrono::steady_clock::time_point::max();

class StreamedHandler : public ::testing::Test {
 protected:
  // Serves `handler` at /stream, and something plain at /.
  void serve(StreamingHandler handler, ServerOptions options = {}) {
    Application app;
    app.router().add_get("/", [](Request&) { return text("hello"); });
    app.router().add_get("/stream", recorded_.around(std::move(handler)));
    server_ = std::make_unique<TestServer>(std::move(app), std::move(options));
    client_ = std::make_unique<RawClient>(server_->address());
  }

  // Returns once the stream's handler has been called, and with it the connection's second request.
  void ask() {
    client_->send(get("/") + get("/stream"));
    client_->read_response();
  }

  Recorded recorded_;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<RawClient> client_;
};

TEST_F(StreamedHandler, IsObservedWhenItsStreamEnds) {
  std::promise<void> go_on;
  serve([&](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    co_await stream.write("one");
    co_await wait(std::chrono::steady_clock::now() + 20ms);
    go_on.get_future().wait();
    co_return co_await stream.write_eof("two");
  });
  ask();
  EXPECT_EQ(recorded_.observed(), 0);
  go_on.set_value();
  server_->stop().get();
  EXPECT_EQ(recorded_.observed("ok"), 1);
  EXPECT_EQ(recorded_.observed(), 1);
  EXPECT_GE(recorded_.seconds("ok"), 0.02);
  EXPECT_EQ(recorded_.errors(), 0);
  EXPECT_EQ(recorded_.streams(), 0);
}

TEST_F(StreamedHandler, IsInProgressWhileItStreams) {
  std::promise<void> written;
  std::promise<void> go_on;
  serve([&](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    co_await stream.write("one");
    written.set_value();
    go_on.get_future().wait();
    co_return co_await stream.write_eof();
  });
  ask();
  written.get_future().wait();
  EXPECT_EQ(recorded_.streams(), 1);
  go_on.set_value();
  server_->stop().get();
  EXPECT_EQ(recorded_.streams(), 0);
}

TEST_F(StreamedHandler, EndsWithAnExceptionInTheMiddle) {
  serve([](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    co_await stream.write("one");
    throw std::runtime_error("in the middle");
  });
  ask();
  client_->read_to_end();
  EXPECT_TRUE(client_->was_reset());
  EXPECT_EQ(recorded_.observed("error"), 1);
  EXPECT_EQ(recorded_.observed(), 1);
  EXPECT_EQ(recorded_.errors(), 1);
  EXPECT_EQ(recorded_.streams(), 0);
}

TEST_F(StreamedHandler, EndsWithAnErrorWhenItsClientLeaves) {
  serve([](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    const std::string piece(100'000, 'x');
    for (;;) co_await stream.write(piece);
  });
  ask();
  client_.reset();
  server_->stop().get();
  EXPECT_EQ(recorded_.observed("error"), 1);
  EXPECT_EQ(recorded_.observed(), 1);
  EXPECT_EQ(recorded_.errors(), 1);
  EXPECT_EQ(recorded_.cancelled(), 0);
  EXPECT_EQ(recorded_.streams(), 0);
}

// An EventStream's client may leave: that is no error.
TEST_F(StreamedHandler, EndsWellWhenTheListenerOfEventsLeaves) {
  serve([](Request& request) -> asio::awaitable<Response> {
    EventStream events(request);
    while (co_await events.wait_for(1ms)) co_await events.send({.data = "tick"});
    co_return co_await events.end();
  });
  ask();
  client_.reset();
  server_->stop().get();
  EXPECT_EQ(recorded_.observed("ok"), 1);
  EXPECT_EQ(recorded_.observed(), 1);
  EXPECT_EQ(recorded_.errors(), 0);
}

TEST_F(StreamedHandler, EndsWhenTheServerStopsAndItsStreamDoes) {
  serve([](Request& request) -> asio::awaitable<Response> {
    EventStream events(request);
    while (co_await events.wait_for(1h)) co_await events.send({.data = "tick"});
    co_return co_await events.end();
  });
  ask();
  server_->stop().get();
  EXPECT_EQ(recorded_.observed("ok"), 1);
  EXPECT_EQ(recorded_.observed(), 1);
  EXPECT_EQ(recorded_.streams(), 0);
}

TEST_F(StreamedHandler, EndsCancelledWhenTheShutdownCutsItOff) {
  serve(
      [](Request& request) -> asio::awaitable<Response> {
        StreamResponse stream(request);
        co_await stream.write("one");
        co_await wait(kNever);
        co_return co_await stream.write_eof();
      },
      {.timeouts = {.shutdown = 1ms}});
  ask();
  server_->stop().get();
  EXPECT_EQ(recorded_.observed("cancelled"), 1);
  EXPECT_EQ(recorded_.observed(), 1);
  EXPECT_EQ(recorded_.errors(), 0);
  EXPECT_EQ(recorded_.cancelled(), 1);
  EXPECT_EQ(recorded_.streams(), 0);
}

TEST_F(StreamedHandler, EndsAbandonedWhenItsLoopIsDropped) {
  Application app;
  std::promise<void> written;
  app.router().add_get("/stream", recorded_.around([&](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    co_await stream.write("one");
    written.set_value();
    co_await wait(kNever);
    co_return co_await stream.write_eof();
  }));
  {
    asio::io_context context;
    AppRunner runner(context.get_executor(), std::move(app));
    auto site = asio::co_spawn(context, runner.tcp_site("127.0.0.1", 0), asio::use_future);
    while (site.wait_for(0s) != std::future_status::ready) context.run_one();
    RawClient client(runner.addresses().front());
    client.send(get("/stream"));
    const std::future<void> is_written = written.get_future();
    while (is_written.wait_for(0s) != std::future_status::ready) context.run_one();
    EXPECT_EQ(recorded_.observed(), 0);
  }
  EXPECT_EQ(recorded_.observed("abandoned"), 1);
  EXPECT_EQ(recorded_.observed(), 1);
  EXPECT_EQ(recorded_.streams(), 0);
}

// A filter that knows a client's leaving from the handler's own failures.
TEST_F(StreamedHandler, MayCountItsOwnFailuresAlone) {
  metrics::Registry registry;
  metrics::Counter& failures = registry.counter("failures_total", "Failures but for clients that left.");
  const auto is_own = [](const metrics::Ending& ending) {
    return ending.outcome() == metrics::Outcome::kError && ending.code() != std::errc::connection_reset;
  };
  serve(aio::count_exceptions(failures, metrics::when(is_own)) | [](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    const std::string piece(100'000, 'x');
    for (;;) co_await stream.write(piece);
  });
  ask();
  client_.reset();
  server_->stop().get();
  EXPECT_EQ(failures.Value(), 0);
  EXPECT_EQ(recorded_.errors(), 1);
}

// A source of pieces, measured on its own, from its wrapping to its last piece.
TEST_F(StreamedHandler, MayBeFedByASourceThatIsMeasured) {
  metrics::Registry registry;
  metrics::Histogram& seconds = registry.histogram("rows_seconds", "Time of a query's rows.");
  serve([&](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    std::vector<std::string> rows{"three", "two", "one"};
    auto next = aio::time(seconds).stream([&]() -> asio::awaitable<std::optional<std::string>> {
      if (rows.empty()) co_return std::nullopt;
      std::string row = std::move(rows.back());
      rows.pop_back();
      co_return row;
    });
    co_return co_await stream.write_from(next);
  });
  ask();
  server_->stop().get();
  EXPECT_THAT(client_->read_to_end(), HasSubstr("two"));
  EXPECT_EQ(seconds.snapshot().count(), 1u);
}

}  // namespace
}  // namespace prometheus_async::aio::web
