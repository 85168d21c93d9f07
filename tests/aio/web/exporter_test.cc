// SPDX-License-Identifier: Apache-2.0

#include "aio/web/exporter.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sd/http_client.h"
#include "tests/testing/child_process.h"
#include "tests/testing/http_get.h"
#include "tests/testing/temporary_folder.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::ChildProcess;
using prometheus_async::testing::http_get;
using prometheus_async::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::Not;

// A password that nobody here has.
constexpr char kConfig[] =
    "basic_auth_users:\n  ann: $2y$04$7Ou.w8BVHsmW2LEAV8wYgOBTs8JjEsnJqyZ2VZ6Cg2qDPNWxKUkUS\n"
    "http_server_config:\n  headers:\n    X-Frame-Options: deny\n";

std::vector<std::string> command(std::vector<std::string> flags) {
  flags.insert(flags.begin(), "tests/aio/web/queue_exporter");
  return flags;
}

// Where it listens, with a slash at the end; waits for as many addresses.
std::vector<std::string> urls_of(ChildProcess& exporter, std::size_t count = 1) {
  constexpr std::string_view kListening = "listening on ";
  std::vector<std::string> urls;
  EXPECT_TRUE(exporter.wait_until([&] {
    urls.clear();
    const std::string output = exporter.output();
    for (std::size_t at = 0; (at = output.find(kListening, at)) != output.npos;) {
      at += kListening.size();
      const std::size_t end = output.find('\n', at);
      if (end != output.npos) urls.push_back(output.substr(at, end - at));
    }
    return urls.size() == count;
  })) << exporter.output();
  return urls;
}

TEST(Exporter, ShowsMetricsAndALandingPage) {
  ChildProcess exporter(command({"--web.listen-address=127.0.0.1:0"}));
  const std::string url = urls_of(exporter).at(0);
  const std::string page = http_get(url + "metrics").body;
  EXPECT_THAT(page, HasSubstr("\nqueue_depth 3"));
  EXPECT_THAT(page, HasSubstr("\nprocess_cpu_seconds_total"));
  EXPECT_THAT(page, HasSubstr("\npromhttp_metric_handler_requests_total"));
  const std::string landing = http_get(url).body;
  EXPECT_THAT(landing, HasSubstr("queue_exporter"));
  EXPECT_THAT(landing, HasSubstr("1.4.2"));
  EXPECT_EQ(exporter.terminate(), 0);
}

TEST(Exporter, ListensAtEachAddress) {
  ChildProcess exporter(command({"--web.listen-address=127.0.0.1:0", "--web.listen-address", "127.0.0.1:0"}));
  const std::vector<std::string> urls = urls_of(exporter, 2);
  ASSERT_EQ(urls.size(), 2u);
  for (const std::string& url : urls) EXPECT_EQ(http_get(url + "metrics").status, 200);
}

TEST(Exporter, ShowsNothingOfItselfIfToldSoAndWhereItIsTold) {
  ChildProcess exporter(
      command({"--web.listen-address=127.0.0.1:0", "--web.disable-exporter-metrics", "--web.telemetry-path=/m"}));
  const std::string url = urls_of(exporter).at(0);
  const std::string page = http_get(url + "m").body;
  EXPECT_THAT(page, HasSubstr("queue_depth 3"));
  EXPECT_THAT(page, Not(HasSubstr("process_")));
  EXPECT_THAT(page, Not(HasSubstr("promhttp_")));
  EXPECT_THAT(page, Not(HasSubstr("prometheus_async_")));
  EXPECT_EQ(http_get(url + "metrics").status, 404);
}

TEST(Exporter, KeepsToItsWebConfigurationFile) {
  const TemporaryFolder folder;
  const std::string config = folder.write("web.yml", kConfig);
  ChildProcess exporter(command({"--web.listen-address=127.0.0.1:0", "--web.config.file=" + config}));
  const std::string url = urls_of(exporter).at(0);
  const sd::HttpResponse denied = http_get(url + "metrics");
  EXPECT_EQ(denied.status, 401);
  EXPECT_EQ(denied.header("x-frame-options"), "deny");
}

TEST(Exporter, ChecksAConfiguration) {
  const TemporaryFolder folder;
  const std::string good = folder.write("web.yml", kConfig);
  ChildProcess checked(command({"--web.config.check", "--web.config.file=" + good}));
  EXPECT_EQ(checked.wait_for_exit(), 0);
  EXPECT_EQ(checked.output(), good + " is good\n");
  const std::string bad = folder.write("bad.yml", "basic_auth_usrs: {}\n");
  ChildProcess refused(command({"--web.config.check", "--web.config.file=" + bad}));
  EXPECT_EQ(refused.wait_for_exit(), 1);
  EXPECT_THAT(refused.output(), HasSubstr("queue_exporter: "));
  EXPECT_THAT(refused.output(), HasSubstr("basic_auth_usrs"));
}

TEST(Exporter, SaysWhatItIs) {
  ChildProcess version(command({"--version"}));
  EXPECT_EQ(version.wait_for_exit(), 0);
  EXPECT_EQ(version.output(), "queue_exporter, version 1.4.2\n");
  ChildProcess help(command({"--help"}));
  EXPECT_EQ(help.wait_for_exit(), 0);
  EXPECT_THAT(help.output(), HasSubstr("usage: queue_exporter [<flags>]\n\n  --web.listen-address=HOST:PORT"));
}

TEST(Exporter, SaysWhatIsWrong) {
  for (const auto& [flag, error] : std::vector<std::pair<std::string, std::string>>{
           {"--web.listen-address=9100", "--web.listen-address: '9100' is not HOST:PORT"},
           {"--web.config.file=/nowhere/web.yml", "/nowhere/web.yml"},
           {"--colour", "unexpected '--colour'; try --help"}}) {
    ChildProcess exporter(command({flag}));
    EXPECT_EQ(exporter.wait_for_exit(), 1);
    EXPECT_THAT(exporter.output(), HasSubstr("queue_exporter: "));
    EXPECT_THAT(exporter.output(), HasSubstr(error));
  }
}

}  // namespace
}  // namespace prometheus_async::aio::web
