// SPDX-License-Identifier: Apache-2.0
#include "sd/consul_agent.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>
#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sd/http_client.h"
#include "tests/testing/child_process.h"
#include "tests/testing/run.h"
#include "tests/testing/scripted_http_server.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using testing::Answer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::run;
using testing::run_until;
using testing::start;

constexpr char kRegister[] = "/v1/agent/service/register?replace-existing-checks=true";

class ConsulAgent : public ::testing::Test {
 protected:
  // What is kept has tests of its own, in consul_keeper_test.cc.
  sd::ConsulOptions options(sd::ConsulOptions options = {}) const {
    options.agent = agent_.url();
    options.keep_registered = false;
    return options;
  }

  sd::Deregister enroll(sd::ConsulOptions with, sd::Endpoint endpoint = {.address = "127.0.0.1", .port = 9100}) {
    const sd::ConsulAgent agent(options(std::move(with)));
    return run(context_, agent.enroll(std::move(endpoint)));
  }

  // What was sent to register.
  json::object payload(std::size_t request = 0) const {
    return json::parse(agent_.requests().at(request).body).as_object();
  }

  template <class Operation>
  std::optional<sd::ConsulError> failure(Operation operation) {
    try {
      operation();
      return std::nullopt;
    } catch (const sd::ConsulError& error) {
      return error;
    }
  }

  asio::io_context context_;
  testing::ScriptedHttpServer agent_{context_};
};

asio::awaitable<void> header_example(std::string url, std::string token, sd::Endpoint endpoint) {
  sd::ConsulAgent agent({.name = "checkout", .tags = {"blue"}, .token = token, .agent = url});
  sd::Deregister deregister = co_await agent.enroll(endpoint);
  co_await deregister();
}

TEST_F(ConsulAgent, HeaderExample) {
  run(context_, header_example(agent_.url(), "t0k", {.address = "10.1.2.3", .port = 9100}));
  EXPECT_EQ(payload().at("Name"), "checkout");
  EXPECT_EQ(agent_.requests().back().target, "/v1/agent/service/deregister/checkout-10.1.2.3-9100");
}

TEST_F(ConsulAgent, IsAServiceDiscovery) {
  const sd::ServiceDiscovery discovery = sd::ConsulAgent(options({.name = "checkout", .tags = {"blue"}}));
  const sd::Deregister deregister = run(context_, discovery.enroll({.address = "::1", .port = 9100}));
  run(context_, deregister());
  EXPECT_EQ(agent_.requests().size(), 2u);
  EXPECT_NO_THROW(sd::ConsulAgent({}));
}

// Registering.

TEST_F(ConsulAgent, RegistersWithDefaults) {
  EXPECT_TRUE(enroll({}));
  const testing::ReceivedRequest& request = agent_.requests().at(0);
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, kRegister);
  EXPECT_EQ(request.header("content-type"), "application/json");
  EXPECT_EQ(request.header("x-consul-token"), std::nullopt);
  EXPECT_EQ(json::parse(request.body), json::parse(R"({
    "Name": "app-metrics",
    "ID": "app-metrics-127.0.0.1-9100",
    "Tags": [],
    "Address": "127.0.0.1",
    "Port": 9100,
    "Meta": {"metrics_path": "/metrics", "metrics_scheme": "http"},
    "Check": {"HTTP": "http://127.0.0.1:9100/", "Interval": "10s"}
  })"));
}

TEST_F(ConsulAgent, RegistersWithEveryOption) {
  enroll({.name = "checkout",
          .service_id = "checkout-1",
          .tags = {"blue", "\"quoted\""},
          .meta = {{"team", "pay"}, {"metrics_path", "/other"}},
          .token = "t0k",
          .advertise_address = "checkout.example.org",
          .check = sd::ConsulHttpCheck{.interval = std::chrono::seconds(90)},
          .deregister_critical_service_after = std::chrono::minutes(10)},
         {.scheme = "https", .address = "10.1.2.3", .port = 8443, .path = "/custom", .health_path = "/healthy"});
  EXPECT_EQ(agent_.requests().at(0).header("x-consul-token"), "t0k");
  EXPECT_EQ(payload(), json::parse(R"({
    "Name": "checkout",
    "ID": "checkout-1",
    "Tags": ["blue", "\"quoted\""],
    "Address": "checkout.example.org",
    "Port": 8443,
    "Meta": {"team": "pay", "metrics_path": "/other", "metrics_scheme": "https"},
    "Check": {"HTTP": "https://10.1.2.3:8443/healthy", "Interval": "90s", "DeregisterCriticalServiceAfter": "600s"}
  })"));
}

TEST_F(ConsulAgent, RegistersEachKindOfCheck) {
  const std::vector<std::pair<sd::ConsulCheck, std::string>> checks = {
      {sd::ConsulHttpCheck{.url = "https://10.0.0.9/up",
                           .interval = std::chrono::milliseconds(1500),
                           .timeout = std::chrono::seconds(2),
                           .tls_skip_verify = true},
       R"({"HTTP": "https://10.0.0.9/up", "Interval": "1500ms", "Timeout": "2s", "TLSSkipVerify": true})"},
      {sd::ConsulTcpCheck{}, R"({"TCP": "[::1]:9100", "Interval": "10s"})"},
      {sd::ConsulTcpCheck{.address = "app:1", .timeout = std::chrono::seconds(1)},
       R"({"TCP": "app:1", "Interval": "10s", "Timeout": "1s"})"},
  };
  for (const auto& [check, sent] : checks) {
    enroll({.check = check}, {.address = "::", .port = 9100});
    EXPECT_EQ(payload(agent_.requests().size() - 1).at("Check"), json::parse(sent));
  }
  enroll({.check = sd::ConsulNoCheck{}});
  EXPECT_FALSE(payload(agent_.requests().size() - 1).contains("Check"));
}

TEST_F(ConsulAgent, SendsStatusWeightsNamespaceAndPartitionOnlyIfGiven) {
  enroll({.http_auth = "ann:pa55",
          .consul_namespace = "team a",
          .partition = "p",
          .initial_status = sd::ConsulStatus::kWarning,
          .weights = sd::ConsulWeights{.passing = 10, .warning = 0}});
  EXPECT_EQ(payload().at("Check").at("Status"), "warning");
  EXPECT_EQ(payload().at("Weights"), json::parse(R"({"Passing": 10, "Warning": 0})"));
  EXPECT_EQ(agent_.requests().at(0).target, std::string(kRegister) + "&ns=team%20a&partition=p");
  EXPECT_EQ(agent_.requests().at(0).header("authorization"), "Basic YW5uOnBhNTU=");
}

TEST_F(ConsulAgent, LeavesAWildcardAddressOutAndChecksOverLoopback) {
  const std::map<std::string, std::string> checks = {
      {"0.0.0.0", "http://127.0.0.1:9100/"}, {"", "http://127.0.0.1:9100/"}, {"::", "http://[::1]:9100/"}};
  for (const auto& [wildcard, check] : checks) {
    enroll({}, {.address = wildcard, .port = 9100});
    const json::object sent = payload(agent_.requests().size() - 1);
    EXPECT_FALSE(sent.contains("Address")) << wildcard;
    EXPECT_EQ(sent.at("Check").at("HTTP"), json::value(check)) << wildcard;
    EXPECT_EQ(sent.at("ID"), json::value("app-metrics-" + asio::ip::host_name() + "-9100")) << wildcard;
  }
}

TEST_F(ConsulAgent, AdvertisesAnAddressForAWildcard) {
  enroll({.advertise_address = "10.9.9.9"}, {.address = "::", .port = 9100});
  EXPECT_EQ(payload().at("Address"), "10.9.9.9");
  EXPECT_EQ(payload().at("ID"), "app-metrics-10.9.9.9-9100");
  EXPECT_EQ(payload().at("Check").at("HTTP"), "http://[::1]:9100/");
}

TEST_F(ConsulAgent, SendsIpv6WithoutBrackets) {
  const sd::Deregister deregister = enroll({}, {.address = "::1", .port = 9100});
  EXPECT_EQ(payload().at("Address"), "::1");
  EXPECT_EQ(payload().at("Check").at("HTTP"), "http://[::1]:9100/");
  run(context_, deregister());
  EXPECT_EQ(agent_.requests().at(1).target, "/v1/agent/service/deregister/app-metrics-%3A%3A1-9100");
}

TEST_F(ConsulAgent, TakesAnAgentBehindAPath) {
  const sd::ConsulAgent agent({.agent = agent_.url() + "/consul/"});
  run(context_, agent.enroll({.address = "127.0.0.1", .port = 9100}));
  EXPECT_EQ(agent_.requests().at(0).target, std::string("/consul") + kRegister);
}

// The awaitable needs neither the agent nor the endpoint that it was made from, and the Deregister nothing at all.
TEST_F(ConsulAgent, OutlivesNothing) {
  std::optional<sd::ConsulAgent> agent(options());
  asio::awaitable<sd::Deregister> enrolling = agent->enroll({.address = "127.0.0.1", .port = 9100});
  agent.reset();
  sd::Deregister deregister = run(context_, std::move(enrolling));
  asio::awaitable<void> leaving = deregister();
  deregister = nullptr;
  run(context_, std::move(leaving));
  EXPECT_EQ(agent_.requests().size(), 2u);
}

// Refusals.

TEST_F(ConsulAgent, ARefusalNamesServiceAgentAndReason) {
  const std::map<int, std::string> answers = {{400, "Invalid service address"},
                                              {403, "Permission denied: Missing service:write on checkout"},
                                              {500, "Scripts are disabled"},
                                              {301, "<a href=\"/elsewhere\">Moved Permanently</a>."},
                                              {204, ""}};
  for (const auto& [status, reason] : answers) {
    const std::string body = reason.empty() ? "" : reason + "\nsecond line";
    agent_.answer(Answer::status(status, body, "Location: /elsewhere\r\n"));
    const std::size_t before = agent_.requests().size();
    const auto error = failure([&] { enroll({.name = "checkout", .service_id = "c-1", .token = "t0k"}); });
    ASSERT_TRUE(error) << status;
    EXPECT_EQ(error->code(), std::error_code(status, sd::http_status_category()));
    for (const std::string& part : {std::string("'checkout'"), std::string("'c-1'"), agent_.url(), reason}) {
      EXPECT_THAT(error->what(), HasSubstr(part));
    }
    EXPECT_THAT(error->what(), EndsWith(": HTTP status " + std::to_string(status)));
    EXPECT_THAT(error->what(), Not(HasSubstr("second line")));
    EXPECT_EQ(agent_.requests().size(), before + 1);
  }
}

TEST_F(ConsulAgent, AMessageHasNoTokenAndNoControlCharacters) {
  agent_.answer(Answer::status(
      403, "token t0k-secret\x1b[31m rejected " + std::string(262, 'x') + "t0k-secret" + std::string(5000, 'x')));
  sd::ConsulOptions with{.token = "t0k-secret"};
  with.agent = "http://user:pa55@127.0.0.1:" + std::to_string(agent_.port());
  const auto error = failure([&] {
    const sd::ConsulAgent agent(with);
    run(context_, agent.enroll({.address = "127.0.0.1", .port = 9100}));
  });
  ASSERT_TRUE(error);
  const std::string what = error->what();
  EXPECT_THAT(what, HasSubstr("token <token> [31m rejected"));
  EXPECT_THAT(what, Not(HasSubstr("t0k")));
  EXPECT_THAT(what, Not(HasSubstr("pa55")));
  EXPECT_LT(what.size(), 600u);
}

TEST_F(ConsulAgent, AnUnreachableAgentIsAnError) {
  const testing::ReservedPort nothing;
  const sd::ConsulAgent agent({.name = "checkout", .agent = "http://127.0.0.1:" + nothing.text()});
  const auto error = failure([&] { run(context_, agent.enroll({.address = "127.0.0.1", .port = 9100})); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code().category(), sd::curl_category());
  EXPECT_THAT(error->what(), HasSubstr("'checkout'"));
  EXPECT_THAT(error->what(), HasSubstr("http://127.0.0.1:" + nothing.text()));
  EXPECT_THAT(error->what(), HasSubstr("Connection refused"));
}

// The registration may have been carried out: it is taken back.
TEST_F(ConsulAgent, AnAnswerThatDoesNotComeIsAnErrorAndTheServiceIsTakenOut) {
  for (const Answer& answer :
       {Answer::silence(), Answer::cut_off("HTTP/1.1 200 OK\r\nContent-Le"), Answer::cut_off("")}) {
    const std::size_t before = agent_.requests().size();
    agent_.answer(answer);
    const auto error = failure([&] { enroll({.service_id = "a", .timeout = std::chrono::milliseconds(100)}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code() == std::errc::timed_out, answer.then == Answer::Then::kHold) << error->what();
    ASSERT_EQ(agent_.requests().size(), before + 2);
    EXPECT_EQ(agent_.requests().back().target, "/v1/agent/service/deregister/a");
  }
}

TEST_F(ConsulAgent, AnEndlessAnswerIsAnError) {
  agent_.answer(Answer::endless_body());
  EXPECT_TRUE(failure([&] { enroll({}); }));
}

// Refused before anything is sent.

TEST_F(ConsulAgent, RefusesOptionsThatTheAgentWouldRejectOrMangle) {
  std::map<std::string, std::string> too_many;
  for (int i = 0; i < 63; ++i) too_many[std::to_string(i)] = "";
  const std::map<std::string, std::vector<sd::ConsulOptions>> bad = {
      {"name", {{.name = ""}}},
      {"service_id",
       {{.service_id = "a/b"},
        {.service_id = "a b"},
        {.service_id = ".."},
        {.service_id = "."},
        {.service_id = "a\n"},
        {.service_id = std::string("a\0", 2)},
        {.service_id = "\xc3\xbc"},
        {.service_id = std::string(256, 'a')}}},
      {"meta",
       {{.meta = {{"bad.key", ""}}},
        {.meta = {{"", ""}}},
        {.meta = {{std::string(129, 'k'), ""}}},
        {.meta = {{"k", std::string(513, 'v')}}},
        {.meta = too_many}}},
      {"token", {{.token = "secret\n"}, {.token = "secret\r\nX: y"}, {.token = "secret "}}},
      {"agent",
       {{.agent = "127.0.0.1:8500"},
        {.agent = "unix://relative"},
        {.agent = "unix:///" + std::string(107, 's')},
        {.agent = ""},
        {.agent = "http://h/?token=secret"},
        {.agent = "http://h/#f"}}},
      {"advertise_address",
       {{.advertise_address = "[::1]"},
        {.advertise_address = "0.0.0.0"},
        {.advertise_address = "::"},
        {.advertise_address = "127.0.0.1:99"},
        {.advertise_address = "a b"}}},
      {"check.interval",
       {{.check = sd::ConsulHttpCheck{.interval = std::chrono::milliseconds(999)}},
        {.check = sd::ConsulTcpCheck{.interval = std::chrono::milliseconds(999)}}}},
      {"check.timeout",
       {{.check = sd::ConsulHttpCheck{.timeout = std::chrono::milliseconds(0)}},
        {.check = sd::ConsulTcpCheck{.timeout = std::chrono::milliseconds(0)}}}},
      {"check.url", {{.check = sd::ConsulHttpCheck{.url = "10.0.0.1/health"}}}},
      {"check.address", {{.check = sd::ConsulTcpCheck{.address = "10.0.0.1"}}}},
      {"check.ttl", {{.check = sd::ConsulTtlCheck{.ttl = std::chrono::milliseconds(999)}}}},
      {"keep_registered", {{.check = sd::ConsulTtlCheck{}, .keep_registered = false}}},
      {"needs a check",
       {{.check = sd::ConsulNoCheck{}, .initial_status = sd::ConsulStatus::kPassing},
        {.check = sd::ConsulNoCheck{}, .deregister_critical_service_after = std::chrono::minutes(1)}}},
      {"weights",
       {{.weights = sd::ConsulWeights{.passing = 0}}, {.weights = sd::ConsulWeights{.passing = 1, .warning = -1}}}},
      {"watch", {{.watch = std::chrono::seconds(0)}, {.watch = std::chrono::seconds(601)}}},
      {"http_auth", {{.http_auth = ":secret"}}},
      {"tls", {{.tls = {.certificate_file = "c.pem"}}, {.tls = {.key_file = "k.pem"}}}},
      {"timeout", {{.timeout = std::chrono::milliseconds(0)}}},
      {"deregister_critical_service_after", {{.deregister_critical_service_after = std::chrono::seconds(59)}}},
  };
  for (const auto& [option, all] : bad) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      try {
        const sd::ConsulAgent agent(all[i]);
        ADD_FAILURE() << option << " " << i;
      } catch (const std::invalid_argument& error) {
        EXPECT_THAT(error.what(), HasSubstr(option));
        EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
      }
    }
  }
}

TEST_F(ConsulAgent, TakesOptionsAtTheirBounds) {
  std::map<std::string, std::string> many;
  for (int i = 0; i < 62; ++i) many[std::to_string(i)] = "";
  many["0"] = std::string(512, 'v');
  EXPECT_NO_THROW(sd::ConsulAgent({.service_id = std::string(255, 'a')}));
  EXPECT_NO_THROW(sd::ConsulAgent({.service_id = "aZ09._~:-"}));
  EXPECT_NO_THROW(sd::ConsulAgent({.meta = many}));
  EXPECT_NO_THROW(sd::ConsulAgent({.agent = "unix:///" + std::string(106, 's')}));
  EXPECT_NO_THROW(sd::ConsulAgent({.check = sd::ConsulHttpCheck{.interval = std::chrono::seconds(1)}}));
  EXPECT_NO_THROW(sd::ConsulAgent({.check = sd::ConsulTtlCheck{.ttl = std::chrono::seconds(1)}}));
  EXPECT_NO_THROW(sd::ConsulAgent({.weights = sd::ConsulWeights{.passing = 1, .warning = 0}}));
  EXPECT_NO_THROW(sd::ConsulAgent({.watch = std::chrono::seconds(1)}));
  EXPECT_NO_THROW(sd::ConsulAgent({.watch = std::chrono::minutes(10)}));
  EXPECT_NO_THROW(sd::ConsulAgent({.deregister_critical_service_after = std::chrono::seconds(60)}));
}

TEST_F(ConsulAgent, RefusesEndpointsThatTheAgentWouldRejectOrMangle) {
  const std::vector<sd::Endpoint> bad = {
      {.address = "127.0.0.1", .port = 0},
      {.address = "[::1]", .port = 1},
      {.address = "127.0.0.1:99", .port = 1},
      {.address = "fe80::1%eth0", .port = 1},
      {.scheme = "ftp", .address = "127.0.0.1", .port = 1},
      {.address = "127.0.0.1", .port = 1, .path = "metrics"},
      {.address = "127.0.0.1", .port = 1, .health_path = ""},
      {.address = "127.0.0.1", .port = 1, .path = "/" + std::string(512, 'p')},
  };
  for (const sd::Endpoint& endpoint : bad) {
    EXPECT_THROW(enroll({}, endpoint), std::invalid_argument) << endpoint.url();
  }
  // An ID made from such a name could not be removed; one given can.
  EXPECT_THROW(enroll({.name = "a/b"}), std::invalid_argument);
  EXPECT_EQ(agent_.connections(), 0u);
  EXPECT_TRUE(enroll({.name = "a/b", .service_id = "a-b"}));
  // A link-local address is of use on this host alone.
  EXPECT_TRUE(enroll({.service_id = "a", .advertise_address = "10.0.0.1"}, {.address = "fe80::1%eth0", .port = 1}));
  EXPECT_EQ(payload(1).at("Check").at("HTTP"), "http://[fe80::1%25eth0]:1/");
}

// Leaving.

TEST_F(ConsulAgent, Deregisters) {
  const sd::Deregister deregister = enroll({.service_id = "a:1", .token = "t0k"});
  run(context_, deregister());
  const testing::ReceivedRequest& request = agent_.requests().at(1);
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/v1/agent/service/deregister/a%3A1");
  EXPECT_EQ(request.header("x-consul-token"), "t0k");
  EXPECT_EQ(request.header("content-length"), "0");
}

TEST_F(ConsulAgent, WhatIsGoneCountsAsDeregistered) {
  for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{
           {200, ""}, {204, ""}, {404, "Unknown service ID \"x\"."}, {500, "Unknown service {\"x\" {}}"}}) {
    const sd::Deregister deregister = enroll({});
    agent_.answer(Answer::status(status, body));
    EXPECT_NO_THROW(run(context_, deregister())) << status;
  }
}

// Another process may have registered the ID meanwhile.
TEST_F(ConsulAgent, DeregistersOnce) {
  const sd::Deregister deregister = enroll({});
  run(context_, deregister());
  run(context_, deregister());
  EXPECT_EQ(agent_.requests().size(), 2u);
}

TEST_F(ConsulAgent, AFailedDeregistrationIsAnError) {
  const sd::Deregister deregister = enroll({.name = "checkout", .token = "t0k"});
  for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{
           {301, ""}, {403, "Permission denied"}, {500, "No cluster leader"}, {500, "an Unknown service"}}) {
    agent_.answer(Answer::status(status, body));
    const auto error = failure([&] { run(context_, deregister()); });
    ASSERT_TRUE(error) << status;
    EXPECT_EQ(error->code(), std::error_code(status, sd::http_status_category()));
    EXPECT_THAT(error->what(), HasSubstr("cannot deregister service 'checkout'"));
  }
  EXPECT_EQ(agent_.requests().size(), 5u);  // one each: no redirect followed, no retry
}

// With the real bound of two seconds.
TEST_F(ConsulAgent, DeregistrationIsBounded) {
  const sd::Deregister deregister = enroll({.timeout = std::chrono::hours(1)});
  agent_.answer(Answer::silence());
  const auto error = failure([&] { run(context_, deregister()); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), std::errc::timed_out);
}

TEST_F(ConsulAgent, CanBeToldToStay) {
  const sd::Deregister deregister = enroll({.deregister = false});
  ASSERT_TRUE(deregister);  // registered all the same
  run(context_, deregister());
  EXPECT_EQ(agent_.requests().size(), 1u);
}

// Cancellation.

void expect_aborted(const testing::Pending<sd::Deregister>& pending) {
  ASSERT_TRUE(pending.error);
  try {
    std::rethrow_exception(pending.error);
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  }
}

TEST_F(ConsulAgent, CancelledWhileRegisteringTakesTheServiceOut) {
  agent_.answer(Answer::silence());
  const sd::ConsulAgent agent(options({.service_id = "a", .deregister = false}));
  const auto pending = start(context_, agent.enroll({.address = "127.0.0.1", .port = 9100}));
  ASSERT_TRUE(run_until(context_, [&] { return agent_.requests().size() == 1; }));
  pending->cancel(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context_, [&] { return pending->done(); }));
  expect_aborted(*pending);
  ASSERT_EQ(agent_.requests().size(), 2u);
  EXPECT_EQ(agent_.requests()[1].target, "/v1/agent/service/deregister/a");
}

// A second cancellation does not stop the clean-up, and its failure does not hide the cancellation.
TEST_F(ConsulAgent, TheCleanUpIsNotCancelled) {
  agent_.answer(Answer::silence());
  agent_.answer(Answer::silence());
  const sd::ConsulAgent agent(options({.service_id = "a"}));
  const auto pending = start(context_, agent.enroll({.address = "127.0.0.1", .port = 9100}));
  ASSERT_TRUE(run_until(context_, [&] { return agent_.requests().size() == 1; }));
  pending->cancel(asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(context_, [&] { return agent_.requests().size() == 2; }));
  pending->cancel(asio::cancellation_type::terminal);
  context_.poll();
  EXPECT_FALSE(pending->done());
  EXPECT_EQ(agent_.open_connections(), 1u);
  ASSERT_TRUE(run_until(context_, [&] { return pending->done(); }));
  expect_aborted(*pending);
}

// The coroutine that was cancelled finds its cancellation state as it was: cancelled, and throwing.
asio::awaitable<std::string> after_cancelled_enroll(sd::ConsulAgent agent) {
  sd::Endpoint endpoint{.address = "127.0.0.1", .port = 9100};
  try {
    co_await agent.enroll(endpoint);
  } catch (const boost::system::system_error&) {
  }
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_return std::string(state.cancelled() == asio::cancellation_type::terminal ? "cancelled" : "reset") +
      (throws ? " throws" : " silent");
}

TEST_F(ConsulAgent, LeavesTheCallersCancellationStateAlone) {
  agent_.answer(Answer::silence());
  const auto pending = start(context_, after_cancelled_enroll(sd::ConsulAgent(options())));
  ASSERT_TRUE(run_until(context_, [&] { return agent_.requests().size() == 1; }));
  pending->cancel(asio::cancellation_type::terminal);
  EXPECT_EQ(testing::finish(context_, *pending), "cancelled throws");
}

}  // namespace
}  // namespace prometheus_async
