// SPDX-License-Identifier: Apache-2.0
//
// A registration against a real agent that ends, forgets, hangs and is interfered with.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sd/consul_fixture.h"

namespace prometheus_async {
namespace {

namespace json = boost::json;
using testing::ConsulFixture;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::run;
using testing::start;
using testing::Stopwatch;

using KeptRegistration = ConsulFixture;

TEST_F(KeptRegistration, ReturnsToAnAgentThatForgetsAtItsEnd) {
  start_agent();
  const sd::Deregister deregister = enroll(options("a"));
  ASSERT_TRUE(all_say(true, deregister, "a"));
  consul_->stop();
  ASSERT_TRUE(wait([&] { return both_say(false, deregister, "a"); })) << log();
  ASSERT_TRUE(comes_back(deregister, "a", "with an agent that had forgotten it")) << log();
  EXPECT_EQ(registrations("a", "success"), 2);

  run(context_, deregister());
  EXPECT_TRUE(all_say(false, deregister, "a"));
}

TEST_F(KeptRegistration, StaysWithAnAgentThatKeepsItsData) {
  start_agent({.keeps_data = true});
  const sd::Deregister deregister = enroll(options("a"));
  for (const int signal : {SIGTERM, SIGKILL}) {
    consul_->stop(signal);
    ASSERT_TRUE(wait([&] { return both_say(false, deregister, "a"); })) << log();
    ASSERT_TRUE(comes_back(deregister, "a", "with an agent that had its data")) << log();
  }
  EXPECT_EQ(losses("a", "forgotten"), 0) << log();
  run(context_, deregister());
  EXPECT_TRUE(all_say(false, deregister, "a"));
}

TEST_F(KeptRegistration, ReturnsToAnAgentThatWasWiped) {
  start_agent({.keeps_data = true});
  const sd::Deregister deregister = enroll(options("a"));
  consul_->stop(SIGKILL);
  consul_->wipe();
  ASSERT_TRUE(comes_back(deregister, "a", "with an agent that was wiped")) << log();
  ASSERT_TRUE(wait([&] { return consul_->catalog("checkout").size() == 1; }));
  run(context_, deregister());
  EXPECT_TRUE(all_say(false, deregister, "a"));
}

TEST_F(KeptRegistration, ReturnsWhenSomeoneDeregistersIt) {
  start_agent();
  sd::ConsulOptions patient = options("a");
  patient.watch = std::chrono::minutes(10);  // what is noticed is told by the agent, not found by looking
  const sd::Deregister deregister = enroll(std::move(patient));
  // Once it watches.
  ASSERT_TRUE(wait([&] { return sample("sd_last_success_timestamp_seconds", "a") > 0; }));
  ASSERT_EQ(consul_->request("PUT", "/v1/agent/service/deregister/a").status, 200);
  const Stopwatch since_the_loss;
  ASSERT_TRUE(wait([&] { return registrations("a", "success") == 2 && all_say(true, deregister, "a"); })) << log();
  since_the_loss.print("registered again after someone had deregistered it");
  EXPECT_EQ(losses("a", "forgotten"), 1);
}

TEST_F(KeptRegistration, TakesBackWhatSomeoneChanged) {
  start_agent();
  sd::ConsulOptions blue = options("a");
  blue.tags = {"blue"};
  const sd::Deregister deregister = enroll(std::move(blue));
  const auto service = [&] { return json::parse(consul_->request("GET", "/v1/agent/service/a").body); };
  ASSERT_EQ(service().at("Tags"), json::array({"blue"}));
  ASSERT_EQ(consul_
                ->request("PUT", "/v1/agent/service/register",
                          R"({"Name": "checkout", "ID": "a", "Tags": ["green"], "Address": "127.0.0.1", "Port": 1})")
                .status,
            200);
  const Stopwatch since_the_change;
  EXPECT_TRUE(wait([&] { return service().at("Tags") == json::array({"blue"}) && service().at("Port") == 9101; }))
      << log();
  since_the_change.print("registered again after someone had changed it");
  EXPECT_TRUE(wait([&] { return all_say(true, deregister, "a"); }));
  EXPECT_EQ(losses("a", "changed"), 1);
}

TEST_F(KeptRegistration, SeesThatTheAgentHangsAndThatItGoesOn) {
  start_agent();
  const sd::Deregister deregister = enroll(options("a"));
  consul_->pause();
  const Stopwatch since_the_pause;
  ASSERT_TRUE(wait([&] { return both_say(false, deregister, "a"); })) << log();
  since_the_pause.print("noticed that the agent hangs (watch 1 s, timeout 2 s)");
  consul_->resume();
  const Stopwatch since_the_end;
  ASSERT_TRUE(wait([&] { return all_say(true, deregister, "a"); })) << log();
  since_the_end.print("known to be registered after the agent went on");
  EXPECT_EQ(losses("a", "forgotten"), 0) << log();
  EXPECT_THAT(consul_->service_ids(), ElementsAre("a"));
}

TEST_F(KeptRegistration, ComesTrueOnceAnAgentIsThere) {
  start_agent();
  consul_->stop();
  sd::ConsulOptions patient = options("a");
  patient.start_up = sd::ConsulStartUp::kKeepTrying;
  const sd::Deregister deregister = enroll(std::move(patient));
  EXPECT_TRUE(both_say(false, deregister, "a"));
  EXPECT_GE(registrations("a", "unreachable"), 1);
  ASSERT_TRUE(comes_back(deregister, "a", "after a start without an agent")) << log();
  EXPECT_EQ(registrations("a", "success"), 1);
}

TEST_F(KeptRegistration, FiftyServicesOfOneProcessReturnTogether) {
  constexpr int kServices = 50;
  start_agent();
  std::vector<std::shared_ptr<testing::Pending<sd::Deregister>>> starting;
  std::vector<std::string> ids;
  for (int i = 0; i < kServices; ++i) {
    ids.push_back("service-" + std::to_string(100 + i));
    const sd::ConsulAgent agent(options(ids.back()));
    sd::Endpoint endpoint{.address = "127.0.0.1", .port = static_cast<std::uint16_t>(9100 + i)};
    starting.push_back(start(context_, agent.enroll(std::move(endpoint))));
  }
  std::vector<sd::Deregister> all;
  const Stopwatch since_the_start;
  for (const auto& each : starting) all.push_back(finish(context_, *each));
  since_the_start.print("fifty services registered at once");
  EXPECT_EQ(consul_->service_ids(), ids);

  consul_->stop();
  ASSERT_TRUE(wait(
      [&] { return std::none_of(all.begin(), all.end(), [](const auto& each) { return each.is_registered(); }); }));
  consul_->start();
  std::optional<Stopwatch> since_answer;
  ASSERT_TRUE(wait([&] {
    if (!since_answer && consul_->request("GET", "/v1/agent/self").status == 200) since_answer.emplace();
    return since_answer && std::all_of(all.begin(), all.end(), [](const auto& each) { return each.is_registered(); });
  })) << log();
  since_answer->print("fifty services registered again, from the agent's first answer");
  EXPECT_EQ(consul_->service_ids(), ids);

  std::vector<std::shared_ptr<testing::Pending<void>>> leaving;
  const Stopwatch since_the_end;
  for (const sd::Deregister& each : all) leaving.push_back(start(context_, each()));
  for (const auto& each : leaving) finish(context_, *each);
  since_the_end.print("fifty services deregistered at once");
  EXPECT_THAT(consul_->service_ids(), IsEmpty());
  for (const std::string& id : ids) EXPECT_EQ(sample("sd_registered", id), 0) << id;
}

// An operator's, by Consul's own command: nobody fights it.
TEST_F(KeptRegistration, LeavesMaintenanceToWhomItConcerns) {
  start_agent({.log_level = "debug"});
  sd::ConsulOptions well = options("a");
  well.check = sd::ConsulTtlCheck{.ttl = std::chrono::minutes(5)};
  const sd::Deregister deregister = enroll(std::move(well));
  ASSERT_TRUE(wait([&] { return consul_->status_of("a") == "passing"; }));
  ASSERT_EQ(consul_->request("PUT", "/v1/agent/service/maintenance/a?enable=true&reason=disk").status, 200);
  const std::size_t looks = consul_->requests_in_log().size();
  ASSERT_TRUE(wait([&] { return consul_->requests_in_log().size() >= looks + 3; }));
  EXPECT_EQ(consul_->status_of("a"), "maintenance");
  EXPECT_TRUE(all_say(true, deregister, "a"));
  EXPECT_EQ(registrations("a", "success"), 1);
  ASSERT_EQ(consul_->request("PUT", "/v1/agent/service/maintenance/a?enable=false").status, 200);
  EXPECT_EQ(consul_->status_of("a"), "passing");
  EXPECT_TRUE(all_say(true, deregister, "a"));
}

// The program's own is part of what it registers.
TEST_F(KeptRegistration, ReturnsInMaintenance) {
  start_agent();
  const sd::ConsulAgent agent(options("a"));
  sd::Endpoint endpoint{.address = "127.0.0.1", .port = 9101};
  const sd::Deregister deregister = run(context_, agent.enroll(std::move(endpoint)));
  run(context_, agent.enable_maintenance("disk"));
  ASSERT_EQ(consul_->status_of("a"), "maintenance");
  consul_->stop();
  ASSERT_TRUE(wait([&] { return both_say(false, deregister, "a"); })) << log();
  ASSERT_TRUE(comes_back(deregister, "a", "in maintenance")) << log();
  EXPECT_TRUE(wait([&] { return consul_->status_of("a") == "maintenance"; })) << log();
  run(context_, agent.disable_maintenance());
  EXPECT_EQ(consul_->status_of("a"), "critical");  // its check has not run yet
  EXPECT_TRUE(all_say(true, deregister, "a"));
}

// While nothing happens the agent has one request of it at a time, which it holds as long as it was told to.
TEST_F(KeptRegistration, CostsARequestEachTimeThatItHasWaited) {
  start_agent({.log_level = "debug"});
  sd::ConsulOptions seldom = options("a");
  seldom.watch = std::chrono::seconds(2);
  const sd::Deregister deregister = enroll(std::move(seldom));
  const auto is_watch = [](const testing::ConsulProcess::Request& request) {
    return absl::StrContains(request.target, "wait=2s");
  };
  ASSERT_TRUE(wait([&] {
    const auto requests = consul_->requests_in_log();
    return std::count_if(requests.begin(), requests.end(), is_watch) >= 5;
  }));
  const auto requests = consul_->requests_in_log();
  const auto first = std::find_if(requests.begin(), requests.end(), is_watch);
  for (auto request = first; request != requests.end(); ++request) {
    EXPECT_TRUE(is_watch(*request)) << request->method << ' ' << request->target;
    absl::Duration latency;
    EXPECT_TRUE(absl::ParseDuration(request->latency, &latency)) << request->latency;
    EXPECT_GE(latency, absl::Seconds(2));  // the agent's own, whatever the load
  }
  EXPECT_TRUE(all_say(true, deregister, "a"));
}

}  // namespace
}  // namespace prometheus_async
