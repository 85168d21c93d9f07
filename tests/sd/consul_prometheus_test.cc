// SPDX-License-Identifier: Apache-2.0
//
// Fleets that a Prometheus finds through Consul, with the configuration and the policies of docs/howto/consul.md: its
// targets come to the truth after each event, and the series of an instance stay the same ones.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/threaded_metrics_server.h"
#include "metrics/registry.h"
#include "sd/consul_agent.h"
#include "tests/services/service.h"
#include "tests/testing/child_process.h"
#include "tests/testing/consul_process.h"
#include "tests/testing/prometheus_server.h"
#include "tests/testing/stopwatch.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tls_context.h"

namespace prometheus_async {
namespace {

namespace web = aio::web;
using testing::ConsulProcess;
using testing::PrometheusServer;
using testing::Service;
using testing::Stopwatch;
using Health = std::map<std::string, std::string>;  // by service ID

constexpr char kMasterToken[] = "00000000-0000-0000-0000-000000000001";
constexpr std::chrono::seconds kLong{120};

// The block of the how-to that begins so.
std::string block(const std::string& begin) {
  std::ostringstream text;
  text << std::ifstream("docs/howto/consul.md").rdbuf();
  const std::string page = text.str();
  const std::size_t at = page.find("\n" + begin);
  if (at == std::string::npos) throw std::runtime_error("the how-to has no " + begin);
  return page.substr(at + 1, page.find("\n```\n", at) - at);
}

class Fleet : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(consul_.wait_until_ready()) << consul_.output();
    make_tokens();
  }

  void make_tokens() {
    folder_.write("token", consul_.create_token(block("service \"checkout\" {")).secret);
    prometheus_token_ = consul_.create_token(block("service_prefix \"\" {")).secret;
  }

  // An instance in a process of its own.
  void launch(const std::string& id, const std::string& tag = "prometheus", const std::string& port = "0") {
    const std::vector<std::string> flags{"--port=" + port, "--consul=" + consul_.url(), "--service_id=" + id,
                                         "--tag=" + tag, "--token_file=" + folder_.path_of("token")};
    services_[id] = std::make_unique<Service>("CONSUL_SERVICE", flags);
  }

  void start_prometheus(const std::string& more = "") {
    std::string config = block("global:");
    config = config.substr(config.find("scrape_configs:\n") + std::string("scrape_configs:\n").size()) + more;
    const std::size_t token = config.find("token: ") + std::string("token: ").size();
    config.replace(token, config.find(' ', token) - token, prometheus_token_);
    config = absl::StrReplaceAll(config, {{"127.0.0.1:8500", consul_.host_and_port()}});
    prometheus_.emplace(std::getenv("PROMETHEUS_CONSUL"), config);
    ASSERT_TRUE(prometheus_->wait_until_ready()) << prometheus_->output();
  }

  Health health() {
    Health all;
    for (const auto& target : prometheus_->targets()) {
      const auto id = target.labels.find("service_id");
      all[id == target.labels.end() ? target.scrape_url : id->second] = target.health;
    }
    return all;
  }

  // Whether Prometheus has come to exactly this; prints how long it took.
  bool comes_to(const Health& truth, const std::string& what) {
    const Stopwatch since_then;
    const bool is_there = prometheus_->wait_until([&] { return health() == truth; }, kLong);
    if (is_there) since_then.print("Prometheus: " + what);
    return is_there;
  }

  // The series of `up` that there have been, whatever became of them.
  std::size_t series() { return prometheus_->query("count_over_time(up[1h])").size(); }

  const testing::TemporaryFolder folder_;
  ConsulProcess consul_{{.keeps_data = true, .master_token = kMasterToken}};
  std::string prometheus_token_;
  std::map<std::string, std::unique_ptr<Service>> services_;
  std::optional<PrometheusServer> prometheus_;
};

TEST_F(Fleet, ComesGoesCrashesAndReturnsUnderTheSameSeries) {
  const testing::ReservedPort port;
  launch("a", "prometheus", port.text());
  launch("b");
  start_prometheus();
  ASSERT_TRUE(comes_to({{"a", "up"}, {"b", "up"}}, "two that were there before it")) << prometheus_->output();
  for (const auto& target : prometheus_->targets()) {
    EXPECT_EQ(target.labels.at("job"), "checkout");
    EXPECT_EQ(target.labels.at("node"), "node");
  }

  launch("c");
  EXPECT_TRUE(comes_to({{"a", "up"}, {"b", "up"}, {"c", "up"}}, "one that has come, from its registration"));
  services_["b"]->process().send_signal(SIGTERM);
  EXPECT_TRUE(comes_to({{"a", "up"}, {"c", "up"}}, "one that has left, from SIGTERM"));
  EXPECT_EQ(services_["b"]->process().wait_for_exit(), 0);

  // A crash: that it is down is what is to be seen, and its critical check takes nothing away.
  services_["a"]->process().send_signal(SIGKILL);
  EXPECT_TRUE(comes_to({{"a", "down"}, {"c", "up"}}, "one that has crashed is down"));
  EXPECT_TRUE(consul_.wait_until([&] { return consul_.status_of("a") == "critical"; }));
  launch("a", "prometheus", port.text());
  EXPECT_TRUE(comes_to({{"a", "up"}, {"c", "up"}}, "one that is back after a crash"));
  EXPECT_TRUE(consul_.wait_until([&] { return consul_.status_of("a") == "passing"; }));

  // Of three instances, one of which was started twice and was critical in between.
  EXPECT_EQ(series(), 3u);
}

TEST_F(Fleet, OutlivesTheAgentsData) {
  launch("a");
  launch("b");
  start_prometheus();
  ASSERT_TRUE(comes_to({{"a", "up"}, {"b", "up"}}, "two")) << prometheus_->output();

  // It restarts with its data. Prometheus keeps the targets that it knows, in between too.
  consul_.stop();
  EXPECT_EQ(health(), (Health{{"a", "up"}, {"b", "up"}}));
  consul_.start();
  ASSERT_TRUE(consul_.wait_until_ready()) << consul_.output();
  ASSERT_TRUE(consul_.wait_until([&] { return consul_.catalog("checkout").size() == 2; }));
  EXPECT_EQ(health(), (Health{{"a", "up"}, {"b", "up"}}));

  // It loses everything: services, policies and tokens. As soon as there are tokens again, all is as before.
  consul_.stop(SIGKILL);
  consul_.wipe();
  consul_.start();
  ASSERT_TRUE(consul_.wait_until_ready()) << consul_.output();
  make_tokens();
  const Stopwatch since_the_tokens;
  ASSERT_TRUE(consul_.wait_until([&] { return consul_.catalog("checkout").size() == 2; }, kLong))
      << services_["a"]->process().output();
  since_the_tokens.print("in the catalog again after the agent was wiped, from the new tokens");
  EXPECT_EQ(health(), (Health{{"a", "up"}, {"b", "up"}}));
  EXPECT_EQ(series(), 2u);

  // A fresh one, as this one has a token that is no more, and would wait for an index that is no more.
  start_prometheus();
  EXPECT_TRUE(comes_to({{"a", "up"}, {"b", "up"}}, "a fresh one, after the agent was wiped"));
  launch("c");
  EXPECT_TRUE(comes_to({{"a", "up"}, {"b", "up"}, {"c", "up"}}, "one that has come, after the agent was wiped"));
}

// Path and scheme come from the registration; an address of IPv6 is registered without brackets.
TEST_F(Fleet, OfManyKinds) {
  metrics::Registry registry;
  registry.counter("work_done_total", "work").Increment(7);
  const auto start = [&](const std::string& id, web::StartOptions options) {
    sd::ConsulOptions consul;
    consul.name = "checkout";
    consul.service_id = id;
    consul.tags = {"prometheus"};
    consul.token_file = folder_.path_of("token");
    consul.agent = consul_.url();
    consul.registry = &registry;
    options.registry = &registry;
    options.service_discovery = sd::ConsulAgent(std::move(consul));
    return web::start_http_server_in_thread(std::move(options));
  };
  auto all_interfaces = start("all", {});
  auto six = start("six", {.addr = "::1"});
  auto secure = start(
      "secure", {.addr = "127.0.0.1", .metrics_path = "/custom/page", .ssl_context = testing::make_tls_context()});
  start_prometheus("    tls_config:\n      insecure_skip_verify: true\n");
  EXPECT_TRUE(comes_to({{"all", "up"}, {"six", "up"}, {"secure", "up"}}, "three kinds")) << prometheus_->output();
  std::map<std::string, std::string> urls;
  for (const auto& target : prometheus_->targets()) urls[target.labels.at("service_id")] = target.scrape_url;
  EXPECT_EQ(urls["six"], six.metrics_url());
  EXPECT_EQ(urls["secure"], secure.metrics_url());
  EXPECT_TRUE(prometheus_->wait_until([&] { return prometheus_->query("work_done_total == 7").size() == 3; }));
  for (auto* const server : {&all_interfaces, &six, &secure}) server->close();
  EXPECT_TRUE(comes_to({}, "none is left"));
}

// Services without the tag are none of its business.
TEST_F(Fleet, ThatIsNotMarkedIsNotFound) {
  launch("marked", "prometheus");
  launch("unmarked", "");
  start_prometheus();
  EXPECT_TRUE(comes_to({{"marked", "up"}}, "the one that is marked"));
  EXPECT_TRUE(consul_.has_service("unmarked"));
}

}  // namespace
}  // namespace prometheus_async
