// SPDX-License-Identifier: Apache-2.0

#include "aio/web/basic_auth.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include "aio/web/application.h"
#include "aio/web/testing/test_server.h"
#include "tests/aio/web/fake_request.h"
#include "tests/testing/child_process.h"
#include "tests/testing/run.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::aio::web::testing::TestServer;
using prometheus_async::testing::ChildProcess;
using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::run;
using prometheus_async::testing::start;
using Verdict = BasicAuth::Verdict;

// "alpha" and "beta", at the lowest cost.
constexpr char kAlpha[] = "$2b$04$abcdefghijklmnopqrstuumI1j9xJ4nLZuC0bcNntAKeAUIKg94di";
constexpr char kBeta[] = "$2b$04$abcdefghijklmnopqrstuu.9KFyR/0UvxStcSSti4azbT5Q7IHr1.";
// Nobody's, and half a second to find out.
constexpr char kSlow[] = "$2b$13$abcdefghijklmnopqrstuumI1j9xJ4nLZuC0bcNntAKeAUIKg94di";

std::string both(const std::optional<BasicCredentials>& credentials) {
  return credentials ? credentials->user + "|" + credentials->password : "none";
}

TEST(BasicCredentials, AreBase64AfterTheScheme) {
  EXPECT_EQ(both(parse_basic_credentials("Basic YWxpY2U6YWxwaGE=")), "alice|alpha");
  EXPECT_EQ(both(parse_basic_credentials("bAsIC YWxpY2U6YWxwaGE=")), "alice|alpha");
  EXPECT_EQ(both(parse_basic_credentials("Basic   YWxpY2U6YWxwaGE=")), "alice|alpha");
}

// alice:a:b, alice:, :, and :alpha.
TEST(BasicCredentials, AreSplitAtTheFirstColon) {
  EXPECT_EQ(both(parse_basic_credentials("Basic YWxpY2U6YTpi")), "alice|a:b");
  EXPECT_EQ(both(parse_basic_credentials("Basic YWxpY2U6")), "alice|");
  EXPECT_EQ(both(parse_basic_credentials("Basic Og==")), "|");
  EXPECT_EQ(both(parse_basic_credentials("Basic OmFscGhh")), "|alpha");
}

TEST(BasicCredentials, AreNoneInAnythingElse) {
  for (const char* value : {"", "Basic", "Basic ", "Basic YWxpY2U=", "Basic %%%", "Bearer YWxpY2U6YWxwaGE=",
                            "BasicYWxpY2U6YWxwaGE=", "YWxpY2U6YWxwaGE=", "Basic YWxpY2U6YWxwaGE=x"}) {
    EXPECT_EQ(both(parse_basic_credentials(value)), "none") << value;
  }
}

class BasicAuthTest : public ::testing::Test {
 protected:
  Verdict verify(const std::string& user, const std::string& password) {
    return run(io_context_, auth_->verify(user, password));
  }

  // The status of the answer to a request with these fields; 0 if it may pass.
  int refusal(const std::vector<std::string>& authorizations) {
    FakeRequest request("GET", "/");
    for (const std::string& value : authorizations) request.head().headers.add("Authorization", value);
    std::optional<Response> response = run(io_context_, auth_->refusal(request.request()));
    if (!response) return 0;
    EXPECT_EQ(response->headers.get("WWW-Authenticate"), "Basic");
    EXPECT_EQ(response->body, "Unauthorized\n");
    return response->status.code();
  }

  asio::io_context io_context_{1};
  std::shared_ptr<BasicAuth> auth_ = std::make_shared<BasicAuth>(BasicAuthUsers{{"alice", kAlpha}, {"bob", kBeta}});
};

TEST_F(BasicAuthTest, KnowsUsers) {
  EXPECT_EQ(verify("alice", "alpha"), Verdict::kAccepted);
  EXPECT_EQ(verify("bob", "beta"), Verdict::kAccepted);
  EXPECT_EQ(verify("alice", "beta"), Verdict::kRefused);
  EXPECT_EQ(verify("carol", "alpha"), Verdict::kRefused);
}

TEST_F(BasicAuthTest, ComputesOnce) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(verify("alice", "alpha"), Verdict::kAccepted);
    EXPECT_EQ(verify("alice", "wrong"), Verdict::kRefused);
  }
  EXPECT_EQ(auth_->checks(), 2u);
}

TEST_F(BasicAuthTest, ThoseWhoAskAtOnceWaitForOneComputation) {
  std::vector<std::shared_ptr<prometheus_async::testing::Pending<Verdict>>> pending;
  for (int i = 0; i < 5; ++i) pending.push_back(start(io_context_, auth_->verify("alice", "alpha")));
  for (const auto& each : pending) EXPECT_EQ(finish(io_context_, *each), Verdict::kAccepted);
  EXPECT_EQ(auth_->checks(), 1u);
}

TEST_F(BasicAuthTest, DoesNotHoldUpTheLoop) {
  auth_ = std::make_shared<BasicAuth>(BasicAuthUsers{{"alice", kSlow}});
  const auto pending = start(io_context_, auth_->verify("alice", "alpha"));
  io_context_.poll();
  EXPECT_EQ(auth_->checks(), 0u);
  EXPECT_EQ(finish(io_context_, *pending), Verdict::kRefused);
  EXPECT_EQ(auth_->checks(), 1u);
}

TEST_F(BasicAuthTest, HasALimitOfThoseWhoWait) {
  auth_ = std::make_shared<BasicAuth>(BasicAuthUsers{{"alice", kSlow}});
  std::vector<std::shared_ptr<prometheus_async::testing::Pending<Verdict>>> pending;
  for (std::size_t i = 0; i < BasicAuth::kMaxWaiting; ++i) {
    pending.push_back(start(io_context_, auth_->verify("alice", std::to_string(i))));
  }
  io_context_.poll();
  EXPECT_EQ(verify("alice", "one more"), Verdict::kBusy);
  FakeRequest request("GET", "/");
  request.head().headers.add("Authorization", "Basic YWxpY2U6YWxwaGE=");
  const std::optional<Response> response = run(io_context_, auth_->refusal(request.request()));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status.code(), 503);
  EXPECT_EQ(response->headers.get("Retry-After"), "1");

  // One that is waited for takes no further place.
  const auto same = start(io_context_, auth_->verify("alice", "0"));
  io_context_.poll();
  EXPECT_FALSE(same->done());
  pending.push_back(same);
  for (const auto& each : pending) each->cancel(asio::cancellation_type::terminal);
  for (const auto& each : pending) EXPECT_THROW(finish(io_context_, *each), boost::system::system_error);
}

TEST_F(BasicAuthTest, WhoIsCancelledLeavesTheResultToOthers) {
  const auto first = start(io_context_, auth_->verify("alice", "alpha"));
  const auto second = start(io_context_, auth_->verify("alice", "alpha"));
  io_context_.run_one();
  io_context_.run_one();
  first->cancel(asio::cancellation_type::terminal);
  try {
    finish(io_context_, *first);  // either is right: the result may have come before
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  }
  EXPECT_EQ(finish(io_context_, *second), Verdict::kAccepted);
  EXPECT_EQ(auth_->checks(), 1u);
}

TEST_F(BasicAuthTest, ALoopMayGoWhileItWaits) {
  auth_ = std::make_shared<BasicAuth>(BasicAuthUsers{{"alice", kSlow}});
  {
    asio::io_context other;
    const auto pending = start(other, auth_->verify("alice", "alpha"));
    other.poll();
    EXPECT_FALSE(pending->done());
  }
  EXPECT_EQ(verify("alice", "alpha"), Verdict::kRefused);
  EXPECT_EQ(auth_->checks(), 1u);
}

TEST_F(BasicAuthTest, ServesSeveralLoops) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      asio::io_context loop(1);
      for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(run(loop, auth_->verify("alice", "alpha")), Verdict::kAccepted);
        EXPECT_EQ(run(loop, auth_->verify("bob", std::to_string(round))), Verdict::kRefused);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(auth_->checks(), 4u);
}

TEST_F(BasicAuthTest, RefusesAllThatIsNotOnePassword) {
  EXPECT_EQ(refusal({}), 401);
  EXPECT_EQ(refusal({"Basic YWxpY2U6YWxwaGE="}), 0);
  EXPECT_EQ(refusal({"Basic YWxpY2U6YmV0YQ=="}), 401);
  EXPECT_EQ(refusal({"Bearer YWxpY2U6YWxwaGE="}), 401);
  EXPECT_EQ(refusal({"Basic YWxpY2U6YWxwaGE=", "Basic YWxpY2U6YWxwaGE="}), 401);
}

// With curl, which sends a password only if it is asked for one, as any client may.
TEST_F(BasicAuthTest, StandsBeforeAnApplication) {
  Application app;
  app.use(basic_auth(auth_));
  app.router().add_get("/", [](Request&) { return text("hello\n"); });
  TestServer server(std::move(app));
  const auto curl = [&](std::vector<std::string> arguments, std::string_view path = "/") {
    arguments.insert(arguments.begin(), {"curl", "--silent", "--noproxy", "*", "--max-time", "20"});
    arguments.insert(arguments.end(), {"--write-out", "%{http_code}", server.url(path)});
    ChildProcess process(arguments);
    EXPECT_EQ(process.wait_for_exit(), 0) << process.output();
    return process.output();
  };
  EXPECT_EQ(curl({}), "Unauthorized\n401");
  EXPECT_EQ(curl({"--user", "alice:alpha"}), "hello\n200");
  EXPECT_EQ(curl({"--user", "alice:beta"}), "Unauthorized\n401");
  EXPECT_EQ(curl({"--anyauth", "--user", "bob:beta"}), "hello\n200");
  EXPECT_EQ(curl({}, "/none"), "Unauthorized\n401");  // nor is it said what there is
  EXPECT_EQ(server.log(), std::vector<std::string>());
}

}  // namespace
}  // namespace prometheus_async::aio::web
