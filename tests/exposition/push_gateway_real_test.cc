// SPDX-License-Identifier: Apache-2.0
//
// PushGateway against a Pushgateway, on loopback.
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/json.hpp>

#include "exposition/format.h"
#include "exposition/push_gateway.h"
#include "metrics/registry.h"
#include "tests/exposition/protobuf_reader.h"
#include "tests/exposition/random_registry.h"
#include "tests/testing/child_process.h"
#include "tests/testing/http_get.h"

namespace prometheus_async {
namespace {

namespace json = boost::json;
using exposition::PushError;
using exposition::PushGateway;
using ::testing::HasSubstr;
using testing::http_get;
using ::testing::IsEmpty;
using ::testing::Not;

using Labels = std::map<std::string, std::string>;

class RealPushgateway : public ::testing::Test {
 protected:
  void start(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> argv{std::getenv("PUSHGATEWAY"), "--web.listen-address=127.0.0.1:" + port_.text(),
                                  "--persistence.file="};
    argv.insert(argv.end(), flags.begin(), flags.end());
    process_.emplace(argv);
    ASSERT_TRUE(process_->wait_until([&] { return http_get(url() + "/-/ready", credentials_).status != 0; }))
        << process_->output();
  }

  std::string url() const { return "http://127.0.0.1:" + port_.text(); }
  std::string page() const { return http_get(url() + "/metrics", credentials_).body; }

  // The labels of every group that the gateway has.
  std::vector<Labels> groups() const {
    std::vector<Labels> all;
    const json::value answer = json::parse(http_get(url() + "/api/v1/metrics", credentials_).body);
    for (const json::value& group : answer.at("data").as_array()) {
      Labels& labels = all.emplace_back();
      for (const auto& label : group.at("labels").as_object()) {
        labels.emplace(std::string(label.key()), std::string(label.value().as_string()));
      }
    }
    return all;
  }

  // The same after a deletion, which the gateway answers before it has done it.
  std::vector<Labels> groups_left(std::size_t count) const {
    std::vector<Labels> left = groups();
    for (int i = 0; i < 5000 && left.size() != count; ++i) left = groups();
    return left;
  }

  testing::ReservedPort port_;
  std::optional<testing::ChildProcess> process_;
  std::vector<sd::HttpHeader> credentials_;
};

TEST_F(RealPushgateway, TakesWhatARegistryHolds) {
  start();
  metrics::Registry registry;
  registry.counter("rows_total", "Rows \"copied\" \\ so\nfar.", {"table"}).labels("a\"b\\c\nd").Increment(0.1 + 0.2);
  registry.histogram("step_seconds", "Time.", {.buckets = {0.5, 1}}).Observe(0.7);
  PushGateway(url(), "backup", {.grouping_key = {{"host", "a"}}}).push(registry);
  EXPECT_THAT(page(), HasSubstr("rows_total{host=\"a\",instance=\"\",job=\"backup\",table=\"a\\\"b\\\\c\\nd\"} "
                                "0.30000000000000004\n"));
  EXPECT_THAT(page(), HasSubstr("step_seconds_bucket{host=\"a\",instance=\"\",job=\"backup\",le=\"1\"} 1\n"));
  EXPECT_THAT(page(), HasSubstr("# TYPE step_seconds histogram\n"));
  EXPECT_THAT(page(), HasSubstr("# HELP rows_total Rows \"copied\" \\\\ so\\nfar.\n"));
}

// It gives a native histogram to who scrapes it in protobuf.
TEST_F(RealPushgateway, TakesNativeHistogramsInProtobuf) {
  start();
  testing::RandomRegistry random(1);
  PushGateway(url(), "backup", {.format = exposition::kProtobuf}).push(random.registry());
  const auto answer = http_get(url() + "/metrics", {{"Accept", exposition::content_type(exposition::kProtobuf)}});
  int found = 0;
  for (const auto& family : testing::read_protobuf(answer.body)) {
    for (const auto& expected : random.expected(exposition::kProtobuf)) {
      if (expected.name != family.name || !expected.samples.back().native) continue;
      ++found;
      EXPECT_EQ(family.samples.back().native, expected.samples.back().native);
      EXPECT_EQ(family.samples.back().value, expected.samples.back().value);
    }
  }
  EXPECT_GT(found, 0);
}

TEST_F(RealPushgateway, PushReplacesTheGroupAndPushAddWhatHasTheName) {
  start();
  const PushGateway gateway(url(), "backup");
  metrics::Registry first;
  first.gauge("a", "A.").Set(1);
  first.gauge("b", "B.").Set(1);
  gateway.push(first);
  metrics::Registry second;
  second.gauge("b", "B.").Set(2);
  gateway.push_add(second);
  EXPECT_THAT(page(), HasSubstr("\na{instance=\"\",job=\"backup\"} 1\n"));
  EXPECT_THAT(page(), HasSubstr("\nb{instance=\"\",job=\"backup\"} 2\n"));
  gateway.push(second);
  EXPECT_THAT(page(), Not(HasSubstr("\na{")));
  EXPECT_THAT(page(), HasSubstr("\nb{instance=\"\",job=\"backup\"} 2\n"));
}

TEST_F(RealPushgateway, DeleteGroupLeavesOtherGroups) {
  start();
  metrics::Registry registry;
  registry.gauge("a", "A.").Set(1);
  const PushGateway one(url(), "backup", {.grouping_key = {{"host", "one"}}});
  const PushGateway two(url(), "backup", {.grouping_key = {{"host", "two"}}});
  one.push(registry);
  two.push(registry);
  one.delete_group();
  EXPECT_THAT(groups_left(1), ::testing::ElementsAre(Labels{{"job", "backup"}, {"host", "two"}}));
  one.delete_group();  // Again: it is gone.
  two.delete_group();
  EXPECT_THAT(groups_left(0), IsEmpty());
}

// What came out of the path is what went in.
TEST_F(RealPushgateway, ReadsEveryValueOfAGroupingKey) {
  start();
  metrics::Registry registry;
  registry.gauge("a", "A.").Set(1);
  for (const std::string value :
       {"/var/tmp", "", ".", "..", "a b+c%2F?&#\"\\", "caf\xc3\xa9", "\n\t", "=", "x//y", "~-_."}) {
    const PushGateway gateway(url(), "job/" + value, {.grouping_key = {{"key", value}, {"other", "1"}}});
    gateway.push(registry);
    EXPECT_THAT(groups(), ::testing::ElementsAre(Labels{{"job", "job/" + value}, {"key", value}, {"other", "1"}}));
    gateway.delete_group();
    EXPECT_THAT(groups_left(0), IsEmpty()) << value;
  }
  if (!HasFailure()) {
    PushGateway(url(), " a:b ").push(registry);
    EXPECT_THAT(groups(), ::testing::ElementsAre(Labels{{"job", " a:b "}}));
  }
}

// What the gateway has against a page stands in the error.
TEST_F(RealPushgateway, SaysWhatItHasAgainstAPage) {
  start();
  metrics::Registry gauge;
  gauge.gauge("a", "A.").Set(1);
  metrics::Registry counter;
  counter.histogram("a", "A.").Observe(1);
  PushGateway(url(), "one").push(gauge);
  try {
    PushGateway(url(), "two").push(counter);
    FAIL() << "it was taken";
  } catch (const PushError& error) {
    EXPECT_EQ(error.status(), 400);
    EXPECT_THAT(error.what(), HasSubstr("PUT " + url() + "/metrics/job/two: 400 Bad Request: "));
    EXPECT_THAT(error.what(), HasSubstr("inconsistent"));
  }
}

TEST_F(RealPushgateway, AsksForAPassword) {
  const std::string config = ::testing::TempDir() + "/web.yml";
  // bcrypt of "open sesame".
  std::ofstream(config) << "basic_auth_users:\n  ali: $2b$04$gGRjvgrv/PLROWW0mJQkA.qBFYZ3lBRJkwsNBBpZrm8upx9BqfTdi\n";
  credentials_ = {{"Authorization", "Basic YWxpOm9wZW4gc2VzYW1l"}};
  start({"--web.config.file=" + config});
  metrics::Registry registry;
  registry.gauge("a", "A.").Set(1);
  try {
    PushGateway(url(), "backup", {.user = "ali", .password = "please"}).push(registry);
    FAIL() << "it was taken";
  } catch (const PushError& error) {
    EXPECT_EQ(error.status(), 401);
  }
  PushGateway(url(), "backup", {.user = "ali", .password = "open sesame"}).push(registry);
  EXPECT_THAT(groups(), ::testing::ElementsAre(Labels{{"job", "backup"}}));
}

TEST_F(RealPushgateway, IsFoundBehindAPath) {
  start({"--web.route-prefix=/push"});
  metrics::Registry registry;
  registry.gauge("a", "A.").Set(1);
  PushGateway(url() + "/push/", "backup").push(registry);
  EXPECT_THAT(http_get(url() + "/push/metrics").body, HasSubstr("\na{instance=\"\",job=\"backup\"} 1\n"));
}

}  // namespace
}  // namespace prometheus_async
