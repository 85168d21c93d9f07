// SPDX-License-Identifier: Apache-2.0
//
// Two hosts: a Consul server, a Prometheus and a service on the one, an agent and services on the other; and a cable
// between them that is cut. Prometheus has to come to the truth once it is there again.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/child_process.h"
#include "tests/testing/consul_process.h"
#include "tests/testing/network_namespace.h"
#include "tests/testing/prometheus_server.h"
#include "tests/testing/stopwatch.h"

namespace prometheus_async {
namespace {

using testing::ChildProcess;
using testing::ConsulProcess;
using testing::NetworkNamespace;
using testing::PrometheusServer;
using testing::Stopwatch;
using Health = std::map<std::string, std::string>;  // by service ID

constexpr char kNear[] = "10.99.0.1";
constexpr char kFar[] = "10.99.0.2";

std::vector<std::string> service(const char* address, const ConsulProcess& consul, const std::string& id) {
  return {std::getenv("CONSUL_SERVICE"), std::string("--addr=") + address, "--consul=" + consul.url(),
          "--service_id=" + id};
}

Health health(const PrometheusServer& prometheus) {
  Health all;
  for (const auto& target : prometheus.targets()) {
    const auto id = target.labels.find("service_id");
    all[id == target.labels.end() ? target.scrape_url : id->second] = target.health;
  }
  return all;
}

TEST(Partition, PrometheusComesToTheTruthWhenItEnds) {
  if (const auto reason = testing::enter_new_network()) GTEST_SKIP() << *reason;
  NetworkNamespace far(kNear, kFar);
  ConsulProcess server({.keeps_data = true, .node_name = "near", .address = kNear});
  ASSERT_TRUE(server.wait_until_ready()) << server.output();
  ConsulProcess agent({.node_name = "far", .address = kFar, .join = server.serf_address(), .launcher = far.launcher()});
  ASSERT_TRUE(far.run([&] { return agent.wait_until_ready(); })) << agent.output();

  ChildProcess near_service(service(kNear, server, "near"));
  ASSERT_TRUE(near_service.wait_for_line("listening on")) << near_service.output();
  const auto start_far = [&](const std::string& id) { return far.command(service(kFar, agent, id)); };
  ChildProcess stays(start_far("stays"));
  ASSERT_TRUE(stays.wait_for_line("listening on")) << stays.output();
  ChildProcess leaves(start_far("leaves"));
  ASSERT_TRUE(leaves.wait_for_line("listening on")) << leaves.output();

  PrometheusServer prometheus(std::getenv("PROMETHEUS_CONSUL"), R"(
  - job_name: consul
    consul_sd_configs:
      - server: )" + server.host_and_port() + R"(
        services: [checkout]
        refresh_interval: 1s
    relabel_configs:
      - source_labels: [__meta_consul_service_id]
        target_label: service_id
)");
  ASSERT_TRUE(prometheus.wait_until_ready()) << prometheus.output();
  const auto comes_to = [&](const Health& truth, const std::string& what) {
    const Stopwatch since_then;
    const bool is_there = prometheus.wait_until([&] { return health(prometheus) == truth; }, std::chrono::seconds(150));
    if (is_there) since_then.print("Prometheus: " + what);
    return is_there;
  };
  ASSERT_TRUE(comes_to({{"near", "up"}, {"stays", "up"}, {"leaves", "up"}}, "all of both hosts are up"))
      << prometheus.output();

  far.cut();
  // They stay targets: that they cannot be scraped is what an alert has to see.
  ASSERT_TRUE(comes_to({{"near", "up"}, {"stays", "down"}, {"leaves", "down"}}, "those that are cut off are down"));
  const Stopwatch since_the_cut;
  ASSERT_TRUE(server.wait_until(
      [&] { return server.request("GET", "/v1/health/state/critical").body.find("serfHealth") != std::string::npos; },
      std::chrono::seconds(120)))
      << server.output();
  since_the_cut.print("Consul: the agent that is cut off has failed");
  // Meanwhile the other host goes on by itself: one leaves, one comes. Its agent may hold up whom it serves while it
  // tries to reach the servers, so that both may have to do without its answer.
  leaves.send_signal(SIGTERM);
  EXPECT_TRUE(leaves.wait_for_exit().has_value()) << leaves.output();
  ChildProcess comes(start_far("comes"));
  ASSERT_TRUE(comes.wait_for_line("listening on")) << comes.output();
  EXPECT_EQ(health(prometheus), (Health{{"near", "up"}, {"stays", "down"}, {"leaves", "down"}}));

  far.join();
  EXPECT_TRUE(comes_to({{"near", "up"}, {"stays", "up"}, {"comes", "up"}}, "the truth, after the cable was mended"))
      << ::testing::PrintToString(health(prometheus));
  EXPECT_EQ(stays.terminate(), 0);
  EXPECT_EQ(near_service.terminate(), 0);
  EXPECT_TRUE(comes_to({{"comes", "up"}}, "those that have left are gone"));
}

}  // namespace
}  // namespace prometheus_async
