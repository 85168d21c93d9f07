// SPDX-License-Identifier: Apache-2.0

#include "tx/web/metrics_resource.h"

#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "aio/net/server.h"
#include "aio/web/server_stats.h"
#include "aio/web/testing/raw_client.h"
#include "exposition/scrape.h"
#include "metrics/registry.h"
#include "tests/aio/web/fake_request.h"
#include "tests/tx/web/site_server.h"
#include "tx/web/site.h"

namespace prometheus_async::tx::web {
namespace {

using prometheus_async::aio::web::testing::RawClient;
using prometheus_async::aio::web::testing::RawResponse;
using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get;
using prometheus_async::testing::get_now;
using prometheus_async::testing::SiteServer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class MetricsResourceTest : public ::testing::Test {
 protected:
  // A page may still be rendered for a client that has gone.
  void TearDown() override { wait_for_scrapes(0); }

  ResourcePtr tree() {
    Resource root;
    root.put_child("metrics", MetricsResource(handler_));
    return root;
  }

  // Until so many are in flight.
  void wait_for_scrapes(int number) {
    while (counts_.get_sample_value("promhttp_metric_handler_requests_in_flight") != number) std::this_thread::yield();
  }

  metrics::Registry registry_;
  metrics::Registry counts_;
  exposition::ScrapeHandler handler_{registry_, {.self_metrics_registry = &counts_}};
};

TEST_F(MetricsResourceTest, ShowsWhatServerStatsShows) {
  registry_.counter("requests_total", "requests").Increment();
  SiteServer server(tree());
  RawClient client(server.address());
  client.send(get("/metrics") + get("/metrics/any/path") + get("/metrics", "", "HEAD") + get("/metrics"));
  FakeRequest request("GET", "/metrics");
  const aio::web::Response expected = get_now(aio::web::make_server_stats(handler_)(request.request()));
  for (int i = 0; i < 2; ++i) {
    const RawResponse response = client.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, expected.body);
    EXPECT_THAT(response.body, HasSubstr("requests_total 1"));
    EXPECT_EQ(response.headers.at("content-type"), *expected.headers.get("Content-Type"));
    EXPECT_EQ(response.headers.at("vary"), *expected.headers.get("Vary"));
    EXPECT_EQ(response.headers.at("content-length"), std::to_string(expected.body.size()));
  }
  EXPECT_EQ(client.read_response(true).headers.at("content-length"), std::to_string(expected.body.size()));
  EXPECT_EQ(client.read_response().body, expected.body);
}

TEST_F(MetricsResourceTest, PassesOnWhatTheRequestAsksFor) {
  registry_.gauge("mine", "mine").Set(5);
  registry_.gauge("other", "other").Set(6);
  SiteServer server(tree());
  RawClient client(server.address());
  const std::string accept = "Accept: application/openmetrics-text;version=1.0.0\r\n";
  client.send(get("/metrics?name[]=mine", accept) + get("/metrics", accept + "Accept-Encoding: gzip\r\n") +
              get("/metrics", "X-Prometheus-Scrape-Timeout-Seconds: 1e-9\r\n"));
  const RawResponse page = client.read_response();
  EXPECT_EQ(page.headers.at("content-type"),
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores");
  EXPECT_THAT(page.body, AllOf(HasSubstr("\nmine 5"), Not(HasSubstr("other")), EndsWith("\n# EOF\n")));
  EXPECT_EQ(client.read_response().headers.at("content-encoding"), "gzip");
  const RawResponse late = client.read_response();
  EXPECT_EQ(late.status, 503);
  EXPECT_EQ(late.headers.at("retry-after"), "1");
}

// The example of the header.
TEST_F(MetricsResourceTest, TakesAHandlerOfOnesOwn) {
  metrics::Registry& my_registry = registry_;
  Resource root;
  const exposition::ScrapeHandler one_by_one(my_registry, {.max_requests_in_flight = 1});
  root.put_child("one", tx::web::MetricsResource(one_by_one));
  SiteServer server(std::move(root));
  RawClient client(server.address());
  const exposition::PendingScrape other = one_by_one.begin({});
  client.send(get("/one"));
  EXPECT_EQ(client.read_response().status, 503);
}

TEST_F(MetricsResourceTest, ShowsTheDefaultRegistry) {
  Resource root;
  root.put_child("metrics", tx::web::MetricsResource());
  SiteServer server(std::move(root));
  metrics::default_registry().counter("metrics_resource_test_total", "of this test").Increment();
  RawClient client(server.address());
  client.send(get("/metrics"));
  EXPECT_THAT(client.read_response().body, HasSubstr("metrics_resource_test_total 1"));
}

TEST_F(MetricsResourceTest, SaysWhichMethodsThereAre) {
  SiteServer server(tree());
  RawClient client(server.address());
  client.send(get("/metrics", "", "OPTIONS") + get("/metrics", "", "POST") + get("/metrics", "", "BREW"));
  const RawResponse options = client.read_response();
  EXPECT_EQ(options.status, 200);
  EXPECT_EQ(options.body, "");
  EXPECT_EQ(options.headers.at("allow"), "GET,HEAD,OPTIONS");
  for (int i = 0; i < 2; ++i) {
    const RawResponse refused = client.read_response();
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.headers.at("allow"), "GET,HEAD,OPTIONS");
  }
}

class Collects : public prometheus::Collectable {
 public:
  explicit Collects(std::function<void()> function) : function_(std::move(function)) {}
  std::vector<prometheus::MetricFamily> Collect() const override {
    function_();
    return {};
  }

 private:
  std::function<void()> function_;
};

// A page that is rendered when the test lets it.
class SlowPage {
 public:
  explicit SlowPage(metrics::Registry& registry) {
    registry.adopt(std::make_shared<Collects>([this] {
      rendering_.set_value(std::this_thread::get_id());
      go_on_.get_future().get();
    }));
  }

  std::thread::id wait_until_rendering() { return rendering_.get_future().get(); }
  void go_on() { go_on_.set_value(); }

 private:
  std::promise<std::thread::id> rendering_;
  std::promise<void> go_on_;
};

TEST_F(MetricsResourceTest, RendersOffTheLoop) {
  SlowPage page(registry_);
  Resource root;
  root.put_child("metrics", MetricsResource(registry_));
  SiteServer server(std::move(root));
  RawClient client(server.address());
  client.send(get("/metrics"));
  const std::thread::id renderer = page.wait_until_rendering();
  server.run([&] { EXPECT_NE(renderer, std::this_thread::get_id()); });  // and the loop goes on
  page.go_on();
  EXPECT_EQ(client.read_response().status, 200);
}

TEST_F(MetricsResourceTest, RendersOnceForThoseThatWait) {
  constexpr int kClients = 4;
  SlowPage page(registry_);
  int pages = 0;
  registry_.adopt(std::make_shared<Collects>([&] { ++pages; }));
  SiteServer server(tree());
  std::deque<RawClient> clients;
  for (int i = 0; i < kClients; ++i) clients.emplace_back(server.address()).send(get("/metrics"));
  page.wait_until_rendering();
  wait_for_scrapes(kClients);
  page.go_on();
  for (RawClient& client : clients) EXPECT_EQ(client.read_response().status, 200);
  EXPECT_EQ(pages, 1);
}

TEST_F(MetricsResourceTest, OutlivesAClientThatGoesMeanwhile) {
  SlowPage page(registry_);
  SiteServer server(tree());
  {
    RawClient client(server.address());
    client.send(get("/metrics"));
    page.wait_until_rendering();
  }
  server.stop().get();  // which is when the client has been noticed to be gone
  page.go_on();
  wait_for_scrapes(0);
  EXPECT_THAT(server.log(), IsEmpty());
}

// What is rendered for a loop that is gone is dropped.
TEST_F(MetricsResourceTest, OutlivesItsIoContext) {
  SlowPage page(registry_);
  {
    asio::io_context io_context(1);
    auto site = std::make_shared<Site>(tree());
    net::Server server(io_context.get_executor(), {}, [&](net::Socket socket, net::ConnectionGroup::Seat& seat) {
      return site->serve(std::move(socket), nullptr, seat);
    });
    server.listen_numeric("127.0.0.1", 0);
    RawClient client(server.addresses().front());
    client.send(get("/metrics"));
    io_context.run_for(std::chrono::milliseconds(100));
    page.wait_until_rendering();
  }
  page.go_on();
  wait_for_scrapes(0);
}

TEST_F(MetricsResourceTest, MakesA500OfACollectorThatThrows) {
  registry_.adopt(std::make_shared<Collects>([] { throw std::runtime_error("no value today"); }));
  SiteServer server(tree());
  RawClient client(server.address());
  client.send(get("/metrics"));
  EXPECT_EQ(client.read_response().status, 500);
  EXPECT_THAT(server.log(), ElementsAre("GET /metrics: no value today"));
}

}  // namespace
}  // namespace prometheus_async::tx::web
