// SPDX-License-Identifier: Apache-2.0
//
// The whole road with other people's programs: three instances of quickstart register with Consul, a Prometheus finds
// them there and scrapes them, and its API gives what was sent. Another Prometheus finds one through a file.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/services/quickstart.h"
#include "tests/testing/child_process.h"
#include "tests/testing/consul_process.h"
#include "tests/testing/http_get.h"
#include "tests/testing/prometheus_server.h"

namespace prometheus_async {
namespace {

using testing::ChildProcess;
using testing::ConsulProcess;
using testing::http_get;
using testing::PrometheusServer;
using testing::Quickstart;
using Values = std::map<std::string, double>;

// The values of a query by the label service_id.
Values by_service_id(const PrometheusServer& prometheus, const std::string& promql) {
  Values values;
  for (const auto& series : prometheus.query(promql)) {
    const auto id = series.labels.find("service_id");
    values[id == series.labels.end() ? "" : id->second] = series.value;
  }
  return values;
}

void send_requests(const Quickstart& quickstart, int count) {
  for (int i = 0; i < count; ++i) ASSERT_EQ(http_get(quickstart.url()).status, 200);
}

TEST(EndToEnd, PrometheusFindsThreeInstancesThroughConsul) {
  ConsulProcess consul;
  ASSERT_TRUE(consul.wait_until_ready()) << consul.output();
  std::map<std::string, std::unique_ptr<Quickstart>> instances;
  for (const char* const id : {"one", "two", "three"}) {
    const std::vector<std::string> flags{"--consul=" + consul.url(), std::string("--service_id=") + id};
    instances[id] = std::make_unique<Quickstart>(flags);
  }

  PrometheusServer prometheus(std::getenv("PROMETHEUS_CONSUL"), R"(
  - job_name: consul
    consul_sd_configs:
      - server: )" + consul.url().substr(7) + R"(
        services: [quickstart]
        refresh_interval: 1s
    relabel_configs:
      - source_labels: [__meta_consul_service_metadata_metrics_path]
        target_label: __metrics_path__
      - source_labels: [__meta_consul_service_id]
        target_label: service_id
)");
  ASSERT_TRUE(prometheus.wait_until_ready()) << prometheus.output();
  const std::string count = "quickstart_request_seconds_count{outcome=\"ok\"}";
  ASSERT_TRUE(prometheus.wait_until([&] {
    return by_service_id(prometheus, count) == Values{{"one", 0}, {"two", 0}, {"three", 0}};
  })) << prometheus.output();

  send_requests(*instances["one"], 3);
  send_requests(*instances["two"], 5);
  send_requests(*instances["three"], 7);
  ASSERT_EQ(http_get(instances["two"]->url() + "fail").status, 500);
  EXPECT_TRUE(prometheus.wait_until([&] {
    return by_service_id(prometheus, count) == Values{{"one", 3}, {"two", 5}, {"three", 7}};
  })) << ::testing::PrintToString(by_service_id(prometheus, count));
  EXPECT_TRUE(prometheus.wait_until([&] {
    return by_service_id(prometheus, "quickstart_request_errors_total") == Values{{"one", 0}, {"two", 1}, {"three", 0}};
  }));
  // What people ask of it.
  EXPECT_TRUE(prometheus.wait_until([&] {
    const Values rates = by_service_id(prometheus, "rate(" + count + "[1m])");
    return rates.size() == 3 && std::all_of(rates.begin(), rates.end(), [](const auto& r) { return r.second > 0; });
  }));
  EXPECT_TRUE(prometheus.wait_until([&] {
    const Values quantiles = by_service_id(
        prometheus, "histogram_quantile(0.9, rate(quickstart_request_seconds_bucket{outcome=\"ok\"}[1m]))");
    return quantiles.size() == 3 && std::all_of(quantiles.begin(), quantiles.end(),
                                                [](const auto& q) { return std::isfinite(q.second) && q.second > 0; });
  }));

  // One leaves in good order: it is gone from Consul, and its target from Prometheus.
  EXPECT_EQ(instances["two"]->process().terminate(), 0) << instances["two"]->process().output();
  EXPECT_TRUE(prometheus.wait_until([&] { return prometheus.targets().size() == 2; }));
  for (const auto& target : prometheus.targets()) {
    EXPECT_EQ(target.health, "up") << target.last_error;
    EXPECT_NE(target.scrape_url, instances["two"]->url() + "metrics");
  }
}

TEST(EndToEnd, PrometheusFindsAnInstanceThroughAFile) {
  Quickstart quickstart({"--metrics_port=0"});
  const auto line = quickstart.process().wait_for_line("metrics at http://");
  ASSERT_TRUE(line.has_value());
  const std::string page = line->substr(line->find("http://"));
  const std::string target = page.substr(7, page.rfind('/') - 7);
  const std::string list = std::string(std::getenv("TEST_TMPDIR")) + "/targets.json";
  std::ofstream(list) << R"([{"targets": [")" << target << R"("], "labels": {"service_id": "only"}}])";

  PrometheusServer prometheus(std::getenv("PROMETHEUS"), R"(
  - job_name: file
    file_sd_configs:
      - files: [)" + list + R"(]
)");
  ASSERT_TRUE(prometheus.wait_until_ready()) << prometheus.output();
  send_requests(quickstart, 4);
  EXPECT_TRUE(prometheus.wait_until([&] {
    return by_service_id(prometheus, "quickstart_request_seconds_count{outcome=\"ok\"}") == Values{{"only", 4}};
  })) << prometheus.output();
}

TEST(EndToEnd, PromtoolFindsNothingToSay) {
  Quickstart quickstart({});
  send_requests(quickstart, 2);
  EXPECT_EQ(testing::promtool_says(quickstart.url() + "metrics"), "");
}

}  // namespace
}  // namespace prometheus_async
