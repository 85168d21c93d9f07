// SPDX-License-Identifier: Apache-2.0
//
// Prometheus finds servers by a page of ours, and loses them; of a Consul catalog it makes the same of that page as of
// Consul itself.
#include <atomic>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/http_sd.h"
#include "aio/web/testing/test_server.h"
#include "aio/web/threaded_metrics_server.h"
#include "sd/consul_catalog.h"
#include "sd/http_client.h"
#include "sd/target_directory.h"
#include "tests/testing/consul_process.h"
#include "tests/testing/http_get.h"
#include "tests/testing/prometheus_server.h"
#include "tests/testing/run.h"
#include "tests/testing/stopwatch.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
namespace web = aio::web;
using testing::PrometheusServer;
using testing::Stopwatch;
using web::testing::TestServer;

std::string http_sd_config(const TestServer& page) {
  return "- job_name: found\n  http_sd_configs:\n  - url: " + page.url("/targets") + "\n    refresh_interval: 1s\n";
}

TEST(HttpSd, PrometheusFindsServersAndLosesThem) {
  const sd::TargetDirectory directory({.labels = {{"team", "pay"}}});
  std::atomic<bool> fails = false;
  web::Application app;
  app.router().add_get("/targets", web::http_sd([directory, &fails] {
                         if (fails) throw std::runtime_error("away");
                         return directory.groups();
                       }));
  const TestServer page(std::move(app));
  PrometheusServer prometheus(std::getenv("PROMETHEUS"), http_sd_config(page));
  ASSERT_TRUE(prometheus.wait_until_ready()) << prometheus.output();

  web::StartOptions options{.addr = "::1", .metrics_path = "/custom", .service_discovery = directory};
  auto server = web::start_http_server_in_thread(std::move(options));
  const Stopwatch since_start;
  ASSERT_TRUE(prometheus.wait_until([&] { return prometheus.query("up{team=\"pay\"} == 1").size() == 1; }))
      << prometheus.output();
  since_start.print("scraped, from its start");
  EXPECT_EQ(prometheus.targets().at(0).scrape_url, server.metrics_url());

  // While the page cannot be had, the targets stay.
  const auto failures = [&] {
    double sum = 0;
    for (const std::string& line : prometheus.own_metrics("prometheus_sd_")) {
      if (line.find("failures_total") != line.npos && line.find('#') == line.npos) {
        sum += std::strtod(line.substr(line.rfind(' ')).c_str(), nullptr);
      }
    }
    return sum;
  };
  const double before = failures();
  fails = true;
  ASSERT_TRUE(prometheus.wait_until([&] { return failures() >= before + 2; })) << prometheus.output();
  EXPECT_EQ(prometheus.targets().size(), 1u);
  fails = false;

  server.close();
  const Stopwatch since_close;
  ASSERT_TRUE(prometheus.wait_until([&] { return prometheus.targets().empty(); })) << prometheus.output();
  since_close.print("gone, from its close");
  EXPECT_EQ(testing::http_get(page.url("/targets")).body, "[]");
}

// All labels that a target has before relabelling, but for those that say how it was scraped.
constexpr char kRelabelling[] = R"(  relabel_configs:
  - source_labels: [__meta_consul_service]
    regex: consul
    action: drop
  - regex: __meta_consul_(.+)
    replacement: consul_$1
    action: labelmap
)";

std::map<std::string, PrometheusServer::Labels> by_instance(const PrometheusServer& prometheus) {
  std::map<std::string, PrometheusServer::Labels> all;
  for (const PrometheusServer::Target& target : prometheus.targets()) all[target.labels.at("instance")] = target.labels;
  return all;
}

TEST(HttpSd, ACatalogReadsAsPrometheusReadsConsul) {
  testing::ConsulProcess consul;
  ASSERT_TRUE(consul.wait_until_ready()) << consul.output();
  const auto put = [&](const std::string& path, const std::string& body) {
    asio::io_context context;
    sd::HttpClient client(context.get_executor());
    sd::HttpRequest request{
        .method = "PUT", .url = consul.url() + path, .headers = {{"Content-Type", "application/json"}}, .body = body};
    EXPECT_EQ(testing::run(context, client.perform(std::move(request))).status, 200) << path;
  };
  const std::string service = "/v1/agent/service/register";
  put(service, R"({"Name": "app", "ID": "app-1", "Tags": ["blue", "prometheus"], "Address": "127.0.0.1", "Port": 18701,
                   "Meta": {"metrics_path": "/m", "metrics-scheme": "http"}})");
  put(service, R"({"Name": "app", "ID": "app-2", "Address": "::1", "Port": 18702,
                   "Checks": [{"TTL": "10m", "Status": "warning"}, {"TTL": "10m", "Status": "passing"}]})");
  put(service, R"({"Name": "no address", "Port": 18703, "Check": {"TTL": "10m"}})");
  put(service, R"({"Name": "resting", "ID": "r", "Address": "a.example", "Port": 18704})");
  put("/v1/agent/service/maintenance/r?enable=true&reason=test", "");
  put("/v1/catalog/register", R"({"Node": "elsewhere", "Address": "127.0.0.9", "NodeMeta": {"rack_no": "7"},
                                  "TaggedAddresses": {"wan": "192.0.2.1"},
                                  "Service": {"Service": "external", "Port": 18705}})");

  const sd::ConsulCatalog catalog({.consul = {.agent = consul.url()}});
  web::Application app;
  app.router().add_get("/targets", web::http_sd(catalog));
  const TestServer page(std::move(app));
  PrometheusServer with_page(std::getenv("PROMETHEUS"), http_sd_config(page) + kRelabelling);
  PrometheusServer with_consul(std::getenv("PROMETHEUS_CONSUL"),
                               "- job_name: found\n  consul_sd_configs:\n  - server: " + consul.host_and_port() +
                                   "\n    refresh_interval: 1s\n" + kRelabelling);
  ASSERT_TRUE(with_page.wait_until_ready()) << with_page.output();
  ASSERT_TRUE(with_consul.wait_until_ready()) << with_consul.output();
  const Stopwatch since_start;
  ASSERT_TRUE(with_page.wait_until([&] { return with_page.targets().size() == 5; })) << with_page.output();
  since_start.print("five targets of the page, from Prometheus' start");
  ASSERT_TRUE(with_consul.wait_until([&] { return with_consul.targets().size() == 5; })) << with_consul.output();
  since_start.print("five targets of Consul itself");
  EXPECT_EQ(by_instance(with_page), by_instance(with_consul));
  EXPECT_EQ(by_instance(with_page).at("a.example:18704").at("consul_health"), "maintenance");

  // Consul goes: the page says so, and the targets stay.
  consul.stop();
  const sd::HttpResponse away = testing::http_get(page.url("/targets"));
  EXPECT_EQ(away.status, 503);
  EXPECT_THAT(away.body, ::testing::HasSubstr("cannot list the services with the Consul agent at " + consul.url()));
  EXPECT_EQ(with_page.targets().size(), 5u);
}

}  // namespace
}  // namespace prometheus_async
