// SPDX-License-Identifier: Apache-2.0
//
// The programs that users should be able to write, as they would write them. Most of the proof is that this compiles.
#include <chrono>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "aio/count_exceptions.h"
#include "aio/time.h"
#include "aio/track_inprogress.h"
#include "aio/web/metrics_server.h"
#include "aio/web/threaded_metrics_server.h"
#include "metrics/exemplar.h"
#include "metrics/function.h"
#include "metrics/histogram.h"
#include "metrics/registry.h"
#include "sd/consul_agent.h"
#include "sd/endpoint.h"
#include "sd/service_discovery.h"
#include "tests/testing/http_get.h"
#include "tests/testing/run.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
namespace web = aio::web;
using ::testing::HasSubstr;

struct PaymentError : std::runtime_error {
  PaymentError() : runtime_error("declined") {}
};
struct Order {
  bool good = true;
};
struct Receipt {};

asio::awaitable<Receipt> pay(Order order) {
  if (!order.good) throw PaymentError();
  co_return Receipt();
}

TEST(Programs, AllThreeAtOnce) {
  asio::io_context context;
  auto& seconds = metrics::histogram("charge_seconds", "time of a charge");
  auto& declined = metrics::counter("charges_declined_total", "declined cards");
  auto& in_flight = metrics::gauge("charges_in_flight", "charges under way");

  const auto charge = aio::time(seconds) | aio::count_exceptions<PaymentError>(declined) |
                      aio::track_inprogress(in_flight) |
                      [](Order order) -> asio::awaitable<Receipt> { co_return co_await pay(order); };
  testing::run(context, charge(Order()));
  EXPECT_THROW(testing::run(context, charge(Order{.good = false})), PaymentError);
  EXPECT_EQ(metrics::default_registry().get_sample_value("charge_seconds_count"), 2);
  EXPECT_EQ(metrics::default_registry().get_sample_value("charges_declined_total"), 1);
}

TEST(Programs, ALabelThatDependsOnHowItEndedAndAnExemplar) {
  const std::string id = "4bf92f3577b34da6";
  const auto raw_call = [] {};
  auto& calls = metrics::histogram("call_seconds", "time of a call", {"outcome"});
  const auto call = aio::time(calls.by_outcome())(raw_call);
  call();
  EXPECT_EQ(metrics::default_registry().get_sample_value("call_seconds_count", {{"outcome", "ok"}}), 1);

  metrics::Histogram seconds;
  seconds.Observe(0.2, metrics::exemplar({{"trace_id", id}}));
  EXPECT_EQ(seconds.snapshot().exemplars.size(), 1u);
}

// The README's.
TEST(Programs, Instruments) {
  const std::string id = "4bf92f3577b34da6";
  const std::vector<int> queue(3);
  auto& sent = metrics::counter("sent_bytes_total", "bytes sent", {"peer"}, {.unit = "bytes", .max_series = 10'000});
  sent.labels("10.0.0.7").Increment(512);

  auto& seconds = metrics::native_histogram("native_seconds", "time of a call", {.classic = {0.1, 1, 10}});
  seconds.Observe(0.2, metrics::exemplar({{"trace_id", id}}));

  const metrics::FunctionHandle depth =
      metrics::gauge_function("queue_depth", "jobs waiting", [&] { return queue.size(); });
  EXPECT_EQ(metrics::default_registry().get_sample_value("sent_bytes_total", {{"peer", "10.0.0.7"}}), 512);
  EXPECT_EQ(metrics::default_registry().get_sample_value("native_seconds_bucket", {{"le", "1"}}), 1);
  EXPECT_EQ(metrics::default_registry().get_sample_value("queue_depth"), 3);
}

TEST(Programs, AnExistingPrometheusCppProgram) {
  asio::io_context context;
  const auto registry = std::make_shared<prometheus::Registry>();
  const std::vector<double> buckets{1, 2};
  const auto raw_handler = []() -> asio::awaitable<void> { co_return; };

  auto& old = prometheus::BuildHistogram().Name("old_seconds").Help("...").Register(*registry).Add({}, buckets);
  const auto handler = aio::time(old)(raw_handler);  // their instruments are ours
  metrics::default_registry().adopt(registry);       // and on our page
  auto server = web::start_http_server_in_thread({.addr = "127.0.0.1"});

  testing::run(context, handler());
  EXPECT_THAT(testing::http_get(server.metrics_url()).body, HasSubstr("\nold_seconds_count 1\n"));
}

TEST(Programs, WithoutAnEventLoop) {
  metrics::Registry mine;
  mine.counter("work_done_total", "work").Increment();
  auto server = web::start_http_server_in_thread({.addr = "127.0.0.1", .port = 0, .registry = &mine});
  std::cout << "metrics at " << server.url() << '\n';
  EXPECT_THAT(testing::http_get(server.metrics_url()).body, HasSubstr("\nwork_done_total 1\n"));
}

// An agent of one's own: any discovery is one coroutine that returns its own undoing.
struct Announce {
  std::vector<std::string>* log;
  asio::awaitable<sd::Deregister> enroll(const sd::Endpoint& endpoint) {
    log->push_back("announced " + endpoint.url());
    co_return [log = log, endpoint]() -> asio::awaitable<void> {
      log->push_back("withdrew " + endpoint.url());
      co_return;
    };
  }
};

TEST(Programs, FoundAnotherWay) {
  asio::io_context context;
  std::vector<std::string> log;
  std::string url;
  const auto body = [&]() -> asio::awaitable<void> {
    web::StartOptions options{.addr = "127.0.0.1", .service_discovery = Announce{&log}};
    auto server = co_await web::start_http_server(std::move(options));
    EXPECT_TRUE(server.is_registered());
    url = server.metrics_url();
    co_await server.close();
    EXPECT_FALSE(server.is_registered());
  };
  testing::run(context, body());
  EXPECT_THAT(log, ::testing::ElementsAre("announced " + url, "withdrew " + url));
}

TEST(Programs, FoundThroughConsul) {
  const web::StartOptions options{.service_discovery = sd::ConsulAgent({.name = "checkout", .tags = {"blue"}})};
  EXPECT_TRUE(options.service_discovery);
}

void run_checkout(metrics::Registry& registry, Order order) {
  auto& declined = registry.counter("declined_total", "declined cards");
  asio::io_context context;
  try {
    testing::run(context, aio::count_exceptions<PaymentError>(declined, pay(order)));
  } catch (const PaymentError&) {
  }
}

TEST(Checkout, CountsDeclinedCards) {
  metrics::Registry registry;
  run_checkout(registry, Order{.good = false});
  EXPECT_EQ(registry.get_sample_value("declined_total"), 1);
}

}  // namespace
}  // namespace prometheus_async
