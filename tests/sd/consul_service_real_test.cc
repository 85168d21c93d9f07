// SPDX-License-Identifier: Apache-2.0
//
// Whole programs and servers with a real agent: how they leave it, and that they stay.
#include <csignal>
#include <string>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/threaded_metrics_server.h"
#include "tests/sd/consul_fixture.h"
#include "tests/services/quickstart.h"

namespace prometheus_async {
namespace {

namespace web = aio::web;
using testing::ConsulFixture;
using ::testing::IsEmpty;
using testing::Quickstart;
using testing::Stopwatch;

class ConsulService : public ConsulFixture {
 protected:
  // For what other threads do.
  template <class Condition>
  bool wait_in_here(Condition condition) {
    const auto work = boost::asio::make_work_guard(context_);
    return wait(condition);
  }
};

TEST_F(ConsulService, IsDeregisteredBySigterm) {
  start_agent();
  Quickstart quickstart({"--consul=" + consul_->url(), "--service_id=a"});
  ASSERT_TRUE(consul_->has_service("a"));
  quickstart.process().send_signal(SIGTERM);
  const Stopwatch since_the_signal;
  ASSERT_TRUE(consul_->wait_until([&] { return !consul_->has_service("a"); })) << quickstart.process().output();
  since_the_signal.print("deregistered, from SIGTERM");
  EXPECT_EQ(quickstart.process().wait_for_exit(), 0);
  since_the_signal.print("ended");
}

// What it has to tell nobody hears: it ends all the same, and does not hang.
TEST_F(ConsulService, EndsBySigtermThoughTheAgentIsAwayOrHangs) {
  for (const bool hangs : {false, true}) {
    start_agent();
    Quickstart quickstart({"--consul=" + consul_->url(), "--service_id=a"});
    if (hangs) {
      consul_->pause();
    } else {
      consul_->stop();
    }
    quickstart.process().send_signal(SIGTERM);
    const Stopwatch since_the_signal;
    EXPECT_TRUE(quickstart.process().wait_for_exit().has_value());
    since_the_signal.print(std::string("ended, with an agent that ") + (hangs ? "hangs" : "is away"));
  }
}

TEST_F(ConsulService, IsRegisteredAgainWhileItServes) {
  start_agent();
  Quickstart quickstart({"--consul=" + consul_->url(), "--service_id=a"});
  consul_->stop();
  consul_->start();
  const Stopwatch since_the_start;
  ASSERT_TRUE(consul_->wait_until([&] { return consul_->has_service("a"); })) << quickstart.process().output();
  since_the_start.print("registered again, from the agent's start");
  EXPECT_EQ(quickstart.process().terminate(), 0) << quickstart.process().output();
  EXPECT_THAT(consul_->service_ids(), IsEmpty());
}

TEST_F(ConsulService, AServerInAThreadTellsTheTruth) {
  start_agent();
  sd::ConsulOptions consul = options("a");
  consul.log = nullptr;  // it would be called on the server's thread
  web::StartOptions start{.addr = "127.0.0.1"};
  start.registry = &registry_;
  start.service_discovery = sd::ConsulAgent(std::move(consul));
  auto server = web::start_http_server_in_thread(std::move(start));
  EXPECT_TRUE(server.is_registered());
  EXPECT_TRUE(consul_->has_service("a"));
  EXPECT_EQ(sample("sd_registered", "a"), 1);

  consul_->stop();
  ASSERT_TRUE(wait_in_here([&] { return !server.is_registered() && sample("sd_registered", "a") == 0; }));
  consul_->start();
  ASSERT_TRUE(consul_->wait_until([&] { return consul_->has_service("a") && server.is_registered(); }));
  EXPECT_EQ(sample("sd_registered", "a"), 1);
  ASSERT_TRUE(consul_->wait_until_ready());
  server.close();
  EXPECT_FALSE(server.is_registered());
  EXPECT_THAT(consul_->service_ids(), IsEmpty());
}

}  // namespace
}  // namespace prometheus_async
