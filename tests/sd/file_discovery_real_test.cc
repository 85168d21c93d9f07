// SPDX-License-Identifier: Apache-2.0
//
// Prometheus finds servers by their files, and loses them.
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/threaded_metrics_server.h"
#include "sd/file_discovery.h"
#include "tests/testing/prometheus_server.h"
#include "tests/testing/stopwatch.h"
#include "tests/testing/temporary_folder.h"

namespace prometheus_async {
namespace {

namespace web = aio::web;
using testing::PrometheusServer;
using testing::Stopwatch;

TEST(FileDiscovery, PrometheusFindsServersAndLosesThem) {
  const testing::TemporaryFolder folder;
  PrometheusServer prometheus(std::getenv("PROMETHEUS"),
                              "- job_name: files\n  file_sd_configs:\n  - files: ['" + folder.path() + "/*.json']\n");
  ASSERT_TRUE(prometheus.wait_until_ready()) << prometheus.output();
  EXPECT_TRUE(prometheus.targets().empty());

  const sd::FileDiscovery files({.folder = folder.path(), .labels = {{"team", "pay"}}});
  web::StartOptions options{.addr = "127.0.0.1", .metrics_path = "/custom", .service_discovery = files};
  auto server = web::start_http_server_in_thread(std::move(options));
  EXPECT_TRUE(server.is_registered());
  web::StartOptions others{.addr = "::1", .service_discovery = files};
  auto other = web::start_http_server_in_thread(std::move(others));

  const Stopwatch since_start;
  ASSERT_TRUE(prometheus.wait_until([&] { return prometheus.query("up{team=\"pay\"} == 1").size() == 2; }))
      << prometheus.output();
  since_start.print("two servers scraped, from their start");
  std::vector<std::string> urls;
  for (const PrometheusServer::Target& target : prometheus.targets()) urls.push_back(target.scrape_url);
  EXPECT_THAT(urls, ::testing::UnorderedElementsAre(server.metrics_url(), other.metrics_url()));

  server.close();
  const Stopwatch since_close;
  ASSERT_TRUE(prometheus.wait_until([&] { return prometheus.targets().size() == 1; })) << prometheus.output();
  since_close.print("one gone, from its close");
  EXPECT_EQ(prometheus.targets().at(0).scrape_url, other.metrics_url());

  // As after a crash that left its file: a server with the same ID takes it over.
  const sd::FileDiscovery same({.folder = folder.path(), .id = "same"});
  folder.write("same.json", R"([{"targets": ["127.0.0.1:1"]}])");
  ASSERT_TRUE(prometheus.wait_until([&] { return prometheus.targets().size() == 2; })) << prometheus.output();
  web::StartOptions again{.addr = "127.0.0.1", .service_discovery = same};
  const auto successor = web::start_http_server_in_thread(std::move(again));
  const Stopwatch since_restart;
  ASSERT_TRUE(prometheus.wait_until([&] { return prometheus.query("up == 1").size() == 2; })) << prometheus.output();
  since_restart.print("a file of before replaced, from the start");
  EXPECT_EQ(prometheus.targets().size(), 2u);
}

}  // namespace
}  // namespace prometheus_async
