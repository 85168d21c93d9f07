// SPDX-License-Identifier: Apache-2.0

#include "aio/web/application.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/http_error.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Response ask(const Application& app, std::string_view method, std::string_view target) {
  FakeRequest request(method, target);
  return get_now(app.handle(request.request()));
}

Response ok(Request& request) { return text(std::string(request.route())); }

// --- Routes, and what is around them.

TEST(Application, AnswersByItsRoutes) {
  Application app;
  app.router().add_get("/", ok);
  app.freeze();
  EXPECT_EQ(ask(app, "GET", "/").body, "/");
  EXPECT_EQ(ask(app, "HEAD", "/").status, 200);
}

TEST(Application, AnswersWhatNoRouteTakes) {
  Application app;
  app.router().add_get("/", ok);
  app.router().add_post("/", ok);
  app.freeze();
  EXPECT_EQ(ask(app, "GET", "/other").status, 404);
  const Response refused = ask(app, "PUT", "/");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.get("Allow"), "GET,HEAD,OPTIONS,POST");
  const Response options = ask(app, "OPTIONS", "/");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.get("Allow"), "GET,HEAD,OPTIONS,POST");
  EXPECT_EQ(ask(app, "OPTIONS", "*").status, 204);
  EXPECT_EQ(ask(app, "CONNECT", "a.example:443").status, 405);
}

// A middleware that leaves its name on the way in and on the way out.
Middleware trace(std::vector<std::string>& calls, std::string name) {
  return [&calls, name](Request& request, Next next) -> asio::awaitable<Response> {
    calls.push_back(name);
    Response response = co_await next(request);
    calls.push_back("-" + name);
    co_return response;
  };
}

TEST(Application, CallsTheFirstMiddlewareOutermost) {
  std::vector<std::string> calls;
  Application app;
  app.use(trace(calls, "a"));
  app.use(trace(calls, "b"));
  app.router().add_get("/", [&calls](Request&) {
    calls.emplace_back("handler");
    return text("x");
  });
  app.freeze();
  EXPECT_EQ(ask(app, "GET", "/").body, "x");
  EXPECT_THAT(calls, ElementsAre("a", "b", "handler", "-b", "-a"));
}

TEST(Application, ShowsMiddlewaresEveryAnswer) {
  std::vector<int> statuses;
  Application app;
  app.use([&statuses](Request& request, Next next) -> asio::awaitable<Response> {
    Response response = co_await next(request);
    statuses.push_back(response.status.code());
    co_return response;
  });
  app.router().add_get("/now", [](Request&) -> Response { throw HttpError(409); });
  app.router().add_get("/later", [](Request&) -> asio::awaitable<Response> {
    throw HttpError(410);
    co_return text("");
  });
  app.freeze();
  for (const char* target : {"/now", "/later", "/other"}) ask(app, "GET", target);
  ask(app, "PUT", "/now");
  EXPECT_THAT(statuses, ElementsAre(409, 410, 404, 405));
}

TEST(Application, LetsOtherExceptionsThroughMiddlewares) {
  bool was_seen = false;
  Application app;
  app.use([&was_seen](Request& request, Next next) -> asio::awaitable<Response> {
    try {
      co_return co_await next(request);
    } catch (const std::runtime_error&) {
      was_seen = true;
      throw;
    }
  });
  app.router().add_get("/", [](Request&) -> Response { throw std::runtime_error("broken"); });
  app.freeze();
  EXPECT_THROW(ask(app, "GET", "/"), std::runtime_error);
  EXPECT_TRUE(was_seen);
}

TEST(Application, LetsAMiddlewareAnswer) {
  Application app;
  app.use([](Request&, Next) -> asio::awaitable<Response> { co_return text("closed", 503); });
  app.router().add_get("/", ok);
  app.freeze();
  EXPECT_EQ(ask(app, "GET", "/").body, "closed");
}

TEST(Middleware, MayBeMovedOnly) {
  Application app;
  app.use([word = std::make_unique<std::string>("kept")](Request& request, Next next) -> asio::awaitable<Response> {
    Response response = co_await next(request);
    response.body = *word;
    co_return response;
  });
  app.router().add_get("/", ok);
  app.freeze();
  EXPECT_EQ(ask(app, "GET", "/").body, "kept");
  EXPECT_EQ(ask(app, "GET", "/").body, "kept");
}

TEST(Application, AnswersAtOnceOnlyWhatNeedsNoCoroutine) {
  Application app;
  app.router().add_get("/now", ok);
  app.router().add_get("/later", [](Request&) -> asio::awaitable<Response> { co_return text("later"); });
  app.freeze();
  FakeRequest now("GET", "/now");
  const Handler& at_once = app.dispatch(now.request());
  ASSERT_TRUE(at_once.is_immediate());
  EXPECT_EQ(at_once.call_now(now.request()).body, "/now");
  FakeRequest later("GET", "/later");
  EXPECT_FALSE(app.dispatch(later.request()).is_immediate());
  FakeRequest none("GET", "/none");
  EXPECT_EQ(app.dispatch(none.request()).call_now(none.request()).status, 404);
}

TEST(Application, PreparesEachAnswer) {
  Application app;
  app.on_response_prepare(
      [](const Request& request, Response& response) { response.headers.set("X-Route", request.route()); });
  app.router().add_get("/here", ok);
  app.freeze();
  FakeRequest request("GET", "/here");
  Response response = get_now(app.handle(request.request()));
  EXPECT_FALSE(response.headers.contains("X-Route"));
  request.request().app().prepare(request.request(), response);
  EXPECT_EQ(response.headers.get("X-Route"), "/here");
}

// --- Sub-applications.

TEST(Application, ServesSubApplicationsUnderTheirPrefix) {
  Application inner;
  inner.router().add_get("/", ok);
  inner.router().add_get("/users/{name}", ok);
  Application outer;
  outer.router().add_get("/", ok);
  outer.add_subapp("/admin", std::move(inner));
  outer.freeze();
  EXPECT_EQ(ask(outer, "GET", "/").body, "/");
  EXPECT_EQ(ask(outer, "GET", "/admin/").body, "/admin/");
  EXPECT_EQ(ask(outer, "GET", "/admin/users/Ada").body, "/admin/users/{name}");
  EXPECT_EQ(ask(outer, "GET", "/users/Ada").status, 404);
}

// Each at its own place, as in aiohttp, and without a redirection.
TEST(Application, AnswersThePrefixItselfByAnEmptyPath) {
  Application inner;
  inner.router().add_get("", ok, {.name = "prefix"});
  Application both;
  both.router().add_routes({get("", ok), get("/", ok)});
  Application innermost;
  innermost.router().add_get("", ok);
  both.add_subapp("/v2", std::move(innermost));
  Application outer;
  const Application& added = outer.add_subapp("/api", std::move(inner));
  outer.add_subapp("/both", std::move(both));
  outer.freeze();
  EXPECT_EQ(ask(outer, "GET", "/api").body, "/api");
  EXPECT_EQ(ask(outer, "GET", "/api/").status, 404);
  EXPECT_EQ(ask(outer, "POST", "/api").status, 405);
  EXPECT_EQ(ask(outer, "GET", "/both").body, "/both");
  EXPECT_EQ(ask(outer, "GET", "/both/").body, "/both/");
  EXPECT_EQ(ask(outer, "GET", "/both/v2").body, "/both/v2");
  EXPECT_EQ(added.router().url_for("prefix"), "/api");
}

TEST(Application, RefusesAnEmptyPathWithoutAPrefix) {
  Application app;
  app.router().add_get("", ok);
  EXPECT_THAT([&] { app.freeze(); }, ::testing::ThrowsMessage<std::invalid_argument>(HasSubstr("route \"\": ")));
}

// Whichever application has it.
TEST(Application, RefusesAPrefixThatIsARouteAlready) {
  Application inner;
  inner.router().add_get("", ok);
  Application outer;
  outer.router().add_get("/api", ok);
  outer.add_subapp("/api", std::move(inner));
  EXPECT_THROW(outer.freeze(), std::invalid_argument);
}

TEST(Application, NestsSubApplications) {
  Application innermost;
  innermost.router().add_get("/x", ok);
  Application inner;
  inner.add_subapp("/b", std::move(innermost));
  Application outer;
  outer.add_subapp("/a", std::move(inner));
  outer.freeze();
  EXPECT_EQ(ask(outer, "GET", "/a/b/x").body, "/a/b/x");
}

TEST(Application, StandsWithItsMiddlewaresAroundSubApplications) {
  std::vector<std::string> calls;
  Application inner;
  inner.use(trace(calls, "inner"));
  inner.router().add_get("/x", ok);
  Application outer;
  outer.use(trace(calls, "outer"));
  outer.router().add_get("/x", ok);
  outer.add_subapp("/in", std::move(inner));
  outer.freeze();
  ask(outer, "GET", "/x");
  EXPECT_THAT(calls, ElementsAre("outer", "-outer"));
  calls.clear();
  ask(outer, "GET", "/in/x");
  EXPECT_THAT(calls, ElementsAre("outer", "inner", "-inner", "-outer"));
  calls.clear();
  EXPECT_EQ(ask(outer, "GET", "/in/none").status, 404);
  EXPECT_THAT(calls, ElementsAre("outer", "inner", "-inner", "-outer"));
  calls.clear();
  ask(outer, "GET", "/inside");
  EXPECT_THAT(calls, ElementsAre("outer", "-outer"));
}

TEST(Application, PreparesAnswersOfSubApplicationsFromOutsideIn) {
  std::vector<std::string> calls;
  Application inner;
  inner.on_response_prepare([&calls](const Request&, Response&) { calls.emplace_back("inner"); });
  inner.router().add_get("/x", ok);
  Application outer;
  outer.on_response_prepare([&calls](const Request&, Response&) { calls.emplace_back("outer"); });
  outer.add_subapp("/in", std::move(inner));
  outer.freeze();
  FakeRequest request("GET", "/in/x");
  Response response = get_now(outer.handle(request.request()));
  request.request().app().prepare(request.request(), response);
  EXPECT_THAT(calls, ElementsAre("outer", "inner"));
}

TEST(Application, RefusesABadPrefix) {
  Application app;
  for (const char* prefix : {"", "admin", "/admin/", "/", "/{name}", "/a?b", "/a%20b"}) {
    try {
      app.add_subapp(prefix, Application());
      ADD_FAILURE() << prefix;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr("prefix \"" + std::string(prefix) + "\": "));
    }
  }
}

// --- What is shared.

struct Database {
  std::string name;
};
inline const AppKey<Database> kDatabase("database");
inline const AppKey<Database> kOther("database");
inline const RequestKey<std::string> kUser("user");

TEST(AppKey, FindsItsOwnValue) {
  Application app;
  EXPECT_EQ(app.find(kDatabase), nullptr);
  app.set(kDatabase, Database{"orders"});
  app.set(kOther, Database{"other"});
  EXPECT_EQ(app.get(kDatabase).name, "orders");
  EXPECT_EQ(app.get(kOther).name, "other");
  app.set(kDatabase, Database{"newer"});
  EXPECT_EQ(app.get(kDatabase).name, "newer");
}

TEST(AppKey, IsNamedWhereItHasNoValue) {
  const Application app;
  try {
    app.get(kDatabase);
    FAIL();
  } catch (const std::out_of_range& error) {
    EXPECT_STREQ(error.what(), "the application has no value for the key \"database\"");
  }
}

TEST(AppKey, IsFoundFromWithin) {
  Application inner;
  inner.router().add_get("/x", [](Request& request) {
    return text(request.app().get(kDatabase).name + " " + request.app().get(kOther).name);
  });
  inner.set(kOther, Database{"inner"});
  Application outer;
  outer.set(kDatabase, Database{"outer"});
  outer.set(kOther, Database{"hidden"});
  outer.add_subapp("/in", std::move(inner));
  outer.freeze();
  const Application moved = std::move(outer);
  EXPECT_EQ(ask(moved, "GET", "/in/x").body, "outer inner");
}

TEST(RequestKey, CarriesWhatAMiddlewareFound) {
  Application app;
  app.use([](Request& request, Next next) -> asio::awaitable<Response> {
    request.set(kUser, std::string("Ada"));
    co_return co_await next(request);
  });
  app.router().add_get("/", [](Request& request) { return text(request.get(kUser)); });
  app.freeze();
  EXPECT_EQ(ask(app, "GET", "/").body, "Ada");
  FakeRequest without("GET", "/");
  EXPECT_EQ(without.request().find(kUser), nullptr);
  EXPECT_THROW(without.request().get(kUser), std::out_of_range);
}

// --- Before the first request and after the last.

CleanupContext context(std::vector<std::string>& calls, std::string name) {
  return [&calls, name](Application&) -> asio::awaitable<Cleanup> {
    calls.push_back("set up " + name);
    co_return [&calls, name]() -> asio::awaitable<void> {
      calls.push_back("undo " + name);
      co_return;
    };
  };
}

AppCallback note(std::vector<std::string>& calls, std::string what) {
  return [&calls, what](Application&) { calls.push_back(what); };
}

AppCallback fail(std::string what) {
  return [what](Application&) -> asio::awaitable<void> {
    throw std::runtime_error(what);
    co_return;
  };
}

class Lifecycle : public ::testing::Test {
 protected:
  void start() {
    app_.freeze();
    get_now(app_.startup());
  }

  Application app_;
  std::vector<std::string> calls_;
};

TEST_F(Lifecycle, HasAiohttpsOrder) {
  app_.on_startup(note(calls_, "start"));
  app_.on_shutdown(note(calls_, "shut down"));
  app_.on_cleanup(note(calls_, "clean up"));
  app_.cleanup_ctx(context(calls_, "a"));
  app_.cleanup_ctx(context(calls_, "b"));
  start();
  get_now(app_.shutdown());
  get_now(app_.cleanup());
  EXPECT_THAT(calls_, ElementsAre("set up a", "set up b", "start", "shut down", "undo b", "undo a", "clean up"));
  get_now(app_.cleanup());
  EXPECT_EQ(calls_.size(), 7u);
}

TEST_F(Lifecycle, StartsSubApplicationsWhereTheyWereAdded) {
  Application sub;
  sub.cleanup_ctx(context(calls_, "sub"));
  sub.on_startup(note(calls_, "start sub"));
  sub.on_cleanup(note(calls_, "clean up sub"));
  app_.on_startup(note(calls_, "before"));
  app_.add_subapp("/sub", std::move(sub));
  app_.on_startup(note(calls_, "after"));
  start();
  EXPECT_THAT(calls_, ElementsAre("before", "set up sub", "start sub", "after"));
  calls_.clear();
  get_now(app_.cleanup());
  EXPECT_THAT(calls_, ElementsAre("undo sub", "clean up sub"));
}

TEST_F(Lifecycle, UndoesWhatWasSetUpIfStartupFails) {
  Application sub;
  sub.cleanup_ctx(context(calls_, "sub"));
  app_.cleanup_ctx(context(calls_, "a"));
  app_.add_subapp("/sub", std::move(sub));
  app_.on_startup(fail("no database"));
  app_.on_startup(note(calls_, "never"));
  app_.on_cleanup(note(calls_, "never"));
  app_.freeze();
  try {
    get_now(app_.startup());
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "no database");
  }
  EXPECT_THAT(calls_, ElementsAre("set up a", "set up sub", "undo sub", "undo a"));
  get_now(app_.cleanup());
  EXPECT_EQ(calls_.size(), 4u);
}

TEST_F(Lifecycle, DoesNotUndoAContextThatFailed) {
  app_.cleanup_ctx(context(calls_, "a"));
  app_.cleanup_ctx([](Application&) -> asio::awaitable<Cleanup> {
    throw std::runtime_error("not b");
    co_return Cleanup();
  });
  app_.cleanup_ctx(context(calls_, "c"));
  app_.freeze();
  EXPECT_THROW(get_now(app_.startup()), std::runtime_error);
  EXPECT_THAT(calls_, ElementsAre("set up a", "undo a"));
}

TEST_F(Lifecycle, TakesAContextWithNothingToUndo) {
  app_.cleanup_ctx([](Application&) -> asio::awaitable<Cleanup> { co_return nullptr; });
  start();
  get_now(app_.cleanup());
}

TEST_F(Lifecycle, GoesOnCleaningUpWhatever) {
  app_.cleanup_ctx(context(calls_, "a"));
  app_.on_cleanup(fail("first"));
  app_.on_cleanup(note(calls_, "second"));
  start();
  try {
    get_now(app_.cleanup());
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "first");
  }
  EXPECT_THAT(calls_, ElementsAre("set up a", "undo a", "second"));
}

TEST_F(Lifecycle, TellsOfEveryCleanupThatFailed) {
  app_.on_cleanup(fail("first"));
  app_.on_cleanup(fail("second"));
  start();
  try {
    get_now(app_.cleanup());
    FAIL();
  } catch (const CleanupError& error) {
    EXPECT_EQ(error.errors().size(), 2u);
    EXPECT_STREQ(error.what(), "2 parts of the cleanup failed:\nfirst\nsecond");
  }
}

TEST_F(Lifecycle, CleansUpNothingThatWasNotStarted) {
  app_.on_cleanup(note(calls_, "never"));
  app_.freeze();
  get_now(app_.cleanup());
  EXPECT_THAT(calls_, IsEmpty());
}

TEST_F(Lifecycle, LetsStartupSetValues) {
  app_.cleanup_ctx([](Application& app) -> asio::awaitable<Cleanup> {
    app.set(kDatabase, Database{"opened"});
    co_return nullptr;
  });
  start();
  EXPECT_EQ(app_.get(kDatabase).name, "opened");
  EXPECT_THROW(app_.set(kDatabase, Database{"late"}), std::logic_error);
}

TEST_F(Lifecycle, TakesNothingMoreOnceFrozen) {
  app_.freeze();
  EXPECT_THROW(app_.freeze(), std::logic_error);
  EXPECT_THROW(app_.router().add_get("/", ok), std::logic_error);
  EXPECT_THROW(app_.use(trace(calls_, "late")), std::logic_error);
  EXPECT_THROW(app_.on_startup(note(calls_, "late")), std::logic_error);
  EXPECT_THROW(app_.on_shutdown(note(calls_, "late")), std::logic_error);
  EXPECT_THROW(app_.on_cleanup(note(calls_, "late")), std::logic_error);
  EXPECT_THROW(app_.cleanup_ctx(context(calls_, "late")), std::logic_error);
  EXPECT_THROW(app_.on_response_prepare([](const Request&, Response&) {}), std::logic_error);
  EXPECT_THROW(app_.add_subapp("/late", Application()), std::logic_error);
}

}  // namespace
}  // namespace prometheus_async::aio::web
