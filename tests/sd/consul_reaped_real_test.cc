// SPDX-License-Identifier: Apache-2.0
//
// Services that end without a word, and what becomes of their registrations. Consul takes 60 to 90 seconds to reap what
// it was told to reap after a minute, so that all of them are waited for at once.
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/services/service.h"
#include "tests/testing/child_process.h"
#include "tests/testing/consul_process.h"
#include "tests/testing/stopwatch.h"

namespace prometheus_async {
namespace {

using testing::ConsulProcess;
using testing::Service;
using testing::Stopwatch;
using ::testing::UnorderedElementsAre;

constexpr std::chrono::minutes kReaped{4};

TEST(Crash, IsReapedWhereConsulWasToldTo) {
  ConsulProcess consul;
  ASSERT_TRUE(consul.wait_until_ready()) << consul.output();
  const testing::ReservedPort port;
  std::map<std::string, std::unique_ptr<Service>> services;
  const auto launch = [&](const std::string& id, std::vector<std::string> flags) {
    flags.push_back("--consul=" + consul.url());
    flags.push_back("--service_id=" + id);
    services[id] = std::make_unique<Service>("CONSUL_SERVICE", flags);
  };
  launch("http", {"--reap_after_seconds=60"});
  launch("ttl", {"--reap_after_seconds=60", "--check=ttl"});
  launch("stopped", {"--reap_after_seconds=60"});
  launch("alive", {"--reap_after_seconds=60"});
  launch("kept", {"--port=" + port.text()});
  const auto all_are_passing = [&] {
    for (const auto& [id, service] : services) {
      if (consul.status_of(id) != "passing") return false;
    }
    return true;
  };
  ASSERT_TRUE(consul.wait_until(all_are_passing)) << consul.output();

  for (const char* const id : {"http", "ttl", "kept"}) services[id]->process().send_signal(SIGKILL);
  services["stopped"]->process().send_signal(SIGSTOP);
  const Stopwatch since_the_crash;
  std::map<std::string, bool> printed;
  const bool are_reaped = consul.wait_until(
      [&] {
        bool all = true;
        for (const char* const id : {"http", "ttl", "stopped"}) {
          const std::string status = consul.status_of(id);
          bool& critical = printed[std::string(id) + ": critical"];
          if (status == "critical" && !critical) since_the_crash.print(std::string(id) + ": critical");
          critical = critical || status == "critical";
          bool& gone = printed[std::string(id) + ": reaped"];
          if (status.empty() && !gone) since_the_crash.print(std::string(id) + ": reaped");
          gone = gone || status.empty();
          all = all && gone;
        }
        return all;
      },
      kReaped);
  ASSERT_TRUE(are_reaped) << ::testing::PrintToString(consul.service_ids());
  EXPECT_THAT(consul.service_ids(), UnorderedElementsAre("alive", "kept"));

  // One that lives after all comes back by itself; one that nobody reaps waits for its successor.
  services["stopped"]->process().send_signal(SIGCONT);
  const Stopwatch since_it_goes_on;
  EXPECT_TRUE(consul.wait_until([&] { return consul.status_of("stopped") == "passing"; }))
      << services["stopped"]->process().output();
  since_it_goes_on.print("stopped: registered and passing again after it went on");
  EXPECT_EQ(consul.status_of("kept"), "critical");
  launch("kept", {"--port=" + port.text()});
  EXPECT_TRUE(consul.wait_until([&] { return consul.status_of("kept") == "passing"; }));
  EXPECT_THAT(consul.service_ids(), UnorderedElementsAre("alive", "kept", "stopped"));

  for (const char* const id : {"alive", "kept", "stopped"}) {
    EXPECT_EQ(services[id]->process().terminate(), 0) << services[id]->process().output();
  }
  EXPECT_THAT(consul.service_ids(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace prometheus_async
