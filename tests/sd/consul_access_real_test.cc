// SPDX-License-Identifier: Apache-2.0
//
// A registration with an agent that asks who is there: tokens that are denied, deleted and replaced, certificates of a
// private authority, and a Unix socket.
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sd/http_client.h"
#include "tests/sd/consul_fixture.h"
#include "tests/testing/certificates.h"
#include "tests/testing/temporary_folder.h"

namespace prometheus_async {
namespace {

namespace json = boost::json;
using testing::ConsulFixture;
using testing::ConsulToken;
using ::testing::HasSubstr;
using testing::kMasterToken;
using ::testing::Not;
using testing::run;
using testing::Stopwatch;

constexpr char kWriteCheckout[] = R"(service "checkout" { policy = "write" })";
constexpr char kUnknownToken[] = "11111111-0000-0000-0000-000000000001";

class ConsulTokens : public ConsulFixture {
 protected:
  void SetUp() override { start_agent({.master_token = kMasterToken}); }

  // The status of the service's check in the catalog, as Prometheus sees it.
  std::string status_in_catalog() {
    const json::value nodes = json::parse(consul_->request("GET", "/v1/health/service/checkout").body);
    if (nodes.as_array().empty()) return "";
    for (const json::value& check : nodes.at(0).at("Checks").as_array()) {
      if (check.at("ServiceName") == "checkout") return std::string(check.at("Status").as_string());
    }
    return "";
  }

  const testing::TemporaryFolder folder_;
};

TEST_F(ConsulTokens, DeniedAtFirstThenAllowed) {
  sd::ConsulOptions with_file = options("a");
  with_file.token_file = folder_.write("token", kUnknownToken);
  with_file.start_up = sd::ConsulStartUp::kKeepTrying;
  const sd::Deregister deregister = enroll(std::move(with_file));
  EXPECT_TRUE(all_say(false, deregister, "a"));
  EXPECT_GE(registrations("a", "denied"), 1);
  EXPECT_THAT(log(), HasSubstr("ACL not found"));
  EXPECT_THAT(log(), Not(HasSubstr(kUnknownToken)));

  const ConsulToken token = consul_->create_token(kWriteCheckout);
  folder_.write("token", token.secret + "\n");
  const Stopwatch since_the_token;
  ASSERT_TRUE(wait([&] { return all_say(true, deregister, "a"); })) << log();
  since_the_token.print("registered after the token file had a good token");
  run(context_, deregister());
  EXPECT_TRUE(all_say(false, deregister, "a"));
}

TEST_F(ConsulTokens, AllowedByAPolicyThatComesLater) {
  const ConsulToken token = consul_->create_token(R"(service "another" { policy = "write" })");
  sd::ConsulOptions with_token = options("a");
  with_token.token = token.secret;
  with_token.start_up = sd::ConsulStartUp::kKeepTrying;
  const sd::Deregister deregister = enroll(std::move(with_token));
  EXPECT_TRUE(all_say(false, deregister, "a"));
  EXPECT_THAT(log(), HasSubstr("Permission denied"));

  const json::value identities{{"ServiceIdentities", {{{"ServiceName", "checkout"}}}}};
  ASSERT_EQ(consul_->request("PUT", "/v1/acl/token/" + token.accessor, json::serialize(identities)).status, 200);
  const Stopwatch since_the_policy;
  ASSERT_TRUE(wait([&] { return all_say(true, deregister, "a"); })) << log();
  since_the_policy.print("registered after the policy allowed it");
}

// Two tokens, one after the other, in the file of a registration that stands.
class ConsulTokenRotation : public ConsulTokens {
 protected:
  void SetUp() override {
    ConsulTokens::SetUp();
    const ConsulToken first = consul_->create_token(kWriteCheckout);
    sd::ConsulOptions with_file = options("a");
    with_file.token_file = folder_.write("token", first.secret);
    with_file.check = sd::ConsulTtlCheck{.ttl = std::chrono::minutes(5)};
    deregister_ = enroll(std::move(with_file));
    ASSERT_TRUE(wait([&] { return all_say(true, deregister_, "a") && status_in_catalog() == "passing"; })) << log();

    consul_->delete_token(first);
    const Stopwatch since_the_deletion;
    ASSERT_TRUE(wait([&] { return both_say(false, deregister_, "a"); })) << log();
    since_the_deletion.print("noticed that the token was deleted (watch 1 s)");
    EXPECT_THAT(log(), HasSubstr("ACL not found"));

    const ConsulToken second = consul_->create_token(kWriteCheckout);
    folder_.write("token", second.secret);
    const Stopwatch since_the_file;
    ASSERT_TRUE(wait([&] { return all_say(true, deregister_, "a"); })) << log();
    since_the_file.print("known to be registered after the token file had another token");
    EXPECT_THAT(log(), Not(HasSubstr(first.secret)));
    EXPECT_THAT(log(), Not(HasSubstr(second.secret)));
  }

  sd::Deregister deregister_;
};

TEST_F(ConsulTokenRotation, IsNoticedByTheAgent) {
  run(context_, deregister_());
  EXPECT_TRUE(all_say(false, deregister_, "a"));
}

// Consul keeps the token of a registration, and tells the catalog with it: the service has to be registered with the
// new one, or the catalog would hear neither of its checks nor of its end.
TEST_F(ConsulTokenRotation, IsNoticedByTheCatalog) {
  ASSERT_EQ(consul_->request("PUT", "/v1/agent/check/warn/service:a").status, 200);
  EXPECT_TRUE(wait([&] { return status_in_catalog() == "warning"; }, std::chrono::seconds(30))) << consul_->output();
  run(context_, deregister_());
  EXPECT_TRUE(wait([&] { return consul_->catalog("checkout").empty(); }, std::chrono::seconds(30)))
      << consul_->output();
}

class ConsulOverTls : public ConsulFixture {
 protected:
  void start_agent_with_tls(bool verify_clients) {
    const auto authority = testing::make_certificate({.common_name = "CA", .is_authority = true});
    const auto agent =
        testing::make_certificate({.common_name = "agent", .subject_alternative_names = {"IP:127.0.0.1"}}, &authority);
    const auto client = testing::make_certificate({.common_name = "client"}, &authority);
    tls_.ca_file = folder_.write("ca.pem", authority.certificate);
    tls_.certificate_file = folder_.write("client.pem", client.certificate);
    tls_.key_file = folder_.write("client.key", client.key);
    start_agent({.tls = testing::ConsulTlsFiles{.ca_file = tls_.ca_file,
                                                .certificate_file = folder_.write("agent.pem", agent.certificate),
                                                .key_file = folder_.write("agent.key", agent.key),
                                                .verify_clients = verify_clients}});
  }

  const testing::TemporaryFolder folder_;
  sd::HttpTls tls_;
};

TEST_F(ConsulOverTls, KeepsARegistrationByAPrivateAuthority) {
  start_agent_with_tls(false);
  sd::ConsulOptions trusting = options("a");
  trusting.tls.ca_file = tls_.ca_file;
  const sd::Deregister deregister = enroll(std::move(trusting));
  ASSERT_TRUE(all_say(true, deregister, "a"));
  consul_->stop();
  ASSERT_TRUE(wait([&] { return both_say(false, deregister, "a"); })) << log();
  ASSERT_TRUE(comes_back(deregister, "a", "over TLS")) << log();
  run(context_, deregister());
  EXPECT_TRUE(all_say(false, deregister, "a"));
}

TEST_F(ConsulOverTls, TrustsNoAuthorityThatItWasNotGiven) {
  start_agent_with_tls(false);
  EXPECT_THROW(enroll(options("a")), sd::ConsulError);
  EXPECT_FALSE(consul_->has_service("a"));
}

TEST_F(ConsulOverTls, ShowsACertificateWhereOneIsDemanded) {
  start_agent_with_tls(true);
  sd::ConsulOptions anonymous = options("a");
  anonymous.tls.ca_file = tls_.ca_file;
  EXPECT_THROW(enroll(std::move(anonymous)), sd::ConsulError);
  EXPECT_FALSE(consul_->has_service("a"));

  sd::ConsulOptions known = options("a");
  known.tls = tls_;
  const sd::Deregister deregister = enroll(std::move(known));
  EXPECT_TRUE(all_say(true, deregister, "a"));
  run(context_, deregister());
  EXPECT_TRUE(all_say(false, deregister, "a"));
}

TEST_F(ConsulFixture, KeepsARegistrationOverAUnixSocket) {
  const testing::TemporaryFolder folder;
  start_agent({.unix_socket = folder.path_of("consul.sock")});
  sd::ConsulOptions local = options("a");
  local.agent = "unix://" + folder.path_of("consul.sock");
  const sd::Deregister deregister = enroll(std::move(local));
  ASSERT_TRUE(all_say(true, deregister, "a"));
  consul_->stop();
  ASSERT_TRUE(wait([&] { return both_say(false, deregister, "a"); })) << log();
  ASSERT_TRUE(comes_back(deregister, "a", "over a Unix socket")) << log();
  run(context_, deregister());
  EXPECT_TRUE(all_say(false, deregister, "a"));
}

}  // namespace
}  // namespace prometheus_async
