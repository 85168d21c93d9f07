// SPDX-License-Identifier: Apache-2.0
//
// docs/howto/consul.md: its C++, which it shows part by part between two lines of dashes as it stands here, is compiled
// and run with an agent; that agent takes its policies, and `consul` and `promtool` its configurations.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/run_app.h"
#include "aio/web/server_stats.h"
#include "sd/consul_agent.h"
#include "sd/consul_options.h"
#include "tests/testing/child_process.h"
#include "tests/testing/consul_process.h"
#include "tests/testing/run.h"
#include "tests/testing/temporary_folder.h"

namespace asio = boost::asio;
namespace sd = prometheus_async::sd;
namespace testing_ = prometheus_async::testing;
namespace web = prometheus_async::aio::web;

asio::awaitable<void> build_index() { co_return; }

// ---- The program
sd::ConsulOptions consul_options() {
  sd::ConsulOptions consul = sd::ConsulOptions::from_env();  // CONSUL_HTTP_ADDR and its like; 127.0.0.1:8500 without
  consul.name = "checkout";
  consul.tags = {"prometheus"};
  consul.token_file = "/etc/checkout/consul-token";
  consul.start_up = sd::ConsulStartUp::kKeepTrying;
  consul.deregister_critical_service_after = std::chrono::minutes(10);
  consul.log = [](std::string_view line) { std::cerr << line << '\n'; };
  return consul;
}

int serve(sd::ConsulOptions consul, std::uint16_t port) {
  web::Application app;
  app.router().add_get("/", [](web::Request&) { return web::text("ok\n"); });
  app.router().add_get("/metrics", web::server_stats);
  web::RunOptions options{.addr = "", .port = port};  // all interfaces
  options.service_discovery = sd::ConsulAgent(std::move(consul));
  return web::run_app(std::move(app), std::move(options));
}

// ---- Leaving
web::RunOptions patient_options(sd::ConsulOptions consul) {
  web::RunOptions options{.addr = "", .port = 8080};
  options.drain_delay = std::chrono::seconds(15);  // a scrape interval
  options.service_discovery = sd::ConsulAgent(std::move(consul));
  return options;
}

// ---- Maintenance
asio::awaitable<void> rebuild_index(const sd::ConsulAgent& agent) {
  co_await agent.enable_maintenance("rebuilding the index");
  co_await build_index();
  co_await agent.disable_maintenance();
}

// ---- Containers
sd::ConsulOptions in_a_container(sd::ConsulOptions consul, std::string host, std::string instance) {
  consul.advertise_address = std::move(host);  // where Prometheus reaches the published port
  consul.service_id = "checkout-" + instance;  // a stable name, as a StatefulSet's pod has
  consul.check = sd::ConsulTtlCheck{.ttl = std::chrono::seconds(30)};
  consul.deregister_critical_service_after = std::chrono::minutes(10);
  return consul;
}

// ---- TLS
sd::ConsulOptions over_tls(sd::ConsulOptions consul) {
  consul.agent = "https://127.0.0.1:8501";
  consul.tls.ca_file = "/etc/consul/ca.pem";
  consul.tls.certificate_file = "/etc/checkout/consul.pem";  // if the agent has verify_incoming
  consul.tls.key_file = "/etc/checkout/consul.key";
  return consul;
}

// ----

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kMasterToken[] = "00000000-0000-0000-0000-000000000001";

std::string contents(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::string& page() {
  static const std::string text = contents("docs/howto/consul.md");
  return text;
}

// The blocks of a language, in order.
std::vector<std::string> blocks(const std::string& language) {
  std::vector<std::string> all;
  const std::string fence = "\n```" + language + "\n";
  for (std::size_t at = page().find(fence); at != std::string::npos; at = page().find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    all.push_back(page().substr(begin, page().find("\n```\n", begin) + 1 - begin));
  }
  return all;
}

// What a program says of a file, if it does not like it.
std::string complaint(const std::vector<std::string>& command) {
  testing_::ChildProcess program(command);
  return program.wait_for_exit() == 0 ? "" : program.output();
}

TEST(ConsulHowto, ShowsPartsThatCompile) {
  const std::string source = contents("tests/docs/consul_howto.cc");
  constexpr std::string_view kDashes = "\n// ----";
  std::vector<std::string> parts;
  std::size_t begin = source.find(kDashes);
  for (std::size_t end = 0; (end = source.find(kDashes, begin + 1)) != std::string::npos; begin = end) {
    const std::size_t code = source.find('\n', begin + 1) + 1;
    parts.push_back(source.substr(code, end - code));
  }
  EXPECT_EQ(blocks("cpp"), parts);
  EXPECT_THAT(parts, SizeIs(5));
}

TEST(ConsulHowto, ConsulTakesItsConfiguration) {
  const testing_::TemporaryFolder folder;
  ASSERT_THAT(blocks("hcl"), SizeIs(3));
  const std::string path = folder.write("agent.hcl", blocks("hcl").at(0));
  EXPECT_EQ(complaint({std::getenv("CONSUL"), "validate", path}), "");
  const std::string wrong = folder.write("wrong.hcl", blocks("hcl").at(0) + "bogus = 1\n");
  EXPECT_THAT(complaint({std::getenv("CONSUL"), "validate", wrong}), HasSubstr("bogus"));
}

TEST(ConsulHowto, PromtoolTakesItsConfiguration) {
  const testing_::TemporaryFolder folder;
  ASSERT_THAT(blocks("yaml"), SizeIs(2));
  const std::string config = folder.write("prometheus.yml", blocks("yaml").at(0));
  EXPECT_EQ(complaint({std::getenv("PROMTOOL"), "check", "config", config}), "");
  const std::string rules = folder.write("rules.yml", blocks("yaml").at(1));
  EXPECT_EQ(complaint({std::getenv("PROMTOOL"), "check", "rules", rules}), "");
  const std::string wrong = folder.write("wrong.yml", blocks("yaml").at(0) + "bogus: 1\n");
  EXPECT_THAT(complaint({std::getenv("PROMTOOL"), "check", "config", wrong}), HasSubstr("bogus"));
}

// With the tokens of its policies, and no more rights than these.
class ConsulHowtoAgent : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(consul_.wait_until_ready()) << consul_.output();
    program_ = consul_.create_token(blocks("hcl").at(1));
    prometheus_ = consul_.create_token(blocks("hcl").at(2));
  }

  sd::ConsulOptions here(sd::ConsulOptions options) {
    options.agent = consul_.url();
    options.token_file = folder_.write("token", program_.secret);
    options.log = nullptr;
    return options;
  }

  const testing_::TemporaryFolder folder_;
  testing_::ConsulProcess consul_{{.master_token = kMasterToken}};
  testing_::ConsulToken program_;
  testing_::ConsulToken prometheus_;
  asio::io_context context_;
};

TEST_F(ConsulHowtoAgent, KnowsTheProgramUntilItEnds) {
  std::vector<std::string> seen;
  std::string in_catalog;
  std::thread operations([&] {
    consul_.wait_until([&] { return !consul_.catalog("checkout").empty(); });
    seen = consul_.service_ids();
    in_catalog = consul_.request("GET", "/v1/catalog/service/checkout?token=" + prometheus_.secret).body;
    ::kill(::getpid(), SIGTERM);
  });
  const testing_::ReservedPort port;
  EXPECT_EQ(serve(here(consul_options()), port.number()), 0);
  operations.join();
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_THAT(seen.at(0), ::testing::MatchesRegex("checkout-.+-" + port.text()));
  EXPECT_THAT(in_catalog, HasSubstr("prometheus"));
  EXPECT_THAT(consul_.service_ids(), IsEmpty());
}

TEST_F(ConsulHowtoAgent, KnowsAContainerAndItsMaintenance) {
  const sd::ConsulAgent agent(here(in_a_container(consul_options(), "10.0.0.7", "3")));
  sd::Endpoint endpoint{.address = "0.0.0.0", .port = 8080};
  const sd::Deregister deregister = testing_::run(context_, agent.enroll(std::move(endpoint)));
  EXPECT_THAT(consul_.service_ids(), ElementsAre("checkout-3"));
  EXPECT_TRUE(consul_.wait_until([&] { return !consul_.catalog("checkout").empty(); }));
  EXPECT_THAT(consul_.catalog("checkout"), ElementsAre("10.0.0.7:8080"));
  EXPECT_TRUE(testing_::run_until(context_, [&] { return consul_.status_of("checkout-3") == "passing"; }));
  testing_::run(context_, rebuild_index(agent));
  EXPECT_EQ(consul_.status_of("checkout-3"), "passing");
  testing_::run(context_, deregister());
  EXPECT_THAT(consul_.service_ids(), IsEmpty());
}

TEST(ConsulHowto, OptionsThatNoAgentIsNeededFor) {
  EXPECT_EQ(patient_options(consul_options()).drain_delay, std::chrono::seconds(15));
  EXPECT_NO_THROW(sd::ConsulAgent(over_tls(consul_options())));
}

}  // namespace
