// SPDX-License-Identifier: Apache-2.0
#include "sd/consul_catalog.h"

#include <chrono>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sd/consul_error.h"
#include "sd/http_client.h"
#include "sd/internal/consul_targets.h"
#include "tests/testing/child_process.h"
#include "tests/testing/error_of.h"
#include "tests/testing/run.h"
#include "tests/testing/scripted_http_server.h"

namespace prometheus_async {
namespace {

namespace asio = boost::asio;
using sd::TargetGroup;
using sd::internal::instances_in;
using sd::internal::services_in;
using ::testing::AllOf;
using testing::Answer;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::run;
using testing::run_until;
using testing::start;

// Reading what Consul answers.

TEST(ConsulTargets, ServicesAreThoseWithAllTags) {
  const std::string json = R"({"web": ["a", "b"], "consul": [], "app": ["b"], "old": null})";
  EXPECT_THAT(services_in(json, {}), ElementsAre("app", "consul", "old", "web"));
  EXPECT_THAT(services_in(json, {"b"}), ElementsAre("app", "web"));
  EXPECT_THAT(services_in(json, {"b", "a"}), ElementsAre("web"));
  EXPECT_THAT(services_in("{}", {}), IsEmpty());
}

// The labels of discovery/consul/consul.go in Prometheus 2.42.
TEST(ConsulTargets, AnInstanceHasTheLabelsOfPrometheus) {
  const std::vector<TargetGroup> groups = instances_in(R"([{
    "Node": {"ID": "x", "Node": "n1", "Address": "10.0.0.1", "Datacenter": "dc1",
             "TaggedAddresses": {"lan": "10.0.0.1", "wan-ipv4": "192.0.2.1"}, "Meta": {"rack.no": "7", "empty": ""}},
    "Service": {"ID": "app-1", "Service": "app", "Tags": ["a", "b"], "Address": "10.0.0.5", "Port": 9100,
                "Meta": {"metrics-path": "/m", "caf\u00e9": "x"}, "Namespace": "ns1", "Partition": "p1"},
    "Checks": [{"CheckID": "serfHealth", "Status": "passing"}, {"CheckID": "service:app-1", "Status": "warning"}]
  }])");
  EXPECT_THAT(groups, ElementsAre(TargetGroup{.targets = {"10.0.0.5:9100"},
                                              .labels = {{"__meta_consul_address", "10.0.0.1"},
                                                         {"__meta_consul_dc", "dc1"},
                                                         {"__meta_consul_health", "warning"},
                                                         {"__meta_consul_metadata_rack_no", "7"},
                                                         {"__meta_consul_namespace", "ns1"},
                                                         {"__meta_consul_node", "n1"},
                                                         {"__meta_consul_partition", "p1"},
                                                         {"__meta_consul_service", "app"},
                                                         {"__meta_consul_service_address", "10.0.0.5"},
                                                         {"__meta_consul_service_id", "app-1"},
                                                         {"__meta_consul_service_metadata_caf_", "x"},
                                                         {"__meta_consul_service_metadata_metrics_path", "/m"},
                                                         {"__meta_consul_service_port", "9100"},
                                                         {"__meta_consul_tagged_address_lan", "10.0.0.1"},
                                                         {"__meta_consul_tagged_address_wan_ipv4", "192.0.2.1"},
                                                         {"__meta_consul_tags", ",a,b,"}}}));
}

std::string instance(const std::string& service, const std::string& checks = "[]") {
  return R"([{"Node": {"Node": "n1", "Address": "10.0.0.1", "Datacenter": "dc1", "Meta": null},
              "Service": {"ID": "i", "Service": "s", "Tags": null, "Meta": null, )" +
         service + R"(}, "Checks": )" + checks + "}]";
}

TEST(ConsulTargets, TheAddressIsTheServicesOrElseTheNodes) {
  EXPECT_THAT(instances_in(instance(R"("Address": "", "Port": 1)")).at(0).targets, ElementsAre("10.0.0.1:1"));
  EXPECT_THAT(instances_in(instance(R"("Address": "::1", "Port": 1)")).at(0).targets, ElementsAre("[::1]:1"));
  EXPECT_THAT(instances_in(instance(R"("Address": "a.example", "Port": 0)")).at(0).targets, ElementsAre("a.example:0"));
}

TEST(ConsulTargets, WithoutTagsThereAreTwoSeparatorsAndWhatIsEmptyIsLeftOut) {
  const sd::TargetLabels labels = instances_in(instance(R"("Address": "", "Port": 1)")).at(0).labels;
  EXPECT_EQ(labels.at("__meta_consul_tags"), ",,");
  for (const char* absent : {"__meta_consul_namespace", "__meta_consul_partition", "__meta_consul_service_address"}) {
    EXPECT_FALSE(labels.contains(absent)) << absent;
  }
}

TEST(ConsulTargets, HealthIsTheWorstOfTheChecks) {
  const auto health = [](const std::string& checks) {
    const sd::TargetLabels labels = instances_in(instance(R"("Port": 1)", checks)).at(0).labels;
    const auto found = labels.find("__meta_consul_health");
    return found == labels.end() ? "none" : found->second;
  };
  const std::string passing = R"({"CheckID": "a", "Status": "passing"})";
  const std::string warning = R"({"CheckID": "b", "Status": "warning"})";
  const std::string critical = R"({"CheckID": "c", "Status": "critical"})";
  const std::string unknown = R"({"CheckID": "d", "Status": "odd"})";
  const std::string node = R"({"CheckID": "_node_maintenance", "Status": "critical"})";
  const std::string service = R"({"CheckID": "_service_maintenance:i", "Status": "critical"})";
  EXPECT_EQ(health("[]"), "passing");
  EXPECT_EQ(health("[" + passing + "]"), "passing");
  EXPECT_EQ(health("[" + passing + "," + warning + "]"), "warning");
  EXPECT_EQ(health("[" + critical + "," + warning + "]"), "critical");
  EXPECT_EQ(health("[" + critical + "," + node + "]"), "maintenance");
  EXPECT_EQ(health("[" + service + "," + passing + "]"), "maintenance");
  EXPECT_EQ(health("[" + unknown + "]"), "none");
}

TEST(ConsulTargets, RefusesWhatConsulDoesNotAnswer) {
  for (const std::string bad : {"", "[", "[]", "null", "{\"a\": 1}", "{\"a\": [1]}", "{} {}"}) {
    EXPECT_THROW(services_in(bad, {}), std::exception) << bad;
  }
  for (const std::string bad : {"", "{}", "null", "[1]", "[{}]", "[{\"Node\": {}, \"Service\": {}}]"}) {
    EXPECT_THROW(instances_in(bad), std::exception) << bad;
  }
  EXPECT_THROW(instances_in(instance(R"("Port": "80")")), std::exception);
  EXPECT_THROW(instances_in(instance(R"("Port": 1.5)")), std::exception);
}

// Asking it.

std::string one(const std::string& name) {
  return R"([{"Node": {"Node": "n", "Address": "10.0.0.1"}, "Service": {"ID": ")" + name + R"(", "Service": ")" + name +
         R"(", "Port": 1}}])";
}

class ConsulCatalog : public ::testing::Test {
 protected:
  sd::ConsulCatalogOptions options(sd::ConsulCatalogOptions with = {}) const {
    with.consul.agent = consul_.url();
    with.max_requests = 1;  // so that the answers come in order
    return with;
  }
  std::vector<TargetGroup> groups(sd::ConsulCatalogOptions with = {}) {
    const sd::ConsulCatalog catalog(options(std::move(with)));
    return run(context_, catalog.groups());
  }
  std::vector<std::string> asked() const {
    std::vector<std::string> targets;
    for (const testing::ReceivedRequest& request : consul_.requests()) targets.push_back(request.target);
    return targets;
  }
  static std::vector<std::string> ids(const std::vector<TargetGroup>& groups) {
    std::vector<std::string> all;
    for (const TargetGroup& group : groups) all.push_back(group.labels.at("__meta_consul_service_id"));
    return all;
  }

  asio::io_context context_;
  testing::ScriptedHttpServer consul_{context_};
};

TEST_F(ConsulCatalog, ShowsEveryServiceOverOneConnection) {
  consul_.answer(Answer::status(200, R"({"b": [], "a": []})"));
  consul_.answer(Answer::status(200, one("a")));
  consul_.answer(Answer::status(200, one("b")));
  EXPECT_THAT(ids(groups()), ElementsAre("a", "b"));
  EXPECT_THAT(asked(),
              ElementsAre("/v1/catalog/services?stale", "/v1/health/service/a?stale", "/v1/health/service/b?stale"));
  EXPECT_EQ(consul_.connections(), 1u);
  EXPECT_EQ(consul_.requests().at(0).method, "GET");
}

TEST_F(ConsulCatalog, AsksForInstancesWithAllTags) {
  consul_.answer(Answer::status(200, R"({"a": ["x", "y z"], "b": ["x"]})"));
  consul_.answer(Answer::status(200, "[]"));
  EXPECT_THAT(groups({.tags = {"x", "y z"}, .datacenter = "dc2"}), IsEmpty());
  EXPECT_THAT(asked(),
              ElementsAre("/v1/catalog/services?stale&dc=dc2", "/v1/health/service/a?stale&dc=dc2&tag=x&tag=y%20z"));
}

TEST_F(ConsulCatalog, AsksForNamedServicesAlone) {
  consul_.answer(Answer::status(200, one("a/b c")));
  EXPECT_THAT(ids(groups({.services = {"a/b c"}})), ElementsAre("a/b c"));
  EXPECT_THAT(asked(), ElementsAre("/v1/health/service/a%2Fb%20c?stale"));
}

TEST_F(ConsulCatalog, IsEmptyWhereConsulIs) {
  consul_.answer(Answer::status(200, "{}"));
  EXPECT_THAT(groups(), IsEmpty());
}

TEST_F(ConsulCatalog, SendsTokenNamespaceAndPartition) {
  consul_.answer(Answer::status(200, "{}"));
  groups({.consul = {.token = "t0k", .consul_namespace = "ns1", .partition = "p1"}});
  EXPECT_THAT(asked(), ElementsAre("/v1/catalog/services?stale&ns=ns1&partition=p1"));
  EXPECT_EQ(consul_.requests().at(0).header("x-consul-token"), "t0k");
}

// An error must never read as an empty catalog.
TEST_F(ConsulCatalog, ARefusalIsAnErrorThatNamesTheRequestAndNoToken) {
  consul_.answer(Answer::status(403, "Permission denied for t0k\nmore"));
  const auto what = error_of<sd::ConsulError>([&] { groups({.consul = {.token = "t0k"}}); });
  EXPECT_THAT(what, AllOf(HasSubstr("list the services"), HasSubstr(consul_.url()),
                          HasSubstr("Permission denied for <token>"), Not(HasSubstr("t0k")), Not(HasSubstr("more"))));

  consul_.answer(Answer::status(200, R"({"a": [], "b": []})"));
  consul_.answer(Answer::status(200, one("a")));
  consul_.answer(Answer::status(500, "No cluster leader"));
  EXPECT_THAT(error_of<sd::ConsulError>([&] { groups(); }),
              AllOf(HasSubstr("list the instances of 'b'"), HasSubstr("No cluster leader")));
}

TEST_F(ConsulCatalog, AnAnswerThatIsNotConsulsIsAnError) {
  for (const std::string& body : {std::string("<html>"), std::string("[]"), std::string()}) {
    consul_.answer(Answer::status(200, body));
    EXPECT_THAT(error_of<sd::ConsulError>([&] { groups(); }), HasSubstr("list the services")) << body;
  }
  consul_.answer(Answer::status(200, R"([{"Node": {}}])"));
  EXPECT_THAT(error_of<sd::ConsulError>([&] { groups({.services = {"a"}}); }), HasSubstr("instances of 'a'"));
  for (const int status : {204, 301}) {
    consul_.answer(Answer::status(status, ""));
    EXPECT_THROW(groups(), sd::ConsulError) << status;
  }
}

TEST_F(ConsulCatalog, AnUnreachableAgentIsAnError) {
  const testing::ReservedPort nothing;
  const sd::ConsulCatalog catalog({.consul = {.agent = "http://127.0.0.1:" + nothing.text()}});
  EXPECT_THAT(error_of<sd::ConsulError>([&] { run(context_, catalog.groups()); }), HasSubstr("Connection refused"));
}

// Headers count as well: the limit is found by trying.
TEST_F(ConsulCatalog, AnAnswerMayBeAsLongAsTheLimit) {
  const std::string body = "{" + std::string(5000, ' ') + "}";
  const auto fits = [&](std::size_t limit) {
    consul_.answer(Answer::status(200, body));
    try {
      groups({.max_response_bytes = limit});
      return true;
    } catch (const sd::ConsulError&) {
      return false;
    }
  };
  EXPECT_FALSE(fits(body.size()));
  EXPECT_TRUE(fits(body.size() + 1000));
  std::size_t least = body.size();
  while (!fits(least)) ++least;
  EXPECT_FALSE(fits(least - 1));
  EXPECT_TRUE(fits(least));
  EXPECT_TRUE(fits(least + 1));
}

TEST_F(ConsulCatalog, AsksAsManyAtATimeAsItMay) {
  for (const std::size_t limit : {1, 2, 3}) {
    consul_.answer(Answer::status(200, R"({"a": [], "b": [], "c": [], "d": []})"));
    for (std::size_t i = 0; i < limit; ++i) consul_.answer(Answer::silence());
    const std::size_t before = consul_.requests().size();
    sd::ConsulCatalogOptions with = options();
    with.max_requests = limit;
    const sd::ConsulCatalog catalog(with);
    const auto pending = start(context_, catalog.groups());
    ASSERT_TRUE(run_until(context_, [&] { return consul_.requests().size() == before + 1 + limit; }));
    for (int turn = 0; turn < 20; ++turn) context_.poll();
    EXPECT_EQ(consul_.requests().size(), before + 1 + limit);
    pending->cancel(asio::cancellation_type::terminal);
    try {
      testing::finish(context_, *pending);
      FAIL() << "not cancelled";
    } catch (const boost::system::system_error& error) {
      EXPECT_EQ(error.code(), asio::error::operation_aborted);
    }
  }
}

// One that fails ends those that wait.
TEST_F(ConsulCatalog, AFailureEndsTheOthers) {
  consul_.answer(Answer::status(200, R"({"a": [], "b": []})"));
  consul_.answer(Answer::silence());
  consul_.answer(Answer::status(500, "rpc error"));
  sd::ConsulCatalogOptions with = options();
  with.max_requests = 2;
  with.consul.timeout = std::chrono::minutes(10);
  const sd::ConsulCatalog catalog(with);
  EXPECT_THAT(error_of<sd::ConsulError>([&] { run(context_, catalog.groups()); }), HasSubstr("rpc error"));
}

TEST_F(ConsulCatalog, RefusesBadOptions) {
  const auto refusal = [](sd::ConsulCatalogOptions with) {
    return error_of<std::invalid_argument>([&] { sd::ConsulCatalog{std::move(with)}; });
  };
  EXPECT_THAT(refusal({.consul = {.agent = "ftp://a"}}), HasSubstr("agent"));
  EXPECT_THAT(refusal({.services = {"a", ""}}), HasSubstr("services"));
  EXPECT_THAT(refusal({.tags = {""}}), HasSubstr("tags"));
  EXPECT_THAT(refusal({.max_response_bytes = 0}), HasSubstr("max_response_bytes"));
  for (const std::size_t bad : {0, 65}) EXPECT_THAT(refusal({.max_requests = bad}), HasSubstr("1 to 64"));
  for (const std::size_t good : {1, 63, 64}) EXPECT_NO_THROW(sd::ConsulCatalog({.max_requests = good}));
}

TEST_F(ConsulCatalog, TheAwaitableOutlivesTheCatalog) {
  asio::awaitable<std::vector<TargetGroup>> asking = sd::ConsulCatalog(options()).groups();
  consul_.answer(Answer::status(200, "{}"));
  EXPECT_THAT(run(context_, std::move(asking)), IsEmpty());
}

}  // namespace
}  // namespace prometheus_async
