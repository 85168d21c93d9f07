// SPDX-License-Identifier: Apache-2.0

#include "tx/web/request.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tx/web/visit.h"
#include "tx/deferred.h"
#include "tx/failure.h"
#include "tx/web/resource.h"

namespace prometheus_async::tx::web {
namespace {

using prometheus_async::testing::Visit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Gives the request to a function of the test.
class Calls : public Resource {
 public:
  using Function = std::function<Body(Request&)>;
  explicit Calls(Function function) : function_(std::move(function)) {}
  bool is_leaf() const override { return true; }
  Body render(Request& request) override { return function_(request); }

 private:
  Function function_;
};

Calls waits() {
  return Calls([](Request&) { return NOT_DONE_YET; });
}

// What a Deferred ended with.
std::function<std::string()> watch(Deferred<void> deferred) {
  auto outcome = std::make_shared<std::string>("pending");
  deferred.tap([outcome](const Result<void>& result) { *outcome = result ? "fired" : "failed"; });
  deferred.add_errback<ConnectionLostError>([outcome](const ConnectionLostError& error) { *outcome = error.what(); });
  return [outcome] { return *outcome; };
}

TEST(Request, SaysWhatWasAsked) {
  Visit visit(waits(), "GET", "/caf%C3%A9?q=a+b&q=2", "Host: example.com:80\r\nX: 1\r\nx: 2\r\n");
  const Request& request = visit.request();
  EXPECT_EQ(request.method(), "GET");
  EXPECT_EQ(request.uri(), "/caf%C3%A9?q=a+b&q=2");
  EXPECT_EQ(request.path(), "/caf%C3%A9");
  EXPECT_EQ(request.minor_version(), 1);
  EXPECT_EQ(request.get_header("X"), "2");
  EXPECT_EQ(request.get_header("Y"), std::nullopt);
  EXPECT_EQ(request.host(), "example.com:80");
  EXPECT_THAT(request.args().get_all("q"), ElementsAre("a b", "2"));
  EXPECT_EQ(request.client_address().host, "192.0.2.1");
  EXPECT_FALSE(request.is_secure());
  visit.request().finish();
}

TEST(Request, AnswersLaterInOnePiece) {
  Visit visit(waits(), "GET", "/");
  EXPECT_FALSE(visit.is_answered());
  visit.request().write("hello ");
  visit.request().write("world");
  visit.request().finish();
  EXPECT_EQ(visit.answer(), "200 hello world");
  EXPECT_THAT(visit.pieces(), ElementsAre("hello world"));
  EXPECT_EQ(visit.header("Content-Type"), "text/html");
}

TEST(Request, AnswersInPiecesAsTheyCome) {
  Visit visit(waits(), "GET", "/");
  Request& request = visit.request();
  request.set_response_code(201);
  request.set_header("Content-Type", "text/plain");
  request.write("hello ");
  EXPECT_THAT(visit.pieces(), ElementsAre("hello "));
  request.set_response_code(404);  // too late
  request.write("world");
  EXPECT_THAT(visit.pieces(), ElementsAre("hello ", "world"));
  request.finish();
  EXPECT_EQ(visit.answer(), "201 hello world");
  EXPECT_EQ(visit.header("Content-Type"), "text/plain");
}

TEST(Request, PutsWhatWasWrittenBeforeWhatIsReturned) {
  Visit visit(Calls([](Request& request) -> Body {
                request.write("hello ");
                return "world";
              }),
              "GET", "/");
  EXPECT_EQ(visit.answer(), "200 hello world");
}

TEST(Request, IsAnsweredWithNothing) {
  Visit visit(waits(), "GET", "/");
  visit.request().finish();
  EXPECT_EQ(visit.answer(), "200 ");
  EXPECT_EQ(visit.header("Content-Type"), std::nullopt);
}

TEST(Request, Redirects) {
  Visit visit(Calls([](Request& request) -> Body {
                request.redirect("/there");
                return "";
              }),
              "GET", "/");
  EXPECT_EQ(visit.answer(), "302 ");
  EXPECT_EQ(visit.header("Location"), "/there");
}

TEST(Request, RefusesAWriteAfterFinish) {
  Visit visit(waits(), "GET", "/x");
  const std::shared_ptr<Request> request = visit.request().shared_from_this();
  request->write("hello");
  request->finish();
  try {
    request->write("more");
    FAIL();
  } catch (const WriteAfterFinishError& error) {
    EXPECT_STREQ(error.what(), "prometheus_async: GET /x: write() after finish()");
  }
  EXPECT_EQ(visit.answer(), "200 hello");
  EXPECT_THROW(request->write("more"), WriteAfterFinishError);  // when it is over, too
  EXPECT_THAT(visit.log(), IsEmpty());
}

TEST(Request, WarnsOfASecondFinish) {
  Visit visit(waits(), "GET", "/x");
  visit.request().finish();
  visit.request().finish();
  EXPECT_EQ(visit.answer(), "200 ");
  EXPECT_THAT(visit.log(), ElementsAre("GET /x: finish() called twice"));
}

TEST(Request, WarnsOfBytesReturnedAfterFinish) {
  Visit visit(Calls([](Request& request) -> Body {
                request.write("hello");
                request.finish();
                return "world";
              }),
              "GET", "/x");
  EXPECT_EQ(visit.answer(), "200 hello");
  EXPECT_THAT(visit.log(), ElementsAre("GET /x: bytes returned after finish()"));
}

TEST(Request, TellsEverybodyWhenItIsFinished) {
  Visit visit(waits(), "GET", "/");
  const auto one = watch(visit.request().notify_finish());
  const auto two = watch(visit.request().notify_finish());
  visit.request().write("hello");
  EXPECT_FALSE(visit.is_answered());
  EXPECT_EQ(one(), "pending");
  visit.request().finish();
  EXPECT_TRUE(visit.is_answered());
  EXPECT_EQ(one(), "fired");
  EXPECT_EQ(two(), "fired");
}

TEST(Request, TellsOfAnAnswerInOnePieceToo) {
  std::function<std::string()> outcome;
  Visit visit(Calls([&](Request& request) -> Body {
                outcome = watch(request.notify_finish());
                return "hello";
              }),
              "GET", "/");
  EXPECT_EQ(outcome(), "fired");
}

TEST(Request, TellsOfAClientThatLeaves) {
  Visit visit(waits(), "GET", "/");
  Request& request = visit.request();
  const auto finished = watch(request.notify_finish());
  visit.leave();
  EXPECT_EQ(finished(), "the client has left");
  EXPECT_TRUE(request.is_disconnected());
  EXPECT_EQ(watch(request.notify_finish())(), "the client has left");  // asked late
  EXPECT_EQ(watch(request.drained())(), "the client has left");
  request.finish();
}

TEST(Request, DropsWhatIsWrittenForAClientThatHasLeft) {
  Visit visit(waits(), "GET", "/x");
  Request& request = visit.request();
  request.write("hello");
  EXPECT_THAT(visit.pieces(), ElementsAre("hello"));
  visit.leave();
  request.write("world");
  EXPECT_EQ(request.buffered(), 0u);
  EXPECT_EQ(request.path(), "/x");  // what was asked is still there
  request.finish();
  EXPECT_THROW(request.write("!"), WriteAfterFinishError);
  EXPECT_THAT(visit.pieces(), ElementsAre("hello"));
  EXPECT_THAT(visit.log(), IsEmpty());
}

TEST(Request, CancelledNotificationsAreForgotten) {
  Visit visit(waits(), "GET", "/");
  Deferred<void> finished = visit.request().notify_finish();
  const auto outcome = watch(std::move(finished.add_errback<CancelledError>([](const CancelledError&) {})));
  visit.request().finish();
  EXPECT_TRUE(visit.is_answered());
  EXPECT_EQ(outcome(), "fired");
}

TEST(Request, IsDrainedWhenNothingWaits) {
  Visit visit(waits(), "GET", "/");
  Request& request = visit.request();
  EXPECT_EQ(watch(request.drained())(), "fired");
  request.write("hello");
  EXPECT_EQ(request.buffered(), 5u);
  const auto drained = watch(request.drained());
  EXPECT_EQ(drained(), "pending");
  EXPECT_THAT(visit.pieces(), ElementsAre("hello"));
  EXPECT_EQ(drained(), "fired");
  EXPECT_EQ(request.buffered(), 0u);
  request.finish();
}

TEST(Request, MakesA500OfWhatFailsLater) {
  Visit visit(waits(), "GET", "/x");
  visit.request().set_header("X-Mine", "1");
  visit.request().write("half of ");
  visit.request().processing_failed(Failure::make<std::runtime_error>("out of luck"));
  EXPECT_THAT(visit.answer(), StartsWith("500 <html>"));
  EXPECT_EQ(visit.header("X-Mine"), std::nullopt);
  EXPECT_THAT(visit.log(), ElementsAre("GET /x: out of luck"));
}

TEST(Request, CutsOffWhatFailsInTheMiddle) {
  Visit visit(waits(), "GET", "/x");
  visit.request().write("half of ");
  const auto finished = watch(visit.request().notify_finish());
  EXPECT_THAT(visit.pieces(), ElementsAre("half of "));
  visit.request().processing_failed(Failure::make<std::runtime_error>("out of luck"));
  EXPECT_EQ(visit.answer(), "none");
  EXPECT_EQ(finished(), "the answer failed in the middle");
  EXPECT_THAT(visit.log(), ElementsAre("GET /x: out of luck"));
}

TEST(Request, GoesWhenItsAnswerIsDone) {
  const auto token = std::make_shared<int>(5);
  Visit visit(waits(), "GET", "/");
  std::weak_ptr<Request> request = visit.request().weak_from_this();
  visit.request().keep(token);
  visit.request().finish();
  EXPECT_TRUE(visit.is_answered());
  EXPECT_EQ(request.use_count(), 1);  // the Visit's own
}

}  // namespace
}  // namespace prometheus_async::tx::web
