// SPDX-License-Identifier: Apache-2.0

#include "tx/web/klein_resource.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tx/web/visit.h"
#include "tx/deferred.h"
#include "tx/errors.h"
#include "tx/failure.h"
#include "tx/promise.h"
#include "tx/testing/unhandled_failures.h"
#include "tx/web/body.h"
#include "tx/web/http_exception.h"
#include "tx/web/klein.h"
#include "tx/web/request.h"
#include "tx/web/resource.h"
#include "tx/web/response.h"

namespace prometheus_async::tx::web {
namespace {

using prometheus_async::testing::Visit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string get(const Klein& app, std::string_view target) { return Visit(app.resource(), "GET", target).answer(); }

class Declined : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// --- Failures without an error handler.

TEST(KleinResource, AnswersAnExceptionWith500AndALine) {
  Klein app;
  app.route("/now", [](Request&) -> std::string { throw Declined("no money"); });
  app.route("/later", [](Request&) -> Deferred<std::string> { return fail<std::string>(Declined("no money")); });
  for (const char* target : {"/now", "/later"}) {
    Visit visit(app.resource(), "GET", target);
    EXPECT_THAT(visit.answer(), StartsWith("500 "));
    EXPECT_THAT(visit.answer(), Not(HasSubstr("no money")));
    EXPECT_THAT(visit.log(), ElementsAre(HasSubstr("no money")));
  }
}

TEST(KleinResource, AnswersAnHttpExceptionWithItsResponse) {
  Klein app;
  app.route("/now", [](Request&) -> std::string { throw Forbidden("not you"); });
  app.route("/later", [](Request&) -> Deferred<void> {
    return fail<void>(HttpException(Response{.code = 402, .headers = {{"X-Price", "5"}}, .body = "pay"}));
  });
  Visit now(app.resource(), "GET", "/now");
  EXPECT_THAT(now.answer(), HasSubstr("<p>not you</p>"));
  EXPECT_THAT(now.log(), IsEmpty());
  Visit later(app.resource(), "GET", "/later");
  EXPECT_EQ(later.answer(), "402 pay");
  EXPECT_EQ(later.header("X-Price"), "5");
}

TEST(KleinResource, AnswersAUrlThatIsNotUtf8With400) {
  Klein app;
  app.route("/<name>", [](Request&, std::string name) { return name; });
  KleinResource resource = app.resource();
  Visit visit(app.resource(), "GET", "/x");
  for (const char* segment : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "caf\xc3"}) {
    visit.request().postpath() = {segment};
    EXPECT_EQ(resource.render(visit.request()).bytes(), "Non-UTF-8 encoding in URL.") << segment;
    EXPECT_EQ(visit.request().response_code(), 400);
  }
}

TEST(KleinResource, LivesThroughHostilePaths) {
  Klein app;
  app.route("/<name>", [](Request&, const std::string& name) { return std::to_string(name.size()); });
  app.route("/deep", {.branch = true},
            [](KleinRequest& request) { return std::to_string(request.branch_segments().size()); });
  const std::string long_name(8'000, 'x');
  EXPECT_EQ(get(app, "/" + long_name), "200 8000");
  std::string deep = "/deep";
  for (int i = 0; i < 2'000; ++i) deep += "/a";
  EXPECT_EQ(get(app, deep), "200 2000");
  EXPECT_THAT(get(app, std::string(8'000, '/')), StartsWith("404 "));
  EXPECT_EQ(get(app, "/a%2Fb"), "200 3");
  EXPECT_EQ(get(app, "/%25%32%66"), "200 3");  // "%2f", decoded once
}

// --- handle_errors.

TEST(KleinResource, ReadsAsInTheHeaderOfHttpException) {
  Klein app;
  app.route("/<user>", [](Request&, std::string) -> std::string { throw NotFound(); });
  app.handle_errors<NotFound>([](Request&, const NotFound&) { return "nothing here"; });
  EXPECT_EQ(get(app, "/ann"), "200 nothing here");
}

TEST(KleinResource, CallsTheFirstErrorHandlerThatFits) {
  Klein app;
  app.route("/declined", [](Request&) -> std::string { throw Declined("no money"); });
  app.route("/logic", [](Request&) -> Deferred<void> { return fail<void>(std::logic_error("no sense")); });
  app.route("/int", [](Request&) -> std::string { throw 42; });
  app.handle_errors<Declined, std::bad_alloc>(
      [](Request&, const Failure& failure) { return "first: " + failure.get_error_message(); });
  app.handle_errors<std::exception>(
      [](Request&, const std::exception& error) { return "second: " + std::string(error.what()); });
  app.handle_errors([](Request&, const Failure&) { return "last"; });
  EXPECT_EQ(get(app, "/declined"), "200 first: no money");
  EXPECT_EQ(get(app, "/logic"), "200 second: no sense");
  EXPECT_EQ(get(app, "/int"), "200 last");
}

TEST(KleinResource, AnErrorHandlerMayReturnWhatARouteMay) {
  Klein app;
  app.route("/<what>", [](Request&, std::string what) -> std::string { throw Declined(what); });
  app.handle_errors<Declined>([](Request& request, const Declined& error) -> Deferred<Response> {
    request.set_header("X-Why", error.what());
    co_return Response{.code = 402, .body = error.what()};
  });
  Visit visit(app.resource(), "GET", "/money");
  EXPECT_EQ(visit.answer(), "402 money");
  EXPECT_EQ(visit.header("X-Why"), "money");
  EXPECT_THAT(visit.log(), IsEmpty());
}

// The failure that a suspended handler was given by reference is there when it goes on.
TEST(KleinResource, KeepsTheFailureForACoroutine) {
  Promise<void> promise;
  Klein app;
  app.route("/", [](Request&) -> std::string { throw Declined("no money"); });
  app.handle_errors([&](KleinRequest& request, const Failure& failure) -> Deferred<std::string> {
    co_await promise.get_deferred();
    co_return std::string(request.pattern()) + " " + failure.get_error_message();
  });
  Visit visit(app.resource(), "GET", "/");
  EXPECT_EQ(visit.answer(), "none");
  promise.callback();
  EXPECT_EQ(visit.answer(), "200 / no money");
}

TEST(KleinResource, TheNextOnesGetTheFailureOfAnErrorHandler) {
  Klein app;
  std::vector<std::string> seen;
  app.handle_errors<std::bad_alloc>([&](Request&, const Failure&) { seen.push_back("before"); });
  app.route("/", [](Request&) -> std::string { throw Declined("first"); });
  app.handle_errors<Declined>([&](Request&, const Failure& failure) -> Deferred<void> {
    seen.push_back(failure.get_error_message());
    return fail<void>(std::bad_alloc());
  });
  app.handle_errors<std::bad_alloc>([&](Request&, const Failure&) -> std::string {
    seen.push_back("after");
    throw NotFound();
  });
  EXPECT_THAT(get(app, "/"), StartsWith("404 "));
  EXPECT_THAT(seen, ElementsAre("first", "after"));
}

TEST(KleinResource, TheSameObjectReachesEveryErrorHandler) {
  Klein app;
  const Failure failure = Failure::make<Declined>("no money");
  std::vector<const Declined*> seen;
  app.route("/", [&](Request&) { return fail<void>(failure); });
  for (int i = 0; i < 2; ++i) {
    app.handle_errors([&](Request&, const Failure& given) -> Deferred<void> {
      seen.push_back(given.check<Declined>());
      return fail<void>(given);
    });
  }
  Visit visit(app.resource(), "GET", "/");
  EXPECT_THAT(visit.answer(), StartsWith("500 "));
  EXPECT_THAT(seen, ElementsAre(failure.check<Declined>(), failure.check<Declined>()));
  EXPECT_EQ(visit.log().size(), 1u);
}

TEST(KleinResource, RoutingFailuresGoToTheErrorHandlers) {
  Klein app;
  app.route("/get/", {.methods = {"GET"}}, [](Request&) {});
  app.handle_errors<NotFound>([](Request& request, const NotFound&) { return "no " + std::string(request.path()); });
  app.handle_errors<MethodNotAllowed>([](Request&, const MethodNotAllowed& error) { return error.valid_methods()[0]; });
  app.handle_errors<RequestRedirect>([](Request&, const RequestRedirect& error) { return "to " + error.location(); });
  EXPECT_EQ(get(app, "/nothing"), "200 no /nothing");
  EXPECT_EQ(Visit(app.resource(), "PUT", "/get/").answer(), "200 GET");
  EXPECT_EQ(get(app, "/get"), "200 to /get/");
}

class Failing : public Resource {
 public:
  bool is_leaf() const override { return true; }
  Body render_get(Request&) override { throw Declined("in the resource"); }
};

TEST(KleinResource, FailuresOfAReturnedResourceGoToTheErrorHandlers) {
  Klein app;
  app.route("/", [](Request&) { return Failing(); });
  app.handle_errors<Declined>([](Request&, const Declined& error) { return std::string(error.what()); });
  EXPECT_EQ(get(app, "/"), "200 in the resource");
}

TEST(KleinResource, SaysWhichMethodsAReturnedResourceHas) {
  Klein app;
  app.route("/", [](Request&) { return Failing(); });
  Visit post(app.resource(), "POST", "/");
  EXPECT_THAT(post.answer(), StartsWith("405 "));
  EXPECT_EQ(post.header("Allow"), "GET, HEAD");
  EXPECT_THAT(Visit(app.resource(), "BREW", "/").answer(), StartsWith("501 "));
}

// As klein: what goes wrong below a branch is the inner application's own affair.
TEST(KleinResource, ErrorsOfAnInnerApplicationStayThere) {
  Klein inner;
  inner.route("/", [](Request&) -> std::string { throw Declined("inner"); });
  Klein app;
  app.route("/inner", {.branch = true}, [&](Request&) { return inner.resource(); });
  app.handle_errors([](Request&, const Failure&) { return "outer"; });
  EXPECT_THAT(get(app, "/inner"), StartsWith("500 "));
  EXPECT_THAT(get(app, "/inner/nothing"), StartsWith("404 "));
}

TEST(KleinResource, ANullResourceIs500) {
  Klein app;
  app.route("/raw", [](Request&) -> Resource* { return nullptr; });
  app.route("/shared", [](Request&) { return std::shared_ptr<Failing>(); });
  for (const char* target : {"/raw", "/shared"}) {
    Visit visit(app.resource(), "GET", target);
    EXPECT_THAT(visit.answer(), StartsWith("500 "));
    EXPECT_THAT(visit.log(), ElementsAre(HasSubstr("a null pointer is no resource")));
  }
}

// --- A client that leaves, and functions that come late.

TEST(KleinResource, ALeavingClientCancelsTheFunction) {
  int cancelled = 0;
  Promise<std::string> promise([&] { ++cancelled; });
  Klein app;
  app.route("/", [&](Request&) { return promise.get_deferred(); });
  int handled = 0;
  app.handle_errors([&](Request&, const Failure&) { ++handled; });
  Visit visit(app.resource(), "GET", "/");
  visit.leave();
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(handled, 0);
  EXPECT_TRUE(visit.request().is_finished());
  EXPECT_EQ(visit.answer(), "none");
  EXPECT_THAT(visit.log(), IsEmpty());
}

TEST(KleinResource, ALeavingClientCancelsWhatACoroutineAwaits) {
  Promise<void> promise;
  bool was_cancelled = false;
  Klein app;
  app.route("/", [&](Request&) -> Deferred<std::string> {
    try {
      co_await promise.get_deferred();
    } catch (const CancelledError&) {
      was_cancelled = true;
    }
    co_return "nobody reads this";
  });
  Visit visit(app.resource(), "GET", "/");
  visit.leave();
  EXPECT_TRUE(was_cancelled);
  EXPECT_TRUE(visit.request().is_finished());
  EXPECT_EQ(visit.answer(), "none");
}

TEST(KleinResource, ALeavingClientCancelsAnErrorHandler) {
  int cancelled = 0;
  Promise<std::string> promise([&] { ++cancelled; });
  Klein app;
  app.route("/", [](Request&) -> std::string { throw Declined("no money"); });
  app.handle_errors([&](Request&, const Failure&) { return promise.get_deferred(); });
  Visit visit(app.resource(), "GET", "/");
  visit.leave();
  EXPECT_EQ(cancelled, 1);
  EXPECT_TRUE(visit.request().is_finished());
}

TEST(KleinResource, ReportsWhatElseComesOfACancelledFunction) {
  Promise<std::string> promise([](Promise<std::string>& self) { self.errback(Declined("on the way out")); });
  Klein app;
  app.route("/", [&](Request&) { return promise.get_deferred(); });
  Visit visit(app.resource(), "GET", "/");
  visit.leave();
  EXPECT_EQ(testing::flush_logged_errors<Declined>().size(), 1u);
  EXPECT_TRUE(visit.request().is_finished());
}

// The function took no notice of being cancelled.
TEST(KleinResource, KeepsTheRequestOfALeavingClientForItsFunction) {
  Promise<void> first;
  Promise<void> second;
  Klein app;
  app.route("/<name>", [&](Request& request, std::string_view name) -> Deferred<std::string> {
    (void)co_await as_result(first.get_deferred());
    co_await second.get_deferred();
    request.write(request.path());
    co_return std::string(name);
  });
  Visit visit(app.resource(), "GET", "/x");
  visit.leave();
  EXPECT_FALSE(visit.request().is_finished());
  second.callback();
  EXPECT_TRUE(visit.request().is_finished());
  EXPECT_EQ(visit.answer(), "none");
}

TEST(KleinResource, ACancelledFunctionWithItsClientThereIsAnError) {
  Promise<std::string> promise;
  CancelHandle handle;
  Klein app;
  app.route("/", [&](Request&) {
    Deferred<std::string> d = promise.get_deferred();
    handle = d.cancel_handle();
    return d;
  });
  Visit visit(app.resource(), "GET", "/");
  handle.cancel();
  EXPECT_THAT(visit.answer(), StartsWith("500 "));
  EXPECT_EQ(visit.log().size(), 1u);
}

TEST(KleinResource, ACancelledFunctionThatHasAnsweredIsNone) {
  Promise<void> promise;
  CancelHandle handle;
  Klein app;
  app.route("/", [&](Request& request) {
    request.write("done");
    request.finish();
    Deferred<void> d = promise.get_deferred();
    handle = d.cancel_handle();
    return d;
  });
  Visit visit(app.resource(), "GET", "/");
  EXPECT_EQ(visit.answer(), "200 done");
  handle.cancel();
  EXPECT_THAT(visit.log(), IsEmpty());
}

TEST(KleinResource, AFunctionMayFinishTheRequestItself) {
  Klein app;
  app.route("/now", [](Request& request) {
    request.write("done");
    request.finish();
  });
  app.route("/later", [](Request& request) -> Deferred<void> {
    request.write("done");
    request.finish();
    co_return;
  });
  for (const char* target : {"/now", "/later"}) {
    Visit visit(app.resource(), "GET", target);
    EXPECT_EQ(visit.answer(), "200 done");
    EXPECT_THAT(visit.log(), IsEmpty());
  }
}

TEST(KleinResource, ReportsATextReturnedAfterTheFunctionFinished) {
  Promise<std::string> promise;
  Klein app;
  app.route("/now", [](Request& request) {
    request.write("done");
    request.finish();
    return "more";
  });
  app.route("/later", [&](Request& request) {
    request.finish();
    return promise.get_deferred();
  });
  EXPECT_EQ(get(app, "/now"), "200 done");
  EXPECT_EQ(testing::flush_logged_errors<WriteAfterFinishError>().size(), 1u);
  Visit visit(app.resource(), "GET", "/later");
  EXPECT_EQ(visit.answer(), "200 ");
  promise.callback("more");
  EXPECT_EQ(testing::flush_logged_errors<WriteAfterFinishError>().size(), 1u);
}

TEST(KleinResource, ReportsAFailureAfterTheFunctionFinished) {
  Promise<void> promise;
  Klein app;
  app.route("/", [&](Request& request) {
    request.finish();
    return promise.get_deferred();
  });
  int handled = 0;
  app.handle_errors([&](Request&, const Failure&) { ++handled; });
  Visit visit(app.resource(), "GET", "/");
  promise.errback(Declined("too late"));
  EXPECT_EQ(testing::flush_logged_errors<Declined>().size(), 1u);
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(visit.answer(), "200 ");
}

// The answer was not complete when its function gave up: its client must not take it for complete.
TEST(KleinResource, AFailureInTheMiddleCutsTheAnswerOff) {
  Promise<void> promise;
  Klein app;
  app.route("/", [&](Request& request) {
    request.write("one");
    return promise.get_deferred();
  });
  Visit visit(app.resource(), "GET", "/");
  EXPECT_FALSE(visit.is_answered());
  promise.errback(Declined("no more"));
  EXPECT_FALSE(visit.is_answered());
  EXPECT_THAT(visit.pieces(), ElementsAre("one"));
}

}  // namespace
}  // namespace prometheus_async::tx::web
