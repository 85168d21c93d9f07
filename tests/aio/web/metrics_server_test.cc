// SPDX-License-Identifier: Apache-2.0

#include "aio/web/metrics_server.h"

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/net/offload.h"
#include "aio/web/application.h"
#include "aio/web/server_stats.h"
#include "aio/web/testing/raw_client.h"
#include "exposition/compression.h"
#include "exposition/format.h"
#include "exposition/render.h"
#include "exposition/scrape.h"
#include "metrics/collector.h"
#include "metrics/function.h"
#include "metrics/registry.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::aio::web::testing::can_connect;
using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;

RawResponse get(const net::Address& server, std::string_view path, std::string_view method = "GET") {
  RawClient client(server);
  client.send(std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
  return client.read_response(method == "HEAD");
}

class Broken final : public metrics::Collector {
 public:
  std::vector<metrics::FamilyInfo> describe() const override { return {{"broken", "Of a test."}}; }
  void collect(metrics::Sink&) const override { throw std::runtime_error("no value today"); }
};

// A loop in a thread, and what a coroutine does there.
class Loop {
 public:
  ~Loop() { work_.reset(); }

  template <class T>
  T run(asio::awaitable<T> awaitable) {
    return asio::co_spawn(io_context_, std::move(awaitable), asio::use_future).get();
  }

 private:
  asio::io_context io_context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_context_.get_executor()};
  std::jthread thread_{[this] { io_context_.run(); }};
};

// The example of the header.
asio::awaitable<std::string> example() {
  StartOptions options{.addr = "127.0.0.1", .port = 0};
  MetricsHTTPServer server = co_await start_http_server(std::move(options));
  std::string url = server.metrics_url();
  co_await server.close();
  co_return url;
}

TEST(MetricsHTTPServer, ReadsAsInTheHeader) {
  Loop loop;
  EXPECT_EQ(loop.run(example()).substr(0, 17), "http://127.0.0.1:");
}

TEST(MetricsHTTPServer, ShowsTheRegistryAndALinkToIt) {
  Loop loop;
  metrics::Registry registry;
  registry.counter("answers_total", "answers given").Increment();
  MetricsHTTPServer server =
      loop.run(start_http_server({.addr = "127.0.0.1", .registry = &registry, .scrape = {.has_self_metrics = false}}));

  const RawResponse page = get(server.socket(), "/metrics");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, exposition::render(registry).body);
  EXPECT_NE(page.body.find("answers_total 1\n"), std::string::npos);
  EXPECT_EQ(page.headers.at("content-type"), exposition::render(registry).content_type);

  const RawResponse landing = get(server.socket(), "/");
  EXPECT_NE(landing.body.find("<a href=\"/metrics\">Metrics</a>"), std::string::npos);
  EXPECT_EQ(landing.headers.at("content-type"), "text/html; charset=utf-8");

  EXPECT_EQ(get(server.socket(), "/metrics", "HEAD").headers.at("content-length"), std::to_string(page.body.size()));
  EXPECT_EQ(get(server.socket(), "/metrics", "POST").headers.at("allow"), "GET,HEAD,OPTIONS");
  EXPECT_EQ(get(server.socket(), "/metrics/").status, 404);
  EXPECT_EQ(get(server.socket(), "/favicon.ico").status, 404);
  loop.run(server.close());
  EXPECT_FALSE(can_connect(server.socket()));
}

TEST(MetricsHTTPServer, ShowsItsPageWhereItIsToldTo) {
  Loop loop;
  metrics::Registry registry;
  registry.counter("answers_total", "answers given");
  StartOptions options{.addr = "127.0.0.1", .registry = &registry, .metrics_path = "/internal/metrics"};
  options.landing_page.name = "<checkout>";
  MetricsHTTPServer server = loop.run(start_http_server(std::move(options)));
  EXPECT_NE(get(server.socket(), "/internal/metrics").body.find("answers_total 0\n"), std::string::npos);
  EXPECT_EQ(get(server.socket(), "/metrics").status, 404);
  EXPECT_TRUE(server.metrics_url().ends_with("/internal/metrics"));
  const RawResponse landing = get(server.socket(), "/");
  EXPECT_NE(landing.body.find("<a href=\"/internal/metrics\">"), std::string::npos);
  EXPECT_NE(landing.body.find("<title>&lt;checkout&gt;</title>"), std::string::npos);
  loop.run(server.close());
}

TEST(MetricsHTTPServer, NeedsNoLandingPage) {
  Loop loop;
  metrics::Registry registry;
  registry.counter("answers_total", "answers given");
  MetricsHTTPServer server =
      loop.run(start_http_server({.addr = "127.0.0.1", .registry = &registry, .metrics_path = "/"}));
  EXPECT_NE(get(server.socket(), "/").body.find("answers_total 0\n"), std::string::npos);
  loop.run(server.close());
}

TEST(MetricsHTTPServer, AddsHeadersToEveryAnswer) {
  Loop loop;
  metrics::Registry registry;
  StartOptions options{.addr = "127.0.0.1", .registry = &registry};
  options.headers.add("X-Frame-Options", "deny");
  MetricsHTTPServer server = loop.run(start_http_server(std::move(options)));
  for (const char* path : {"/", "/metrics", "/none"}) {
    EXPECT_EQ(get(server.socket(), path).headers.at("x-frame-options"), "deny") << path;
  }
  loop.run(server.close());
}

TEST(MetricsHTTPServer, TakesFurtherPagesAndMiddlewares) {
  Loop loop;
  metrics::Registry registry;
  StartOptions options{.addr = "127.0.0.1", .registry = &registry};
  options.customize = [](Application& app) {
    app.router().add_get("/healthy", [](Request&) { return text("yes"); });
    app.use([](Request& request, Next next) -> asio::awaitable<Response> {
      if (request.path() != "/healthy") co_return text("closed", 403);
      co_return co_await next(request);
    });
  };
  MetricsHTTPServer server = loop.run(start_http_server(std::move(options)));
  EXPECT_EQ(get(server.socket(), "/metrics").status, 403);
  EXPECT_EQ(get(server.socket(), "/").status, 403);
  EXPECT_EQ(get(server.socket(), "/healthy").body, "yes");
  loop.run(server.close());
}

TEST(MetricsHTTPServer, RefusesWhatCannotBeAHeader) {
  Loop loop;
  metrics::Registry registry;
  StartOptions options{.addr = "127.0.0.1", .registry = &registry};
  options.headers.add("X Frame", "deny");
  EXPECT_THROW(loop.run(start_http_server(std::move(options))), std::invalid_argument);
  StartOptions bad_path{.addr = "127.0.0.1", .registry = &registry, .metrics_path = "metrics"};
  EXPECT_THROW(loop.run(start_http_server(std::move(bad_path))), std::invalid_argument);
}

TEST(MetricsHTTPServer, ShowsTheDefaultRegistryByDefault) {
  metrics::default_registry().counter("default_answers_total", "answers given").Increment();
  Loop loop;
  MetricsHTTPServer server = loop.run(start_http_server({.addr = "127.0.0.1"}));
  EXPECT_NE(get(server.socket(), "/metrics").body.find("default_answers_total 1\n"), std::string::npos);
  loop.run(server.close());
}

// One port serves both families: there is only one socket.
TEST(MetricsHTTPServer, ListensOnAllInterfacesByDefault) {
  Loop loop;
  MetricsHTTPServer server = loop.run(start_http_server());
  const net::Address& socket = server.socket();
  EXPECT_TRUE(can_connect({"127.0.0.1", socket.port}));
  if (socket.host == "::") {
    EXPECT_TRUE(can_connect({"::1", socket.port}));
    EXPECT_EQ(server.url(), "http://[::]:" + std::to_string(socket.port) + "/");
    EXPECT_EQ(server.metrics_url(), "http://[::1]:" + std::to_string(socket.port) + "/metrics");
  } else {
    EXPECT_EQ(socket.host, "0.0.0.0");  // a machine without IPv6
  }
  EXPECT_FALSE(server.https());
  loop.run(server.close());
}

// More scrapes than a pool has threads wait for their collectors; work of other kinds is done meanwhile.
TEST(MetricsHTTPServer, DoesOtherWorkWhileCollectorsHang) {
  std::atomic<int> collecting = 0;
  std::atomic<bool> may_go_on = false;
  metrics::Registry registry;
  std::vector<metrics::FunctionHandle> held;
  for (int i = 0; i < 6; ++i) {
    held.push_back(registry.gauge_function("slow_" + std::to_string(i), "a slow one", [&] {
      ++collecting;
      collecting.notify_all();
      may_go_on.wait(false);
      return 1.0;
    }));
  }
  Loop loop;
  StartOptions options{.addr = "127.0.0.1", .registry = &registry};
  options.customize = [](Application& app) {
    app.router().add_get("/work", [](Request&) -> asio::awaitable<Response> {
      auto work = [] { return std::string("done"); };
      const std::string result = co_await net::offload(std::move(work));
      co_return text(result);
    });
  };
  MetricsHTTPServer server = loop.run(start_http_server(std::move(options)));
  std::vector<std::unique_ptr<RawClient>> scrapers;
  for (int i = 0; i < 6; ++i) {
    scrapers.push_back(std::make_unique<RawClient>(server.socket()));
    scrapers.back()->send("GET /metrics?name[]=slow_" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  for (int seen = 0; (seen = collecting) < 4;) collecting.wait(seen);  // as many as the pool has threads
  EXPECT_EQ(get(server.socket(), "/work").body, "done");
  EXPECT_EQ(get(server.socket(), "/").status, 200);
  may_go_on = true;
  may_go_on.notify_all();
  for (const auto& scraper : scrapers) EXPECT_EQ(scraper->read_response().status, 200);
  loop.run(server.close());
}

TEST(ServerStats, IsAHandlerOfAnyApplication) {
  metrics::default_registry().counter("mounted_total", "mounted");
  metrics::Registry registry;
  registry.gauge("mine", "mine").Set(5);
  Application app;
  app.router().add_get("/metrics", server_stats);
  app.router().add_get("/mine", make_server_stats(registry));
  FakeRequest standard("GET", "/metrics");
  EXPECT_NE(get_now(app.handle(standard.request())).body.view().find("mounted_total 0\n"), std::string::npos);
  FakeRequest mine("GET", "/mine");
  EXPECT_NE(get_now(app.handle(mine.request())).body.view().find("mine 5\n"), std::string::npos);
}

// The example of the header.
TEST(ServerStats, TakesAHandlerOfOnesOwn) {
  metrics::Registry my_registry;
  const exposition::ScrapeHandler one_by_one(my_registry, {.max_requests_in_flight = 1});
  Application app;
  app.router().add_get("/one", web::make_server_stats(one_by_one));
  FakeRequest request("GET", "/one");
  const std::optional<exposition::PendingScrape> other = one_by_one.begin({});
  const Response refused = get_now(app.handle(request.request()));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
}

TEST(ServerStats, PassesOnWhatTheRequestAsksFor) {
  metrics::Registry registry;
  registry.gauge("mine", "mine").Set(5);
  registry.gauge("other", "other").Set(6);
  const Handler handler = make_server_stats(registry);
  FakeRequest request("GET", "/?name[]=mine");
  request.head().headers.add("Accept", "application/openmetrics-text;version=1.0.0,*/*;q=0.1");
  const Response page = get_now(handler(request.request()));
  EXPECT_EQ(page.headers.get("Content-Type"), exposition::content_type(exposition::kOpenMetrics_1_0_0));
  EXPECT_EQ(page.headers.get("Vary"), "Accept, Accept-Encoding");
  EXPECT_EQ(page.body, exposition::render(registry, exposition::kOpenMetrics_1_0_0, {.names = {"mine"}}).body);

  request.head().headers.add("Accept-Encoding", "gzip");
  const Response compressed = get_now(handler(request.request()));
  EXPECT_EQ(compressed.headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(compressed.body, exposition::compress(page.body.view(), exposition::Encoding::kGzip));

  request.head().headers.add("X-Prometheus-Scrape-Timeout-Seconds", "1e-9");
  EXPECT_EQ(get_now(handler(request.request())).status, 503);
}

TEST(ServerStats, ThrowsWhatACollectorThrew) {
  metrics::Registry registry;
  registry.add(std::make_shared<Broken>());
  FakeRequest request("GET", "/");
  EXPECT_THAT([&] { get_now(make_server_stats(registry)(request.request())); },
              ::testing::ThrowsMessage<std::runtime_error>("no value today"));
}

TEST(ServerStats, CountsScrapes) {
  metrics::Registry registry;
  FakeRequest request("GET", "/");
  get_now(make_server_stats(registry)(request.request()));
  get_now(make_server_stats(registry)(request.request()));
  EXPECT_EQ(registry.get_sample_value("promhttp_metric_handler_requests_total", {{"code", "200"}}), 2);
}

}  // namespace
}  // namespace prometheus_async::aio::web
