// SPDX-License-Identifier: Apache-2.0
//
// ConsulAgent against a Consul dev agent, on loopback.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sd/consul_agent.h"
#include "sd/http_client.h"
#include "tests/testing/consul_process.h"
#include "tests/testing/http_get.h"
#include "tests/testing/run.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run;
using ::testing::UnorderedElementsAre;

constexpr char kMasterToken[] = "00000000-0000-0000-0000-000000000001";

class RealConsul : public ::testing::Test {
 protected:
  void start_agent(testing::ConsulProcessOptions options = {}) {
    token_ = options.master_token;
    agent_.emplace(std::move(options));
    ASSERT_TRUE(agent_->wait_until_ready()) << agent_->output();
    url_ = agent_->url();
  }

  json::value get(const std::string& path) const {
    std::vector<sd::HttpHeader> headers;
    if (!token_.empty()) headers.push_back({"X-Consul-Token", token_});
    return json::parse(testing::http_get(url_ + path, headers).body);
  }

  json::object services() const { return get("/v1/agent/services").as_object(); }

  std::vector<std::string> service_ids() const {
    std::vector<std::string> ids;
    for (const auto& service : services()) ids.emplace_back(service.key());
    return ids;
  }

  sd::Deregister enroll(sd::ConsulOptions options, sd::Endpoint endpoint) {
    options.agent = url_;
    const sd::ConsulAgent agent(std::move(options));
    return run(context_, agent.enroll(std::move(endpoint)));
  }

  std::optional<testing::ConsulProcess> agent_;
  asio::io_context context_;
  std::string url_;
  std::string token_;
};

TEST_F(RealConsul, RegistersAndDeregistersThreeInstances) {
  start_agent();
  std::vector<sd::Deregister> all;
  for (const std::uint16_t port : {9101, 9102}) {
    all.push_back(enroll({.name = "checkout", .tags = {"blue"}}, {.address = "127.0.0.1", .port = port}));
  }
  all.push_back(enroll({.name = "checkout",
                        .service_id = "third:1",
                        .meta = {{"team", "pay"}},
                        .deregister_critical_service_after = std::chrono::minutes(1)},
                       {.scheme = "https", .address = "::", .port = 9103, .path = "/custom"}));
  EXPECT_THAT(service_ids(), UnorderedElementsAre("checkout-127.0.0.1-9101", "checkout-127.0.0.1-9102", "third:1"));

  const json::object known = services();
  const json::value& first = known.at("checkout-127.0.0.1-9101");
  EXPECT_EQ(first.at("Service"), "checkout");
  EXPECT_EQ(first.at("Address"), "127.0.0.1");
  EXPECT_EQ(first.at("Port"), 9101);
  EXPECT_EQ(first.at("Tags"), json::array({"blue"}));
  EXPECT_EQ(first.at("Meta"), json::parse(R"({"metrics_path": "/metrics", "metrics_scheme": "http"})"));
  const json::value& third = known.at("third:1");
  EXPECT_EQ(third.at("Address"), "");
  EXPECT_EQ(third.at("Meta"), json::parse(R"({"metrics_path": "/custom", "metrics_scheme": "https", "team": "pay"})"));
  const json::value checks = get("/v1/agent/checks");
  EXPECT_EQ(checks.at("service:third:1").at("ServiceID"), "third:1");
  EXPECT_EQ(checks.at("service:third:1").at("Type"), "http");

  run(context_, all[1]());
  EXPECT_THAT(service_ids(), UnorderedElementsAre("checkout-127.0.0.1-9101", "third:1"));
  run(context_, all[1]());  // already gone
  run(context_, all[0]());
  run(context_, all[2]());
  EXPECT_THAT(service_ids(), IsEmpty());
}

// What a crashed instance has left under the same ID is replaced, its checks included.
TEST_F(RealConsul, RegisteringAgainReplaces) {
  start_agent();
  enroll({.service_id = "a", .tags = {"old"}}, {.address = "127.0.0.1", .port = 9101});
  enroll({.service_id = "a", .tags = {"new"}}, {.address = "127.0.0.1", .port = 9102});
  EXPECT_THAT(service_ids(), UnorderedElementsAre("a"));
  EXPECT_EQ(services().at("a").at("Tags"), json::array({"new"}));
  EXPECT_EQ(services().at("a").at("Port"), 9102);
}

// Every character that an ID may have is addressable: what registers can be taken out.
TEST_F(RealConsul, EveryValidIdCanBeDeregistered) {
  start_agent();
  for (const std::string& id : {std::string("aZ09._~:-"), std::string("..."), std::string(255, 'a')}) {
    const sd::Deregister deregister = enroll({.service_id = id}, {.address = "127.0.0.1", .port = 9101});
    EXPECT_THAT(service_ids(), UnorderedElementsAre(id));
    run(context_, deregister());
    EXPECT_THAT(service_ids(), IsEmpty()) << id;
  }
}

TEST_F(RealConsul, ADenialByAclIsVisible) {
  start_agent({.master_token = kMasterToken});
  const sd::Endpoint endpoint{.address = "127.0.0.1", .port = 9101};
  try {
    enroll({.name = "checkout"}, endpoint);
    FAIL() << "registered without a token";
  } catch (const sd::ConsulError& error) {
    EXPECT_EQ(error.code(), std::error_code(403, sd::http_status_category()));
    EXPECT_THAT(error.what(), HasSubstr("Permission denied: Missing service:write on checkout"));
  }
  try {
    enroll({.name = "checkout", .token = "11111111-0000-0000-0000-000000000001"}, endpoint);
    FAIL() << "registered with an unknown token";
  } catch (const sd::ConsulError& error) {
    EXPECT_THAT(error.what(), HasSubstr("ACL not found"));
  }
  EXPECT_THAT(service_ids(), IsEmpty());

  const sd::Deregister deregister = enroll({.name = "checkout", .token = kMasterToken}, endpoint);
  EXPECT_THAT(service_ids(), UnorderedElementsAre("checkout-127.0.0.1-9101"));
  run(context_, deregister());
  EXPECT_THAT(service_ids(), IsEmpty());
  EXPECT_NO_THROW(run(context_, deregister()));  // 500 Unknown service
}

TEST_F(RealConsul, AnAgentThatHasGoneIsAnErrorOnLeaving) {
  start_agent();
  const sd::Deregister deregister = enroll({}, {.address = "127.0.0.1", .port = 9101});
  agent_.reset();
  EXPECT_THROW(run(context_, deregister()), sd::ConsulError);
}

}  // namespace
}  // namespace prometheus_async
