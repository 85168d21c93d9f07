// SPDX-License-Identifier: Apache-2.0
//
// What PushGateway sends, and what it makes of answers, against a server that says what the test wants.
// push_gateway_real_test.cc has the Pushgateway itself.
#include "exposition/push_gateway.h"

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <prometheus/collectable.h>

#include "exposition/format.h"
#include "exposition/render.h"
#include "metrics/registry.h"
#include "tests/testing/child_process.h"
#include "tests/testing/scripted_http_server.h"

namespace prometheus_async::exposition {
namespace {

using prometheus_async::testing::Answer;
using prometheus_async::testing::ReceivedRequest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// The server runs on a thread of its own, since a push blocks.
class PushGatewayTest : public ::testing::Test {
 protected:
  PushGatewayTest() : server_(context_), url_(server_.url()) { registry_.counter("runs_total", "Runs.").Increment(2); }
  ~PushGatewayTest() override { stop(); }

  void answer(Answer answer) { server_.answer(std::move(answer)); }
  void start() {
    thread_ = std::jthread([this] { context_.run(); });
  }
  void stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  // What the gateway was asked by `action`.
  ReceivedRequest request_of(const std::function<void()>& action) {
    start();
    action();
    stop();
    EXPECT_THAT(server_.requests(), SizeIs(1));
    return server_.requests().at(0);
  }

  PushError error_of(const PushGateway& gateway) {
    start();
    try {
      gateway.push(registry_);
    } catch (const PushError& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return PushError({}, 0, "");
  }

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  prometheus_async::testing::ScriptedHttpServer server_;
  std::string url_;
  metrics::Registry registry_;
  std::jthread thread_;
};

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

std::string path_of(const std::string& job, std::vector<PushGatewayOptions::Pair> grouping_key = {}) {
  const PushGateway gateway("http://a", job, {.grouping_key = std::move(grouping_key)});
  return gateway.url().substr(std::string("http://a").size());
}

// The example of exposition/push_gateway.h, with a gateway that has something against it.
TEST_F(PushGatewayTest, ExampleOfTheHeader) {
  answer(Answer::status(400, "pushed metrics are invalid"));
  start();
  const metrics::Registry& registry = registry_;
  const exposition::PushGateway gateway(url_, "nightly_backup", {.grouping_key = {{"host", "a"}}});
  ::testing::internal::CaptureStderr();
  try {
    gateway.push(registry);
  } catch (const exposition::PushError& error) {
    std::cerr << error.what() << '\n';
  }
  EXPECT_THAT(
      ::testing::internal::GetCapturedStderr(),
      StartsWith("PUT " + url_ + "/metrics/job/nightly_backup/host/a: 400 Scripted: pushed metrics are invalid\n"));
}

TEST_F(PushGatewayTest, PushPutsThePage) {
  const auto request = request_of([&] { PushGateway(url_, "backup").push(registry_); });
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/metrics/job/backup");
  EXPECT_EQ(request.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(request.body, "# HELP runs_total Runs.\n# TYPE runs_total counter\nruns_total 2\n");
  EXPECT_FALSE(request.header("authorization").has_value());
}

TEST_F(PushGatewayTest, PushAddPostsThePage) {
  const auto request = request_of([&] { PushGateway(url_, "backup").push_add(registry_); });
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/metrics/job/backup");
  EXPECT_THAT(request.body, HasSubstr("runs_total 2\n"));
}

TEST_F(PushGatewayTest, PushesInProtobufWhereThatIsAskedFor) {
  const auto request = request_of([&] { PushGateway(url_, "backup", {.format = kProtobuf}).push(registry_); });
  EXPECT_EQ(request.header("content-type"), content_type(kProtobuf));
  EXPECT_EQ(request.body, render(registry_, kProtobuf).body);
}

TEST_F(PushGatewayTest, DeleteGroupDeletes) {
  const auto request =
      request_of([&] { PushGateway(url_, "backup", {.grouping_key = {{"host", "a"}}}).delete_group(); });
  EXPECT_EQ(request.method, "DELETE");
  EXPECT_EQ(request.target, "/metrics/job/backup/host/a");
  EXPECT_EQ(request.body, "");
}

TEST_F(PushGatewayTest, AnEmptyRegistryIsPushedAsAnEmptyPage) {
  const auto request = request_of([&] { PushGateway(url_, "backup").push_add(metrics::Registry()); });
  EXPECT_EQ(request.header("content-length"), "0");
}

TEST_F(PushGatewayTest, SendsUserPasswordAndHeaders) {
  const PushGatewayOptions options{
      .user = "ali", .password = "open sesame", .headers = {{"X-Scope-OrgID", "7"}, {"X-Empty", ""}}};
  const auto request = request_of([&] { PushGateway(url_, "backup", options).push(registry_); });
  EXPECT_EQ(request.header("authorization"), "Basic YWxpOm9wZW4gc2VzYW1l");
  EXPECT_EQ(request.header("x-scope-orgid"), "7");
  EXPECT_EQ(request.header("x-empty"), "");
}

TEST_F(PushGatewayTest, TakesUserAndPasswordOutOfTheUrl) {
  const std::string url = "http://ali:open%20sesame@" + url_.substr(std::string("http://").size());
  const PushGateway gateway(url, "backup");
  EXPECT_EQ(gateway.url(), url_ + "/metrics/job/backup");
  const auto request = request_of([&] { gateway.push(registry_); });
  EXPECT_EQ(request.header("authorization"), "Basic YWxpOm9wZW4gc2VzYW1l");
}

TEST_F(PushGatewayTest, ARefusalHasStatusAndWords) {
  answer(Answer::status(400, "text format parsing error\nin line 1\n"));
  const PushError error = error_of(PushGateway(url_, "backup"));
  EXPECT_EQ(error.status(), 400);
  EXPECT_EQ(error.code(), std::errc::protocol_error);
  EXPECT_EQ(std::string(error.what()),
            "PUT " + url_ + "/metrics/job/backup: 400 Scripted: text format parsing error in line 1");
}

TEST_F(PushGatewayTest, ARedirectIsNotFollowed) {
  answer(Answer::status(302, "", "Location: " + url_ + "/elsewhere\r\n"));
  EXPECT_EQ(error_of(PushGateway(url_, "backup")).status(), 302);
  stop();
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(PushGatewayTest, KeepsNoMoreOfAnAnswerThanALogBears) {
  answer(Answer::status(500, std::string(100'000, 'x')));
  const std::string what = error_of(PushGateway(url_, "backup")).what();
  EXPECT_THAT(what, HasSubstr("500 "));
  EXPECT_LT(what.size(), 2000u);
}

TEST_F(PushGatewayTest, ASilentGatewayEndsWithTheTimeout) {
  answer(Answer::silence());
  const PushError error = error_of(PushGateway(url_, "backup", {.timeout = std::chrono::milliseconds(50)}));
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_EQ(error.status(), 0);
  EXPECT_THAT(error.what(), HasSubstr("PUT " + url_ + "/metrics/job/backup: Connection timed out: "));
}

TEST_F(PushGatewayTest, AnAnswerThatNeverEndsEndsWithTheTimeout) {
  answer(Answer::endless_body());
  EXPECT_EQ(error_of(PushGateway(url_, "backup", {.timeout = std::chrono::milliseconds(50)})).code(),
            std::errc::timed_out);
}

TEST_F(PushGatewayTest, AnAnswerThatBreaksOffIsAnError) {
  answer(Answer::cut_off("HTTP/1.1 200 OK\r\nContent-"));
  const PushError error = error_of(PushGateway(url_, "backup"));
  EXPECT_EQ(error.status(), 0);
  EXPECT_EQ(error.code(), std::errc::io_error);
}

TEST_F(PushGatewayTest, AGatewayThatIsNotThereIsNamed) {
  const prometheus_async::testing::ReservedPort port;
  const PushError error = error_of(PushGateway("127.0.0.1:" + port.text(), "backup"));
  EXPECT_EQ(error.code(), std::errc::connection_refused);
  EXPECT_THAT(error.what(),
              StartsWith("PUT http://127.0.0.1:" + port.text() + "/metrics/job/backup: Connection refused"));
}

TEST_F(PushGatewayTest, NoErrorShowsThePassword) {
  answer(Answer::status(401, "Unauthorized"));
  const std::string url = "http://ali:sesame@" + url_.substr(std::string("http://").size());
  EXPECT_THAT(error_of(PushGateway(url, "backup")).what(), Not(HasSubstr("sesame")));
}

struct Broken : prometheus::Collectable {
  std::vector<prometheus::MetricFamily> Collect() const override { throw std::runtime_error("the disk is gone"); }
};

TEST_F(PushGatewayTest, APageThatCannotBeMadeIsNotSent) {
  registry_.adopt(std::make_shared<Broken>());
  start();
  EXPECT_THROW(PushGateway(url_, "backup").push(registry_), std::runtime_error);
  stop();
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(PushGatewayTest, ServesSeveralThreadsAtATime) {
  start();
  const PushGateway gateway(url_, "backup");
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 5; ++round) gateway.push(registry_);
      });
    }
  }
  stop();
  EXPECT_THAT(server_.requests(), SizeIs(20));
}

TEST(PushGatewayPath, EscapesWhatAPathCannotHold) {
  EXPECT_EQ(path_of("a b", {{"x", "caf\xc3\xa9?&%"}}), "/metrics/job/a%20b/x/caf%c3%a9%3f%26%25");
}

// As Pushgateway's README says; its own examples among them.
TEST(PushGatewayPath, WritesValuesWithSlashesInBase64) {
  EXPECT_EQ(path_of("directory_cleaner", {{"path", "/var/tmp"}}),
            "/metrics/job/directory_cleaner/path@base64/L3Zhci90bXA");
  EXPECT_EQ(path_of("titan", {{"name", "/\xce\xa0\xcf\x81"}}), "/metrics/job/titan/name@base64/L86gz4E");
  EXPECT_EQ(path_of("/"), "/metrics/job@base64/Lw");
}

TEST(PushGatewayPath, WritesAnEmptyValueAsAnEqualsSign) {
  EXPECT_EQ(path_of("example", {{"first_label", ""}, {"second_label", "foobar"}}),
            "/metrics/job/example/first_label@base64/=/second_label/foobar");
}

TEST(PushGatewayPath, HidesValuesThatAServerWouldTidyAway) {
  EXPECT_EQ(path_of("..", {{"x", "."}}), "/metrics/job@base64/Li4/x@base64/Lg");
}

TEST(PushGatewayPath, KeepsThePathOfTheGateway) {
  EXPECT_EQ(PushGateway("https://a.example/push/", "b").url(), "https://a.example/push/metrics/job/b");
  EXPECT_EQ(PushGateway("a:9091", "b").url(), "http://a:9091/metrics/job/b");
}

TEST(PushGatewayBadInput, NamesWhatIsWrong) {
  const auto of_url = [](const std::string& url) { return refusal([&] { PushGateway(url, "job"); }); };
  EXPECT_THAT(of_url("ftp://a"), HasSubstr("neither http nor https"));
  EXPECT_THAT(of_url("http://"), HasSubstr("not a URL"));
  EXPECT_THAT(of_url("http://a/?x=1"), HasSubstr("a query or a fragment"));

  const auto of_options = [](const PushGatewayOptions& options) {
    return refusal([&] { PushGateway("http://a", "job", options); });
  };
  EXPECT_THAT(refusal([] { PushGateway("http://a", ""); }), HasSubstr("the job is empty"));
  EXPECT_THAT(refusal([] { PushGateway("http://a", "caf\xe9"); }), HasSubstr("the value of job is not UTF-8"));
  EXPECT_THAT(of_options({.grouping_key = {{"a-b", "1"}}}),
              HasSubstr("\"a-b\" of the grouping key is not a label name"));
  EXPECT_THAT(of_options({.grouping_key = {{"__a", "1"}}}), HasSubstr("is not a label name"));
  EXPECT_THAT(of_options({.grouping_key = {{"", "1"}}}), HasSubstr("is not a label name"));
  EXPECT_THAT(of_options({.grouping_key = {{"job", "1"}}}), HasSubstr("\"job\" comes twice"));
  EXPECT_THAT(of_options({.grouping_key = {{"a", "1"}, {"a", "2"}}}), HasSubstr("\"a\" comes twice"));
  EXPECT_THAT(of_options({.grouping_key = {{"a", "\xff"}}}), HasSubstr("the value of a is not UTF-8"));
  EXPECT_THAT(of_options({.format = kOpenMetrics_1_0_0}), HasSubstr("not OpenMetrics"));
  EXPECT_THAT(of_options({.headers = {{"a b", "1"}}}), HasSubstr("not a token"));
  EXPECT_THAT(of_options({.headers = {{"a", "1\r\nb: 2"}}}), HasSubstr("the header a has a control character"));
  EXPECT_THAT(of_options({.timeout = std::chrono::milliseconds(0)}), HasSubstr("the timeout is not positive"));
}

}  // namespace
}  // namespace prometheus_async::exposition
