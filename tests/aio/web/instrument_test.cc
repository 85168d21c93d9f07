// SPDX-License-Identifier: Apache-2.0

#include "aio/web/instrument.h"

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/http_error.h"
#include "aio/web/stream_response.h"
#include "aio/web/testing/raw_client.h"
#include "aio/web/testing/test_server.h"
#include "exposition/format.h"
#include "exposition/render.h"
#include "metrics/exemplar.h"
#include "metrics/exemplar_provider.h"
#include "metrics/registry.h"
#include "tests/aio/web/fake_request.h"
#include "tests/testing/child_process.h"

namespace prometheus_async::aio::web {
namespace {

using namespace std::chrono_literals;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::TestServer;
using prometheus_async::testing::ChildProcess;
using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;
using ::testing::HasSubstr;
using ::testing::Not;

std::string get(std::string_view path, std::string_view lines = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

asio::awaitable<void> wait_for_cancellation() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<Response> hang(Request&) {
  co_await wait_for_cancellation();
  co_return text("never");
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

// Ends by an exception when the client has gone.
asio::awaitable<Response> stream_for_ever(Request& request) {
  StreamResponse stream(request);
  const std::string piece(100'000, 'x');
  for (;;) co_await stream.write(piece);
}

void add_routes(Application& app) {
  app.router().add_get("/", [](Request&) { return text("hello"); });
  app.router().add_post("/", [](Request&) { return text("made", 201); });
  app.router().add_get("/users/{name}", [](Request&) { return text("hello"); });
  app.router().add_get("/gone", [](Request&) -> Response { throw HttpError(410); });
  app.router().add_get("/throws", [](Request&) -> Response { throw std::runtime_error("broken"); });
  app.router().add_get("/count", count);
  app.router().add_get("/break", break_off);
  app.router().add_get("/for-ever", stream_for_ever);
  app.router().add_get("/hang", hang);
  app.router().add_post("/size", [](Request& request) -> asio::awaitable<Response> {
    const std::string_view body = co_await request.read();
    co_return text(std::to_string(body.size()));
  });
}

Application make_app(metrics::Registry& registry, InstrumentOptions options = {}) {
  Application app;
  app.use(instrument(registry, std::move(options)));
  add_routes(app);
  return app;
}

void ask(const Application& app, std::string_view method, std::string_view target) {
  FakeRequest request(method, target);
  get_now(app.handle(request.request()));
}

std::optional<double> requests(const metrics::Registry& registry, std::string_view method, std::string_view route,
                               std::string_view status, std::string_view prefix = "http") {
  return registry.get_sample_value(std::string(prefix) + "_requests_total",
                                   {{"method", method}, {"route", route}, {"status", status}});
}

std::optional<double> durations(const metrics::Registry& registry, std::string_view method, std::string_view route,
                                std::string_view status) {
  return registry.get_sample_value("http_request_duration_seconds_count",
                                   {{"method", method}, {"route", route}, {"status", status}});
}

std::optional<double> in_progress(const metrics::Registry& registry, std::string_view method, std::string_view route) {
  return registry.get_sample_value("http_requests_in_progress", {{"method", method}, {"route", route}});
}

// How often requests of this method and route were counted, under whatever status, and what is under way.
struct Counted {
  double requests = 0;
  double durations = 0;
  double in_progress = 0;

  friend bool operator==(const Counted&, const Counted&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Counted& counted) {
    return out << counted.requests << " requests, " << counted.durations << " durations, " << counted.in_progress
               << " in progress";
  }
};

Counted counted(const metrics::Registry& registry, std::string_view method, std::string_view route) {
  Counted result{.in_progress = in_progress(registry, method, route).value_or(0)};
  for (const char* status : {"2xx", "3xx", "4xx", "5xx", "aborted"}) {
    result.requests += requests(registry, method, route, status).value_or(0);
    result.durations += durations(registry, method, route, status).value_or(0);
  }
  return result;
}

// --- Labels.

TEST(Instrument, CountsByMethodRouteAndStatusClass) {
  metrics::Registry registry;
  Application app = make_app(registry);
  app.freeze();
  ask(app, "GET", "/");
  ask(app, "GET", "/");
  ask(app, "POST", "/");
  ask(app, "GET", "/gone");
  EXPECT_EQ(requests(registry, "GET", "/", "2xx"), 2);
  EXPECT_EQ(requests(registry, "POST", "/", "2xx"), 1);
  EXPECT_EQ(requests(registry, "GET", "/gone", "4xx"), 1);
  EXPECT_EQ(durations(registry, "GET", "/", "2xx"), 2);
  EXPECT_EQ(in_progress(registry, "GET", "/"), 0);
}

TEST(Instrument, HasTheTemplateAndNeverThePath) {
  metrics::Registry registry;
  Application app = make_app(registry);
  app.freeze();
  for (int i = 0; i < 100; ++i) ask(app, "GET", "/users/secret" + std::to_string(i));
  EXPECT_EQ(requests(registry, "GET", "/users/{name}", "2xx"), 100);
  EXPECT_THAT(exposition::render(registry).body, Not(HasSubstr("secret")));
}

TEST(Instrument, HasOneRouteForWhatNoRouteTakes) {
  metrics::Registry registry;
  Application app = make_app(registry);
  app.freeze();
  ask(app, "GET", "/nowhere");
  ask(app, "GET", "/nowhere/else");
  ask(app, "DELETE", "/");
  EXPECT_EQ(requests(registry, "GET", "unrouted", "4xx"), 2);
  EXPECT_EQ(requests(registry, "DELETE", "unrouted", "4xx"), 1);
  EXPECT_THAT(exposition::render(registry).body, Not(HasSubstr("nowhere")));
}

TEST(Instrument, HasOneMethodForWhatClientsMakeUp) {
  metrics::Registry registry;
  Application app = make_app(registry);
  app.freeze();
  for (const char* method : {"BREW", "get", "GETS", "other"}) ask(app, method, "/");
  EXPECT_EQ(requests(registry, "other", "unrouted", "4xx"), 4);
  ask(app, "TRACE", "/");
  EXPECT_EQ(requests(registry, "TRACE", "unrouted", "4xx"), 1);
}

TEST(Instrument, HasTheCodeIfAsked) {
  metrics::Registry registry;
  Application app = make_app(registry, {.status = StatusLabel::kCode});
  app.freeze();
  ask(app, "GET", "/");
  ask(app, "POST", "/");
  ask(app, "GET", "/gone");
  EXPECT_EQ(requests(registry, "GET", "/", "200"), 1);
  EXPECT_EQ(requests(registry, "POST", "/", "201"), 1);
  EXPECT_EQ(requests(registry, "GET", "/gone", "410"), 1);
}

TEST(Instrument, HasTheBucketsItIsGiven) {
  metrics::Registry registry;
  Application app = make_app(registry, {.buckets = {60, 120}});
  app.freeze();
  ask(app, "GET", "/");
  EXPECT_EQ(registry.get_sample_value("http_request_duration_seconds_bucket",
                                      {{"method", "GET"}, {"route", "/"}, {"status", "2xx"}, {"le", "60"}}),
            1);
}

// --- How requests end.

TEST(Instrument, CountsAnExceptionThatIsNoHttpErrorAs5xx) {
  metrics::Registry registry;
  Application app = make_app(registry);
  app.freeze();
  EXPECT_THROW(ask(app, "GET", "/throws"), std::runtime_error);
  EXPECT_EQ(requests(registry, "GET", "/throws", "5xx"), 1);
  EXPECT_EQ(counted(registry, "GET", "/throws"), (Counted{1, 1, 0}));
}

TEST(Instrument, CountsWhatAMiddlewareFurtherInAnswers) {
  metrics::Registry registry;
  Application app;
  app.use(instrument(registry));
  app.use([](Request&, Next) -> asio::awaitable<Response> { throw HttpError(403); });
  add_routes(app);
  app.freeze();
  ask(app, "GET", "/");
  EXPECT_EQ(requests(registry, "GET", "/", "4xx"), 1);
}

TEST(Instrument, RaisesItsGaugeWhileARequestIsAnswered) {
  metrics::Registry registry;
  std::optional<double> seen;
  Application app;
  app.use(instrument(registry));
  app.router().add_get("/", [&](Request&) {
    seen = in_progress(registry, "GET", "/");
    return text("hello");
  });
  app.freeze();
  ask(app, "GET", "/");
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(in_progress(registry, "GET", "/"), 0);
}

// The sleep is what is measured; nothing is waited for by it.
TEST(Instrument, MeasuresSeconds) {
  metrics::Registry registry;
  Application app;
  app.use(instrument(registry));
  app.router().add_get("/", [](Request&) {
    std::this_thread::sleep_for(20ms);
    return text("hello");
  });
  app.freeze();
  ask(app, "GET", "/");
  const std::optional<double> sum = registry.get_sample_value("http_request_duration_seconds_sum",
                                                              {{"method", "GET"}, {"route", "/"}, {"status", "2xx"}});
  EXPECT_GE(sum.value_or(0), 0.02);
}

TEST(Instrument, CountsARequestThatIsDropped) {
  metrics::Registry registry;
  Application app = make_app(registry);
  app.freeze();
  FakeRequest request("GET", "/hang");
  {
    asio::io_context io_context;
    asio::co_spawn(io_context, app.handle(request.request()), [](std::exception_ptr, const Response&) {});
    io_context.poll();
    EXPECT_EQ(in_progress(registry, "GET", "/hang"), 1);
    EXPECT_EQ(counted(registry, "GET", "/hang"), (Counted{0, 0, 1}));
  }
  EXPECT_EQ(requests(registry, "GET", "/hang", "aborted"), 1);
  EXPECT_EQ(counted(registry, "GET", "/hang"), (Counted{1, 1, 0}));
}

// --- Of a server.

TEST(InstrumentedServer, MeasuresAStreamToItsEnd) {
  metrics::Registry registry;
  std::promise<void> go_on;
  Application app;
  app.use(instrument(registry));
  app.router().add_get("/", [&](Request& request) -> asio::awaitable<Response> {
    StreamResponse stream(request);
    co_await stream.write("one");
    asio::steady_timer timer(co_await asio::this_coro::executor, 20ms);
    co_await timer.async_wait(asio::use_awaitable);
    go_on.get_future().wait();
    co_return co_await stream.write_eof("two");
  });
  const TestServer server(std::move(app));
  RawClient client(server.address());
  client.send(get("/", "Connection: close\r\n"));
  EXPECT_EQ(requests(registry, "GET", "/", "2xx"), std::nullopt);
  go_on.set_value();
  EXPECT_THAT(client.read_to_end(), HasSubstr("two"));
  EXPECT_EQ(counted(registry, "GET", "/"), (Counted{1, 1, 0}));
  const std::optional<double> sum = registry.get_sample_value("http_request_duration_seconds_sum",
                                                              {{"method", "GET"}, {"route", "/"}, {"status", "2xx"}});
  EXPECT_GE(sum.value_or(0), 0.02);
}

TEST(InstrumentedServer, CountsABodyThatIsTooLarge) {
  metrics::Registry registry;
  const TestServer server(make_app(registry), {.limits = {.body = 10}});
  RawClient client(server.address());
  client.send("POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), HasSubstr("413"));
  EXPECT_EQ(requests(registry, "POST", "/size", "4xx"), 1);
}

TEST(InstrumentedServer, CountsAStreamThatBreaksAs5xx) {
  metrics::Registry registry;
  const TestServer server(make_app(registry));
  RawClient client(server.address());
  client.send(get("/break"));
  client.read_to_end();
  EXPECT_EQ(requests(registry, "GET", "/break", "5xx"), 1);
  EXPECT_EQ(counted(registry, "GET", "/break"), (Counted{1, 1, 0}));
}

TEST(InstrumentedServer, CountsAStreamWhoseClientLeavesAsAborted) {
  metrics::Registry registry;
  {
    TestServer server(make_app(registry));
    {
      RawClient client(server.address());
      client.send(get("/") + get("/for-ever"));
      client.read_response();
    }
    server.stop().get();  // waits for it, and cancels nothing
  }
  EXPECT_EQ(requests(registry, "GET", "/for-ever", "aborted"), 1);
  EXPECT_EQ(counted(registry, "GET", "/for-ever"), (Counted{1, 1, 0}));
}

TEST(InstrumentedServer, CountsWhatItsShutdownCutsOffAsAborted) {
  metrics::Registry registry;
  std::promise<void> called;
  Application app;
  app.use(instrument(registry));
  app.router().add_get("/", [&](Request&) -> asio::awaitable<Response> {
    called.set_value();
    co_await wait_for_cancellation();
    co_return text("never");
  });
  TestServer server(std::move(app), {.timeouts = {.shutdown = 1ms}});
  RawClient client(server.address());
  client.send(get("/"));
  called.get_future().wait();
  server.stop().get();
  EXPECT_EQ(requests(registry, "GET", "/", "aborted"), 1);
  EXPECT_EQ(counted(registry, "GET", "/"), (Counted{1, 1, 0}));
}

TEST(InstrumentedServer, FindsItsSeriesFromSeveralThreads) {
  metrics::Registry registry;
  constexpr int kThreads = 4;
  constexpr int kRequests = 200;
  const Middleware middleware = instrument(registry);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      Application app;
      app.use(middleware);
      add_routes(app);
      app.freeze();
      for (int j = 0; j < kRequests; ++j) ask(app, j % 2 == 0 ? "GET" : "POST", "/");
    });
  }
  threads.clear();
  EXPECT_EQ(requests(registry, "GET", "/", "2xx"), kThreads * kRequests / 2);
  EXPECT_EQ(requests(registry, "POST", "/", "2xx"), kThreads * kRequests / 2);
}

// --- Several applications.

TEST(Instrument, IsOneSetOfMetricsForARegistry) {
  metrics::Registry registry;
  Application one = make_app(registry);
  Application two = make_app(registry);
  one.freeze();
  two.freeze();
  ask(one, "GET", "/");
  ask(two, "GET", "/");
  EXPECT_EQ(requests(registry, "GET", "/", "2xx"), 2);
}

TEST(Instrument, TellsApplicationsApartByPrefixes) {
  metrics::Registry registry;
  Application one = make_app(registry);
  Application two = make_app(registry, {.prefix = "admin_http"});
  one.freeze();
  two.freeze();
  ask(one, "GET", "/");
  ask(two, "POST", "/");
  EXPECT_EQ(requests(registry, "GET", "/", "2xx"), 1);
  EXPECT_EQ(requests(registry, "POST", "/", "2xx"), std::nullopt);
  EXPECT_EQ(requests(registry, "POST", "/", "2xx", "admin_http"), 1);
}

TEST(Instrument, RefusesOtherOptionsForTheSameMetrics) {
  metrics::Registry registry;
  instrument(registry);
  instrument(registry);
  EXPECT_THROW(instrument(registry, {.status = StatusLabel::kCode}), std::invalid_argument);
  EXPECT_THROW(instrument(registry, {.buckets = {1}}), std::invalid_argument);
}

TEST(Instrument, RefusesNamesThatAreTaken) {
  metrics::Registry registry;
  registry.counter("http_requests_total", "Someone else's.");
  EXPECT_THROW(instrument(registry), std::invalid_argument);
}

// The address of a registry that is gone says nothing.
TEST(Instrument, KnowsARegistryFromAnEarlierOne) {
  std::optional<metrics::Registry> registry(std::in_place);
  const Middleware kept = instrument(*registry);
  registry.emplace();
  Application app = make_app(*registry);
  app.freeze();
  ask(app, "GET", "/");
  EXPECT_EQ(requests(*registry, "GET", "/", "2xx"), 1);
}

TEST(Instrument, MeasuresASubApplicationAlone) {
  metrics::Registry registry;
  Application app;
  add_routes(app);
  app.add_subapp("/admin", make_app(registry));
  app.freeze();
  ask(app, "GET", "/users/ada");
  ask(app, "GET", "/admin/users/ada");
  EXPECT_EQ(requests(registry, "GET", "/admin/users/{name}", "2xx"), 1);
  EXPECT_EQ(requests(registry, "GET", "/users/{name}", "2xx"), std::nullopt);
}

// --- The page.

TEST(Instrument, TakesExemplarsFromTheProvider) {
  metrics::set_exemplar_provider([] { return metrics::exemplar({{"trace_id", "4bf92f"}}); });
  metrics::Registry registry;
  Application app = make_app(registry);
  app.freeze();
  ask(app, "GET", "/");
  metrics::set_exemplar_provider(nullptr);
  const std::string page = exposition::render(registry, exposition::kOpenMetrics_1_0_0).body;
  EXPECT_THAT(page,
              HasSubstr("http_requests_total{method=\"GET\",route=\"/\",status=\"2xx\"} 1 # {trace_id=\"4bf92f\"}"));
}

TEST(Instrument, HasNamesThatPromtoolLikes) {
  metrics::Registry registry;
  Application app = make_app(registry);
  app.freeze();
  ask(app, "GET", "/");
  const std::string page = exposition::render(registry).body;
  ChildProcess promtool({"sh", "-c", "exec \"$PROMTOOL\" check metrics <<'PAGE'\n" + page + "PAGE\n"});
  EXPECT_EQ(promtool.wait_for_exit(), 0);
  EXPECT_EQ(promtool.output(), "");
}

}  // namespace
}  // namespace prometheus_async::aio::web
