// SPDX-License-Identifier: Apache-2.0
//
// The services in Twisted's style, as their users see them: the original's examples.
#include <signal.h>

#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/services/service.h"
#include "tests/testing/child_process.h"
#include "tests/testing/consul_process.h"
#include "tests/testing/http_get.h"

namespace prometheus_async {
namespace {

using testing::ChildProcess;
using testing::ConsulProcess;
using ::testing::HasSubstr;
using testing::http_get;
using testing::promtool_says;
using testing::Service;
using ::testing::StartsWith;

// What curl prints of a request.
std::string curl(const std::string& url, const std::string& flag = "--silent") {
  ChildProcess process({"curl", "--silent", flag, url});
  process.wait_for_exit();
  return process.output();
}

TEST(DelayedResource, AnswersLateAndIsTimed) {
  Service service("DELAYED_RESOURCE", {"--delay=100ms"});
  EXPECT_EQ(curl(service.url()), "<html><body>Sorry to keep you waiting.</body></html>");
  const std::string page = http_get(service.url() + "metrics").body;
  EXPECT_THAT(page, HasSubstr("\nreq_time_seconds_count 1\n"));
  // The sum is at least the delay: the buckets below it are empty.
  EXPECT_THAT(page, HasSubstr("\nreq_time_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_EQ(promtool_says(service.url() + "metrics"), "");
}

TEST(DelayedResource, AClientThatLeavesDoesNotHurtTheNext) {
  Service service("DELAYED_RESOURCE", {"--delay=300ms"});
  {
    ChildProcess impatient({"curl", "--silent", "--max-time", "0.1", service.url()});
    impatient.wait_for_exit();
  }
  EXPECT_THAT(curl(service.url()), HasSubstr("Sorry to keep you waiting."));
  EXPECT_TRUE(service.process().wait_until(
      [&] { return absl::StrContains(http_get(service.url() + "metrics").body, "\nreq_time_seconds_count 2\n"); }));
}

TEST(DelayedResource, HeadHasNoBody) {
  Service service("DELAYED_RESOURCE", {"--delay=0"});
  const std::string head = curl(service.url(), "--head");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(head.find("<html>"), std::string::npos);
}

TEST(MetricsSite, ShowsWhatItsLoopRecords) {
  Service service("METRICS_SITE");
  EXPECT_TRUE(service.process().wait_until([&] {
    return absl::StrContains(http_get(service.url() + "metrics").body, "step_seconds_count") &&
           !absl::StrContains(http_get(service.url() + "metrics").body, "step_seconds_count 0\n");
  }));
  EXPECT_EQ(promtool_says(service.url() + "metrics"), "");
  EXPECT_EQ(http_get(service.url()).status, 404);
}

// Registered while it runs, and by its own page; gone before it ends.
TEST(MetricsSite, ConsulKnowsOfItWhileItRuns) {
  ConsulProcess consul;
  ASSERT_TRUE(consul.wait_until_ready()) << consul.output();
  Service service("METRICS_SITE", {"--consul=" + consul.url()});
  const std::string id = "metrics-site-127.0.0.1-" + service.host_and_port().substr(sizeof "127.0.0.1:" - 1);
  ASSERT_TRUE(consul.wait_until([&] { return consul.has_service(id); })) << service.process().output();
  service.process().send_signal(SIGTERM);
  EXPECT_EQ(service.process().wait_for_exit(), 0) << service.process().output();
  EXPECT_FALSE(consul.has_service(id));
}

TEST(MetricsSite, RunsWithoutItsConsul) {
  const testing::ReservedPort nothing;
  Service service("METRICS_SITE", {"--consul=http://127.0.0.1:" + nothing.text()});
  EXPECT_TRUE(service.process().wait_for_line("Consul agent at http://127.0.0.1:" + nothing.text()));
  EXPECT_EQ(http_get(service.url() + "metrics").status, 200);
  service.process().send_signal(SIGTERM);
  EXPECT_EQ(service.process().wait_for_exit(), 0) << service.process().output();
}

TEST(Klein, CountsRequestsByEndpointAndMethod) {
  Service service("KLEIN");
  EXPECT_EQ(curl(service.url()), "hello\n");
  EXPECT_EQ(curl(service.url()), "hello\n");
  const std::string page = http_get(service.url() + "metrics").body;
  EXPECT_THAT(page, HasSubstr("\ninbound_requests_total{endpoint=\"/\",method=\"GET\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("\ninbound_requests_total{endpoint=\"/metrics\",method=\"GET\"} 1\n"));
  EXPECT_EQ(promtool_says(service.url() + "metrics"), "");
  EXPECT_EQ(http_get(service.url() + "nowhere").status, 404);
}

TEST(Services, EndCleanlyOnSigintAndSigterm) {
  for (const char* name : {"DELAYED_RESOURCE", "METRICS_SITE", "KLEIN"}) {
    for (const int signal : {SIGINT, SIGTERM}) {
      Service service(name);
      service.process().send_signal(signal);
      EXPECT_EQ(service.process().wait_for_exit(), 0) << name << service.process().output();
    }
  }
}

// A port that is in use: one line that names it, and no crash.
TEST(Services, SayThatTheyCannotListen) {
  Service first("KLEIN");
  const std::string port = first.url().substr(17, first.url().size() - 18);
  ChildProcess second({std::getenv("KLEIN"), "--port=" + port});
  EXPECT_NE(second.wait_for_exit(), 0);
  EXPECT_THAT(second.output(), HasSubstr("127.0.0.1:" + port));
}

}  // namespace
}  // namespace prometheus_async
