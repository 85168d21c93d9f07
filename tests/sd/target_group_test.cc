// SPDX-License-Identifier: Apache-2.0
#include "sd/target_group.h"

#include <map>
#include <stdexcept>
#include <string>

#include <boost/asio/ip/host_name.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/error_of.h"

namespace prometheus_async {
namespace {

using sd::Endpoint;
using sd::TargetGroup;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

const TargetGroup kDefault{.targets = {"10.0.0.5:9100"},
                           .labels = {{"__metrics_path__", "/metrics"}, {"__scheme__", "http"}}};

std::string refusal(const Endpoint& endpoint, const sd::TargetLabels& labels = {}, const std::string& advertised = {}) {
  return error_of<std::invalid_argument>([&] { sd::target_group(endpoint, labels, advertised); });
}

TEST(TargetGroup, IsOneServer) {
  EXPECT_EQ(sd::target_group({.address = "10.0.0.5", .port = 9100}), kDefault);
  const TargetGroup other = sd::target_group({.scheme = "https", .address = "a.example", .port = 1, .path = "/m"});
  EXPECT_EQ(other,
            (TargetGroup{.targets = {"a.example:1"}, .labels = {{"__metrics_path__", "/m"}, {"__scheme__", "https"}}}));
}

TEST(TargetGroup, PutsIpv6IntoBrackets) {
  EXPECT_THAT(sd::target_group({.address = "2001:db8::1", .port = 9100}).targets, ElementsAre("[2001:db8::1]:9100"));
  EXPECT_THAT(sd::target_group({.address = "::", .port = 9100}, {}, "::1").targets, ElementsAre("[::1]:9100"));
}

TEST(TargetGroup, AWildcardIsTheHostsNameOrWhatIsAdvertised) {
  for (const std::string wildcard : {"", "0.0.0.0", "::"}) {
    EXPECT_THAT(sd::target_group({.address = wildcard, .port = 9100}).targets,
                ElementsAre(boost::asio::ip::host_name() + ":9100"));
    EXPECT_THAT(sd::target_group({.address = wildcard, .port = 9100}, {}, "m.example").targets,
                ElementsAre("m.example:9100"));
  }
}

TEST(TargetGroup, LabelsGivenWin) {
  const TargetGroup group = sd::target_group({.address = "10.0.0.5", .port = 9100},
                                             {{"__scheme__", "https"}, {"team", "pay"}, {"__meta_x", ""}});
  EXPECT_EQ(
      group.labels,
      (sd::TargetLabels{{"__meta_x", ""}, {"__metrics_path__", "/metrics"}, {"__scheme__", "https"}, {"team", "pay"}}));
}

TEST(TargetGroup, RefusesLabelsThatPrometheusRefuses) {
  for (const std::string good : {"a", "_", "A_9", "__param_module", "__meta_consul_tags", "instance", "job"}) {
    EXPECT_NO_THROW(sd::check_target_labels({{good, "x"}})) << good;
  }
  for (const std::string bad : {"", "9a", "a-b", "a.b", "a b", "a:b", "caf\xc3\xa9", "a\n"}) {
    EXPECT_THAT(error_of<std::invalid_argument>([&] { sd::check_target_labels({{bad, "x"}}); }),
                AllOf(HasSubstr("'" + bad + "'"), HasSubstr("[a-zA-Z_][a-zA-Z0-9_]*")));
  }
  for (const std::string reserved : {"__address__", "__name__"}) {
    EXPECT_THAT(refusal({.address = "10.0.0.5", .port = 1}, {{reserved, "x"}}), HasSubstr("'" + reserved + "'"));
  }
  EXPECT_NO_THROW(sd::check_target_labels({{"a", "caf\xc3\xa9 \n\""}}));
  EXPECT_THAT(error_of<std::invalid_argument>([] { sd::check_target_labels({{"team", "caf\xe9"}}); }),
              AllOf(HasSubstr("'team'"), HasSubstr("UTF-8")));
}

TEST(TargetGroup, RefusesWhatCannotBeScraped) {
  EXPECT_THAT(refusal({.address = "10.0.0.5", .port = 0}), HasSubstr("port '0'"));
  EXPECT_THAT(refusal({.scheme = "ftp", .address = "10.0.0.5", .port = 1}), HasSubstr("scheme 'ftp'"));
  EXPECT_THAT(refusal({.address = "10.0.0.5", .port = 1, .path = "m"}), HasSubstr("path 'm'"));
  EXPECT_THAT(refusal({.address = "[::1]", .port = 1}), HasSubstr("address '[::1]'"));
  EXPECT_THAT(refusal({.address = "fe80::1%eth0", .port = 1}), HasSubstr("zone"));
  EXPECT_THAT(refusal({.address = "a b", .port = 1}), HasSubstr("address 'a b'"));
  EXPECT_THAT(refusal({.address = "10.0.0.5", .port = 1}, {}, "0.0.0.0"), HasSubstr("advertise_address '0.0.0.0'"));
  EXPECT_THAT(refusal({.address = "10.0.0.5", .port = 1}, {}, "a:80"), HasSubstr("advertise_address 'a:80'"));
}

TEST(TargetGroup, IsJsonAsPrometheusReadsIt) {
  EXPECT_EQ(sd::to_json({}), "[]");
  EXPECT_EQ(sd::to_json({{.targets = {"a:1", "b:2"}}}), R"([{"targets":["a:1","b:2"]}])");
  EXPECT_EQ(sd::to_json({kDefault, {}}),
            R"([{"targets":["10.0.0.5:9100"],"labels":{"__metrics_path__":"/metrics","__scheme__":"http"}},)"
            R"({"targets":[]}])");
  EXPECT_EQ(sd::to_json({{.targets = {"a:1"}, .labels = {{"x", "\"\\\n\x01/caf\xc3\xa9"}}}}),
            "[{\"targets\":[\"a:1\"],\"labels\":{\"x\":\"\\\"\\\\\\n\\u0001/caf\xc3\xa9\"}}]");
}

}  // namespace
}  // namespace prometheus_async
