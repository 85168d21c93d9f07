// SPDX-License-Identifier: Apache-2.0
//
// How ConsulAgent keeps a registration, against an agent that does what a real one cannot be made to do on demand.
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/registry.h"
#include "sd/consul_agent.h"
#include "tests/testing/fake_consul_agent.h"
#include "tests/testing/run.h"
#include "tests/testing/temporary_folder.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using testing::Answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run;
using testing::run_until;

constexpr char kId[] = "a";
constexpr char kRegister[] = "/v1/agent/service/register";
constexpr char kDeregister[] = "/v1/agent/service/deregister/a";
constexpr char kWatch[] = "/v1/agent/service/a?hash=";
constexpr char kLook[] = "/v1/agent/service/a";

class ConsulKeeper : public ::testing::Test {
 protected:
  sd::ConsulOptions options(sd::ConsulOptions options = {}) {
    options.service_id = kId;
    options.agent = agent_.url();
    options.registry = &registry_;
    options.log = [this](std::string_view message) { log_.emplace_back(message); };
    return options;
  }

  sd::Deregister enroll(sd::ConsulOptions with = {}) {
    const sd::ConsulAgent agent(options(std::move(with)));
    return run(context_, agent.enroll({.address = "127.0.0.1", .port = 9100}));
  }

  // Registered, and waiting for a change.
  void wait_until_watched(std::size_t watches = 1) {
    ASSERT_TRUE(run_until(context_, [&] { return agent_.count("GET", kWatch) >= watches; }));
  }

  bool wait_until(std::function<bool()> condition) { return run_until(context_, std::move(condition)); }

  std::size_t registrations() const { return agent_.count("PUT", kRegister); }

  // -1: there is no such series.
  double metric(const std::string& name) const {
    return registry_.get_sample_value(name, {{"service", "app-metrics"}, {"service_id", kId}}).value_or(-1);
  }
  double metric(const std::string& name, const std::string& label, const std::string& value) const {
    return registry_.get_sample_value(name, {{"service", "app-metrics"}, {"service_id", kId}, {label, value}})
        .value_or(-1);
  }

  asio::io_context context_;
  testing::FakeConsulAgent agent_{context_};
  metrics::Registry registry_;
  std::vector<std::string> log_;
};

TEST_F(ConsulKeeper, AnIdleRegistrationWaitsWithOneRequest) {
  const sd::Deregister deregister = enroll({.watch = std::chrono::seconds(90)});
  wait_until_watched();
  EXPECT_TRUE(deregister.is_registered());
  EXPECT_THAT(agent_.server().requests().back().target, HasSubstr("&wait=90s"));
  EXPECT_EQ(agent_.server().requests().size(), 3u);  // registered, looked at, watched
  run(context_, deregister());
  EXPECT_FALSE(agent_.knows(kId));
  EXPECT_FALSE(deregister.is_registered());
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(ConsulKeeper, WhatTheAgentForgetsIsRegisteredAgain) {
  const sd::Deregister deregister = enroll();
  wait_until_watched();
  agent_.forget(kId);
  ASSERT_TRUE(wait_until([&] { return agent_.knows(kId); }));
  wait_until_watched(2);
  EXPECT_TRUE(deregister.is_registered());
  EXPECT_EQ(metric("sd_registered"), 1);
  EXPECT_EQ(metric("sd_registrations_total", "result", "success"), 2);
  EXPECT_EQ(metric("sd_registration_losses_total", "reason", "forgotten"), 1);
  EXPECT_GT(metric("sd_last_success_timestamp_seconds"), 0);
  ASSERT_EQ(log_.size(), 2u);
  EXPECT_THAT(log_[0], HasSubstr("has forgotten service 'app-metrics' (ID 'a')"));
  EXPECT_THAT(log_[1], HasSubstr("is registered with the Consul agent"));
}

TEST_F(ConsulKeeper, WhatIsChangedIsRegisteredAgain) {
  const sd::Deregister deregister = enroll({.tags = {"blue"}});
  wait_until_watched();
  agent_.change_tags(kId, "green");
  ASSERT_TRUE(wait_until([&] { return registrations() == 2; }));
  wait_until_watched(2);
  EXPECT_EQ(agent_.service(kId).at("Tags"), json::array({"blue"}));
  EXPECT_EQ(metric("sd_registration_losses_total", "reason", "changed"), 1);
}

// Two servers with one ID: each time the answer comes later.
TEST_F(ConsulKeeper, DoesNotFightForAnId) {
  const sd::Deregister deregister = enroll();
  for (const int i : {1, 2}) {
    wait_until_watched(static_cast<std::size_t>(i));
    agent_.change_tags(kId, "theirs");
    ASSERT_TRUE(wait_until([&] { return metric("sd_registration_losses_total", "reason", "changed") == i; }));
  }
  // 0.5 s at least until the third registration.
  EXPECT_FALSE(run_until(context_, [&] { return registrations() == 3; }, std::chrono::seconds(0)));
  EXPECT_FALSE(deregister.is_registered());
  ASSERT_TRUE(wait_until([&] { return registrations() == 3; }));
}

TEST_F(ConsulKeeper, AnAgentThatGoesAwayAndComesBackEmptyIsToldAgain) {
  const sd::Deregister deregister = enroll();
  wait_until_watched();
  agent_.server().stop();
  agent_.forget(kId);
  ASSERT_TRUE(wait_until([&] { return !deregister.is_registered(); }));
  EXPECT_EQ(metric("sd_registered"), 0);
  ASSERT_TRUE(wait_until([&] { return log_.size() == 1; }));
  EXPECT_THAT(log_[0],
              HasSubstr("cannot ask for service 'app-metrics' (ID 'a') with the Consul agent at " + agent_.url()));
  agent_.server().start();
  ASSERT_TRUE(wait_until([&] { return deregister.is_registered(); }));
  EXPECT_TRUE(agent_.knows(kId));
}

// That is no fight: however often, it is told at once.
TEST_F(ConsulKeeper, AnAgentThatIsRestartedAgainAndAgainIsToldEachTime) {
  const sd::Deregister deregister = enroll();
  for (std::size_t i = 1; i <= 8; ++i) {  // with the pauses of a fight, two minutes
    wait_until_watched(i);
    agent_.server().stop();
    agent_.forget(kId);
    ASSERT_TRUE(wait_until([&] { return !deregister.is_registered(); }));
    agent_.server().start();
    ASSERT_TRUE(wait_until([&] { return deregister.is_registered(); }));
  }
  EXPECT_EQ(registrations(), 9u);
}

// An agent that kept its data has nothing to be told.
TEST_F(ConsulKeeper, AnAgentThatComesBackWithItsDataIsOnlyAsked) {
  const sd::Deregister deregister = enroll();
  wait_until_watched();
  agent_.server().stop();
  ASSERT_TRUE(wait_until([&] { return !deregister.is_registered(); }));
  agent_.server().start();
  ASSERT_TRUE(wait_until([&] { return deregister.is_registered(); }));
  EXPECT_EQ(registrations(), 1u);
}

TEST_F(ConsulKeeper, AnAnswerThatIsWrongIsNoProof) {
  const std::vector<Answer> wrong = {
      Answer::status(500, "No cluster leader"),
      Answer::status(429, "too many"),
      Answer::status(301, "", "Location: /elsewhere\r\n"),
      Answer::status(200, "{\"ID\": \"a\""),
      Answer::status(200, "[]"),
      Answer::cut_off("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
      Answer::cut_off(""),
      Answer::endless_body(),
      Answer::silence(),
  };
  for (const Answer& answer : wrong) {
    const std::size_t watches = agent_.count("GET", kWatch);
    const std::size_t before = registrations();
    const sd::Deregister deregister =
        enroll({.timeout = std::chrono::milliseconds(100), .watch = std::chrono::seconds(1)});
    wait_until_watched(watches + 1);
    agent_.server().answer(answer);  // to the next watch
    agent_.touch(kId);
    ASSERT_TRUE(wait_until([&] { return !deregister.is_registered(); }));
    ASSERT_TRUE(wait_until([&] { return deregister.is_registered(); })) << answer.head << answer.bytes.substr(0, 100);
    EXPECT_EQ(registrations(), before + 1);
    run(context_, deregister());
  }
}

TEST_F(ConsulKeeper, AnAgentThatAnswersAWatchAtOnceIsNotAskedAtOnce) {
  const sd::Deregister deregister = enroll();
  const auto known = [&] { return Answer::status(200, json::serialize(agent_.service(kId))); };
  for (int i = 0; i < 3; ++i) agent_.server().answer(known());  // the look, and two watches that end with what is known
  wait_until_watched();
  EXPECT_FALSE(run_until(context_, [&] { return agent_.count("GET", kWatch) > 1; }, std::chrono::seconds(0)));
  ASSERT_TRUE(wait_until([&] { return agent_.count("GET", kWatch) == 3; }));
  EXPECT_TRUE(deregister.is_registered());
}

TEST_F(ConsulKeeper, AnAgentWithoutHashesIsAskedNowAndThen) {
  agent_.hide_hashes();
  const sd::Deregister deregister = enroll();
  ASSERT_TRUE(wait_until([&] { return agent_.count("GET", kLook) == 1; }));
  EXPECT_FALSE(run_until(context_, [&] { return agent_.count("GET", kLook) > 1; }, std::chrono::seconds(1)));
  EXPECT_TRUE(deregister.is_registered());
}

// Starting.

TEST_F(ConsulKeeper, CanStartWithoutTheAgent) {
  agent_.server().stop();
  const sd::Deregister deregister = enroll({.start_up = sd::ConsulStartUp::kKeepTrying});
  ASSERT_TRUE(deregister);
  EXPECT_FALSE(deregister.is_registered());
  EXPECT_EQ(metric("sd_registrations_total", "result", "unreachable"), 1);
  agent_.server().start();
  ASSERT_TRUE(wait_until([&] { return deregister.is_registered(); }));
  run(context_, deregister());
  EXPECT_FALSE(agent_.knows(kId));
}

TEST_F(ConsulKeeper, TriesUntilItIsRegisteredAndNoLongerIfNotToldToKeepIt) {
  agent_.server().stop();
  const sd::Deregister deregister = enroll({.start_up = sd::ConsulStartUp::kKeepTrying, .keep_registered = false});
  agent_.server().start();
  ASSERT_TRUE(wait_until([&] { return agent_.knows(kId); }));
  EXPECT_FALSE(run_until(context_, [&] { return agent_.count("GET", kLook) > 0; }, std::chrono::seconds(1)));
  EXPECT_TRUE(deregister.is_registered());
}

TEST_F(ConsulKeeper, CountsEachKindOfFailure) {
  const std::vector<std::pair<int, std::string>> kinds = {
      {403, "denied"}, {400, "refused"}, {405, "refused"}, {429, "error"}, {500, "error"}};
  std::map<std::string, double> expected;
  // The series are there as long as somebody has them.
  const sd::Deregister first = enroll({.keep_registered = false});
  for (const auto& [status, result] : kinds) {
    agent_.server().answer(Answer::status(status));
    EXPECT_THROW(enroll({.keep_registered = false}), sd::ConsulError);
    EXPECT_EQ(metric("sd_registrations_total", "result", result), ++expected[result]) << status;
  }
}

// Tokens.

TEST_F(ConsulKeeper, ATokenThatIsRenewedInItsFileIsUsed) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.write("token", "first\n");
  agent_.demand_token("first");
  const sd::Deregister deregister = enroll({.token = "other", .token_file = file});
  wait_until_watched();
  agent_.demand_token("second");
  agent_.forget(kId);
  ASSERT_TRUE(wait_until([&] { return !deregister.is_registered(); }));
  ASSERT_TRUE(wait_until([&] { return !log_.empty(); }));
  folder.write("token", "second");
  ASSERT_TRUE(wait_until([&] { return deregister.is_registered(); }));
  EXPECT_TRUE(agent_.knows(kId));
  for (const std::string& line : log_) EXPECT_THAT(line, ::testing::Not(HasSubstr("first")));
}

// An agent tells Consul's servers of a service with the token that it was registered with.
TEST_F(ConsulKeeper, ATokenThatIsRenewedIsGivenToTheAgent) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.write("token", "first");
  agent_.demand_token("first");
  const sd::Deregister deregister = enroll({.token_file = file});
  wait_until_watched();
  folder.write("token", "second");
  agent_.demand_token("second");
  ASSERT_TRUE(wait_until([&] { return registrations() == 2; }));
  wait_until_watched(2);
  EXPECT_EQ(agent_.server().requests().back().header("x-consul-token"), "second");
  EXPECT_TRUE(deregister.is_registered());
  EXPECT_EQ(registrations(), 2u);
}

// With the token of the registration the agent could not take the service off Consul's servers.
TEST_F(ConsulKeeper, LeavesWithATokenThatWasRenewed) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.write("token", "first");
  const sd::Deregister deregister = enroll({.token_file = file, .keep_registered = false});
  agent_.demand_token("second");
  folder.write("token", "second");
  run(context_, deregister());
  EXPECT_FALSE(agent_.knows(kId));
  EXPECT_EQ(registrations(), 2u);
}

TEST_F(ConsulKeeper, ATokenFileThatCannotBeReadIsAnError) {
  try {
    enroll({.token_file = "/nowhere/token"});
    FAIL() << "registered without its token";
  } catch (const sd::ConsulError& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_THAT(error.what(), HasSubstr("the token file /nowhere/token"));
  }
  EXPECT_EQ(registrations(), 0u);
}

// Heartbeats.

TEST_F(ConsulKeeper, ATtlCheckIsToldThreeTimesInItsTime) {
  const sd::Deregister deregister = enroll({.check = sd::ConsulTtlCheck{.ttl = std::chrono::seconds(1)}});
  ASSERT_TRUE(wait_until([&] { return agent_.beats(kId) >= 3; }));
  EXPECT_EQ(registrations(), 1u);
  run(context_, deregister());
  const std::size_t after = agent_.server().requests().size();
  EXPECT_FALSE(run_until(context_, [&] { return agent_.server().requests().size() > after; }, std::chrono::seconds(1)));
}

TEST_F(ConsulKeeper, ATtlCheckIsToldAtOnceAfterARegistration) {
  const sd::Deregister deregister = enroll({.check = sd::ConsulTtlCheck{.ttl = std::chrono::hours(1)}});
  ASSERT_TRUE(wait_until([&] { return agent_.beats(kId) == 1; }));
  wait_until_watched();
  agent_.forget(kId);
  ASSERT_TRUE(wait_until([&] { return agent_.knows(kId) && agent_.beats(kId) == 1; }));
}

// Leaving.

TEST_F(ConsulKeeper, LeavesWhileItLooksNapsOrRegisters) {
  for (const int when : {0, 1, 2}) {
    const sd::Deregister deregister = enroll();
    if (when == 0) wait_until_watched();
    if (when == 1) {
      agent_.server().answer(Answer::status(500));
      ASSERT_TRUE(wait_until([&] { return !deregister.is_registered(); }));
    }
    const std::size_t before = agent_.count("PUT", kDeregister);
    run(context_, deregister());
    EXPECT_EQ(agent_.count("PUT", kDeregister), before + 1);
    EXPECT_FALSE(agent_.knows(kId));
    const std::size_t after = agent_.server().requests().size();
    agent_.forget(kId);  // wakes whoever still waits
    context_.poll();
    EXPECT_EQ(agent_.server().requests().size(), after);
  }
}

// A registration that hangs is waited for, then given up, and then the service deregistered: in that order.
TEST_F(ConsulKeeper, ARegistrationUnderWayIsNotOvertaken) {
  const sd::Deregister deregister = enroll();
  wait_until_watched();
  agent_.server().answer(Answer::silence());
  agent_.forget(kId);
  ASSERT_TRUE(wait_until([&] { return registrations() == 2; }));
  const auto leaving = testing::start(context_, deregister());
  context_.poll();
  EXPECT_EQ(agent_.count("PUT", kDeregister), 0u);
  testing::finish(context_, *leaving);
  EXPECT_EQ(agent_.count("PUT", kDeregister), 1u);
}

TEST_F(ConsulKeeper, DroppingWhatDeregistersEndsTheKeeping) {
  std::optional<sd::Deregister> deregister = enroll();
  wait_until_watched();
  deregister.reset();
  EXPECT_TRUE(wait_until([&] { return metric("sd_registered") == -1; }));  // the keeper is gone
  const std::size_t after = agent_.server().requests().size();
  agent_.forget(kId);
  context_.poll();
  EXPECT_EQ(agent_.server().requests().size(), after);
}

TEST(ConsulKeeperLifetime, TheEventLoopMayGoFirst) {
  sd::Deregister deregister;
  metrics::Registry registry;
  {
    asio::io_context context;
    testing::FakeConsulAgent agent(context);
    const sd::ConsulAgent consul(
        {.service_id = kId, .agent = agent.url(), .check = sd::ConsulTtlCheck{}, .registry = &registry});
    deregister = run(context, consul.enroll({.address = "127.0.0.1", .port = 9100}));
    ASSERT_TRUE(run_until(context, [&] { return agent.count("GET", kWatch) == 1; }));
  }
  EXPECT_FALSE(deregister.is_registered());
}

TEST(ConsulKeeperLifetime, TheEventLoopMayGoInTheMiddleOfLeaving) {
  sd::Deregister deregister;
  metrics::Registry registry;
  {
    asio::io_context context;
    testing::FakeConsulAgent agent(context);
    const sd::ConsulAgent consul({.service_id = kId, .agent = agent.url(), .registry = &registry});
    deregister = run(context, consul.enroll({.address = "127.0.0.1", .port = 9100}));
    ASSERT_TRUE(run_until(context, [&] { return agent.count("GET", kWatch) == 1; }));
    agent.server().answer(Answer::silence());
    agent.forget(kId);
    ASSERT_TRUE(run_until(context, [&] { return agent.count("PUT", kRegister) == 2; }));
    const auto leaving = testing::start(context, deregister());
    context.poll();
    EXPECT_FALSE(leaving->done());
  }
  EXPECT_FALSE(deregister.is_registered());
}

// Maintenance.

TEST_F(ConsulKeeper, MaintenanceComesBackWithTheRegistration) {
  const sd::ConsulAgent agent(options());
  const sd::Deregister deregister = run(context_, agent.enroll({.address = "127.0.0.1", .port = 9100}));
  wait_until_watched();
  const sd::ConsulAgent copy = agent;
  run(context_, copy.enable_maintenance("new disks & more"));
  EXPECT_TRUE(agent_.is_in_maintenance(kId));
  EXPECT_EQ(agent_.count("PUT", "/v1/agent/service/maintenance/a?enable=true&reason=new%20disks%20%26%20more"), 1u);
  agent_.forget(kId);
  ASSERT_TRUE(wait_until([&] { return agent_.knows(kId) && agent_.is_in_maintenance(kId); }));
  run(context_, agent.disable_maintenance());
  EXPECT_FALSE(agent_.is_in_maintenance(kId));
  wait_until_watched(2);
  agent_.forget(kId);
  wait_until_watched(3);
  EXPECT_FALSE(agent_.is_in_maintenance(kId));
}

TEST_F(ConsulKeeper, MaintenanceThatIsRefusedIsAnError) {
  const sd::ConsulAgent agent(options());
  EXPECT_NO_THROW(run(context_, agent.enable_maintenance("nobody is there")));
  const sd::Deregister deregister = run(context_, agent.enroll({.address = "127.0.0.1", .port = 9100}));
  wait_until_watched();
  agent_.server().answer(Answer::status(403, "Permission denied"));
  try {
    run(context_, agent.enable_maintenance("x"));
    FAIL() << "no error";
  } catch (const sd::ConsulError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot put service 'app-metrics' (ID 'a') into maintenance"));
  }
}

// Metrics.

TEST_F(ConsulKeeper, SeriesGoWithTheRegistration) {
  {
    const sd::Deregister one = enroll({.keep_registered = false});
    const sd::Deregister other = enroll({.keep_registered = false});  // the same ID: one set of series
    EXPECT_EQ(metric("sd_registered"), 1);
    EXPECT_EQ(metric("sd_registrations_total", "result", "success"), 2);
    run(context_, one());
    EXPECT_EQ(metric("sd_registered"), 1);
    run(context_, other());
    EXPECT_EQ(metric("sd_registered"), 0);
  }
  EXPECT_EQ(metric("sd_registered"), -1);
}

TEST_F(ConsulKeeper, RefusesARegistryWhoseNamesAreTaken) {
  registry_.gauge("sd_registered", "another's");
  EXPECT_THROW(enroll(), std::invalid_argument);
  EXPECT_EQ(registrations(), 0u);
}

}  // namespace
}  // namespace prometheus_async
