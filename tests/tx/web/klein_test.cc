// SPDX-License-Identifier: Apache-2.0

#include "tx/web/klein.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/registry.h"
#include "tests/tx/web/visit.h"
#include "tx/deferred.h"
#include "tx/promise.h"
#include "tx/time.h"
#include "tx/web/body.h"
#include "tx/web/request.h"
#include "tx/web/resource.h"
#include "tx/web/response.h"

namespace prometheus_async::tx::web {
namespace {

using prometheus_async::testing::Visit;
using ::testing::ElementsAre;
using ::testing::StartsWith;

std::string get(const Klein& app, std::string_view target) { return Visit(app.resource(), "GET", target).answer(); }

template <class F>
std::string error(F function) {
  try {
    function();
  } catch (const std::invalid_argument& reason) {
    return reason.what();
  }
  return "none";
}

// Says what is left of the path for it.
class Where : public Resource {
 public:
  explicit Where(std::string name = "where") : name_(std::move(name)) {}
  bool is_leaf() const override { return true; }
  Body render_get(Request& request) override {
    std::string said = name_ + ": ";
    for (const std::string& segment : request.prepath()) said.append("/").append(segment);
    said += " and";
    for (const std::string& segment : request.postpath()) said.append(" ").append(segment);
    return said;
  }

 private:
  std::string name_;
};

struct User {
  std::string name;
};

Deferred<User> find_user(int id) { return succeed(User{"user " + std::to_string(id)}); }

TEST(Klein, ReadsAsInTheHeader) {
  Klein app;
  app.route("/", [](Request&) { return "hello"; });
  app.route("/users/<int:id>",
            [](Request&, int id) -> Deferred<std::string> { co_return (co_await find_user(id)).name; });
  app.route("/metrics", [](Request&) { return Where(); });
  EXPECT_EQ(get(app, "/"), "200 hello");
  EXPECT_EQ(get(app, "/users/7"), "200 user 7");
  EXPECT_EQ(get(app, "/metrics"), "200 where: /metrics and");
}

// --- Values.

TEST(Klein, GivesTheValuesOfThePatternInItsOrder) {
  Klein app;
  app.route("/<int:a>/<b>/<float:c>/<path:d>",
            [](Request&, std::int64_t a, std::string b, double c, std::string_view d) {
              return std::to_string(a) + "|" + b + "|" + std::to_string(c) + "|" + std::string(d);
            });
  EXPECT_EQ(get(app, "/1/x%2Fy/2.5/p/q"), "200 1|x/y|2.500000|p/q");
}

TEST(Klein, ANumberThatTheParameterDoesNotHoldIsNotFound) {
  Klein app;
  app.route("/byte/<int:n>", [](Request&, std::uint8_t n) { return std::to_string(n); });
  app.route("/count/<int(signed=True):n>", [](Request&, unsigned n) { return std::to_string(n); });
  EXPECT_EQ(get(app, "/byte/255"), "200 255");
  EXPECT_THAT(get(app, "/byte/256"), StartsWith("404 "));
  EXPECT_THAT(get(app, "/count/-1"), StartsWith("404 "));
}

// What a coroutine got by reference and by view is there after it was suspended; so are its captures.
TEST(Klein, KeepsValuesAndCapturesForACoroutine) {
  Promise<void> promise;
  auto waited = std::make_shared<Deferred<void>>(promise.get_deferred());
  const auto greeting = std::make_shared<std::string>("a greeting too long for the text to be within the string");
  std::optional<Klein> app(std::in_place);
  app->route(
      "/<a>/<b>/<c>",
      [waited, greeting](Request&, const std::string& a, std::string_view b, std::string c) -> Deferred<std::string> {
        co_await std::move(*waited);
        co_return *greeting + " " + a + " " + std::string(b) + " " + c;
      });
  const std::string text(100, 'x');
  Visit visit(app->resource(), "GET", "/" + text + "/" + text + "/" + text);
  app.reset();
  EXPECT_EQ(visit.answer(), "none");
  promise.callback();
  EXPECT_EQ(visit.answer(), "200 " + *greeting + " " + text + " " + text + " " + text);
}

std::string free_function(Request&, int id) { return "free " + std::to_string(id); }

struct Functor {
  std::string operator()(Request&, int id) { return "call " + std::to_string(++calls) + " with " + std::to_string(id); }
  int calls = 0;
};

TEST(Klein, TakesAnyFunctionWithOneSignature) {
  Klein app;
  app.route("/free/<int:id>", free_function);
  app.route("/functor/<int:id>", Functor());
  app.route("/std/<int:id>", std::function<std::string(Request&, int)>(free_function));
  app.route("/noexcept", [](Request&) noexcept { return "noexcept"; });
  app.route("/mutable", [calls = 0](Request&) mutable { return std::to_string(++calls); });
  app.route("/move_only", [text = std::make_unique<std::string>("moved")](const Request&) { return *text; });
  EXPECT_EQ(get(app, "/free/1"), "200 free 1");
  EXPECT_EQ(get(app, "/functor/2"), "200 call 1 with 2");
  EXPECT_EQ(get(app, "/functor/2"), "200 call 2 with 2");
  EXPECT_EQ(get(app, "/std/3"), "200 free 3");
  EXPECT_EQ(get(app, "/noexcept"), "200 noexcept");
  EXPECT_EQ(get(app, "/mutable"), "200 1");
  EXPECT_EQ(get(app, "/move_only"), "200 moved");
}

TEST(Klein, TakesADecoratedFunction) {
  metrics::Registry registry;
  auto& seconds = registry.histogram("seconds", "time");
  Klein app;
  app.route("/now/<int:id>", tx::time(seconds)([](Request&, int id) { return std::to_string(id); }));
  app.route("/later/<name>", tx::time(seconds)(tx::time(seconds)(
                                 [](Request&, std::string name) -> Deferred<std::string> { co_return name; })));
  EXPECT_EQ(get(app, "/now/7"), "200 7");
  EXPECT_EQ(get(app, "/later/x"), "200 x");
  EXPECT_EQ(registry.get_sample_value("seconds_count"), 3);
}

TEST(Klein, SaysWhereFunctionAndPatternDoNotGoTogether) {
  Klein app;
  EXPECT_EQ(error([&] { app.route("/<a>/<b>", [](Request&, std::string) {}); }),
            "route \"/<a>/<b>\": the pattern gives 2 value(s), and the function takes 1 after the request");
  EXPECT_EQ(error([&] { app.route("/a", [](Request&, int) {}); }),
            "route \"/a\": the pattern gives 0 value(s), and the function takes 1 after the request");
  EXPECT_EQ(error([&] { app.route("/<int:id>", [](Request&, std::string) {}); }),
            "route \"/<int:id>\": <id> is an integer, and the function takes text there");
  EXPECT_EQ(error([&] { app.route("/<uuid:id>", [](Request&, int) {}); }),
            "route \"/<uuid:id>\": <id> is text, and the function takes an integer there");
  EXPECT_EQ(error([&] { app.route("/<int:x>", [](Request&, double) {}); }),
            "route \"/<int:x>\": <x> is an integer, and the function takes a floating-point number there");
}

TEST(Klein, SaysWhatIsWrongWithAPattern) {
  Klein app;
  EXPECT_EQ(error([&] { app.route("a", [](Request&) {}); }), "route \"a\": does not begin with /");
  EXPECT_EQ(error([&] { app.route("/<int:>", [](Request&, int) {}); }),
            "route \"/<int:>\": a name is letters, digits and _, and begins with no digit");
  app.route("/a", [](Request&) {});
  EXPECT_EQ(error([&] { app.route("/a", {.methods = {"GET"}}, [](Request&) {}); }),
            "route \"/a\": never reached, since \"/a\" answers the same paths and methods");
}

// --- Results.

TEST(Klein, AnswersWithText) {
  Klein app;
  app.route("/string", [](Request&) { return std::string("string"); });
  app.route("/view", [](Request&) { return std::string_view("view"); });
  app.route("/literal", [](Request&) -> const char* { return "literal"; });
  app.route("/body", [](Request&) { return Body("body"); });
  app.route("/nothing", [](Request&) {});
  app.route("/deferred", [](Request&) { return succeed(std::string("deferred")); });
  app.route("/deferred/literal", [](Request&) -> Deferred<const char*> { co_return "literal"; });
  app.route("/deferred/nothing", [](Request&) -> Deferred<void> { co_return; });
  for (const char* text : {"string", "view", "literal", "body", "deferred"}) {
    EXPECT_EQ(get(app, "/" + std::string(text)), "200 " + std::string(text));
  }
  EXPECT_EQ(get(app, "/nothing"), "200 ");
  EXPECT_EQ(get(app, "/deferred/literal"), "200 literal");
  EXPECT_EQ(get(app, "/deferred/nothing"), "200 ");
}

TEST(Klein, ReadsAsInTheHeaderOfResponse) {
  Klein app;
  app.route("/teapot", [](Request&) {
    return Response{.code = 418, .headers = {{"Content-Type", "text/plain"}}, .body = "short and stout"};
  });
  EXPECT_EQ(get(app, "/teapot"), "418 short and stout");
}

TEST(Klein, AnswersWithAResponse) {
  Klein app;
  const auto respond = [](Request& request) {
    request.set_header("X-Pot", "coffee");
    request.set_header("X-Kept", "kept");
    return Response{.code = 418, .headers = {{"X-Pot", "tea"}, {"X-Pot", "more tea"}}, .body = "short"};
  };
  app.route("/now", respond);
  app.route("/later", [respond](Request& request) { return succeed(respond(request)); });
  for (const char* target : {"/now", "/later"}) {
    Visit visit(app.resource(), "GET", target);
    EXPECT_EQ(visit.answer(), "418 short");
    EXPECT_EQ(visit.header("X-Kept"), "kept");
    EXPECT_THAT(visit.request().response_headers().get_all("X-Pot"), ElementsAre("tea", "more tea"));
  }
}

TEST(Klein, AnswersWithAResourceHoweverItIsGiven) {
  Where owned("reference");
  Klein app;
  app.route("/value", [](Request&) { return Where("value"); });
  app.route("/reference", [&](Request&) -> Where& { return owned; });
  app.route("/pointer", [&](Request&) -> Resource* { return &owned; });
  app.route("/unique", [](Request&) { return std::make_unique<Where>("unique"); });
  app.route("/shared", [](Request&) { return std::make_shared<Where>("shared"); });
  app.route("/resource_ptr", [](Request&) { return ResourcePtr(Where("any")); });
  app.route("/deferred", [](Request&) -> Deferred<Where> { co_return Where("deferred"); });
  app.route("/deferred/unique", [](Request&) { return succeed(std::make_unique<Where>("unique")); });
  EXPECT_EQ(get(app, "/value"), "200 value: /value and");
  EXPECT_EQ(get(app, "/reference"), "200 reference: /reference and");
  EXPECT_EQ(get(app, "/pointer"), "200 reference: /pointer and");
  EXPECT_EQ(get(app, "/unique"), "200 unique: /unique and");
  EXPECT_EQ(get(app, "/shared"), "200 shared: /shared and");
  EXPECT_EQ(get(app, "/resource_ptr"), "200 any: /resource_ptr and");
  EXPECT_EQ(get(app, "/deferred"), "200 deferred: /deferred and");
  EXPECT_EQ(get(app, "/deferred/unique"), "200 unique: /deferred/unique and");
}

TEST(Klein, LetsTheFunctionWriteAndFinishesForIt) {
  Klein app;
  Promise<void> promise;
  app.route("/", [&](Request& request) {
    request.write("one");
    return promise.get_deferred().add_callback([&request] { request.write("two"); });
  });
  Visit visit(app.resource(), "GET", "/");
  EXPECT_EQ(visit.answer(), "none");
  promise.callback();
  EXPECT_EQ(visit.answer(), "200 onetwo");
  EXPECT_THAT(visit.pieces(), ElementsAre("one", "two"));
}

TEST(Klein, PutsTheReturnedTextBehindWhatWasWritten) {
  Klein app;
  app.route("/", [](Request& request) {
    request.write("one ");
    return "two";
  });
  EXPECT_EQ(get(app, "/"), "200 one two");
}

TEST(Klein, LeavesTheRestToAFunctionThatIsNotDone) {
  Klein app;
  Request* kept = nullptr;
  app.route("/", [&](Request& request) {
    kept = &request;
    return NOT_DONE_YET;
  });
  Visit visit(app.resource(), "GET", "/");
  EXPECT_EQ(visit.answer(), "none");
  kept->write("done");
  kept->finish();
  EXPECT_EQ(visit.answer(), "200 done");
}

// Writes a piece whenever it is told to.
class Producer : public Resource {
 public:
  explicit Producer(std::array<Promise<void>, 2>& steps) : steps_(steps) {}
  bool is_leaf() const override { return true; }
  Body render_get(Request& request) override {
    (void)produce(request);
    return NOT_DONE_YET;
  }

 private:
  Deferred<void> produce(Request& request) {
    for (Promise<void>& step : steps_) {
      co_await step.get_deferred();
      request.write(piece_);
    }
    request.finish();
  }

  std::array<Promise<void>, 2>& steps_;
  const std::string piece_ = "a piece too long for the text to be within the string";
};

// The resource lives as long as the request, although the function returned it by value.
TEST(Klein, AResourceMayWriteAfterTheFunctionReturned) {
  std::array<Promise<void>, 2> steps;
  Klein app;
  app.route("/", [&](Request&) { return Producer(steps); });
  Visit visit(app.resource(), "GET", "/");
  const std::string piece = "a piece too long for the text to be within the string";
  steps[0].callback();
  EXPECT_EQ(visit.answer(), "none");
  EXPECT_THAT(visit.pieces(), ElementsAre(piece));
  steps[1].callback();
  EXPECT_EQ(visit.answer(), "200 " + piece + piece);
}

// --- Methods and slashes.

TEST(Klein, AnswersEachMethodByItsRoute) {
  Klein app;
  app.route("/a", {.methods = {"POST"}}, [](Request&) { return "post"; });
  app.route("/a", {.methods = {"GET"}}, [](Request&) { return "get"; });
  EXPECT_EQ(Visit(app.resource(), "POST", "/a").answer(), "200 post");
  EXPECT_EQ(Visit(app.resource(), "GET", "/a").answer(), "200 get");
  EXPECT_EQ(Visit(app.resource(), "HEAD", "/a").answer(), "200 get");  // which the connection does not send
  Visit visit(app.resource(), "DELETE", "/a");
  EXPECT_THAT(visit.answer(), StartsWith("405 "));
  EXPECT_EQ(visit.header("Allow"), "GET, HEAD, POST");
}

TEST(Klein, RedirectsToTheSlash) {
  Klein app;
  app.route("/a/", [](Request&) { return "a"; });
  app.route("/loose/", {.strict_slashes = false}, [](Request& request) { return std::string(request.path()); });
  Visit visit(app.resource(), "GET", "/a?b=c&d");
  EXPECT_THAT(visit.answer(), StartsWith("308 "));
  EXPECT_EQ(visit.header("Location"), "/a/?b=c&d");
  EXPECT_EQ(get(app, "/loose"), "200 /loose");
  EXPECT_EQ(Visit(app.resource(), "GET", "//a/").header("Location"), "/a/");
}

// A Location that began with two slashes would name another host.
TEST(Klein, RedirectsToNoOtherHost) {
  Klein app;
  app.route("/<path:p>/", [](Request&, std::string) {});
  Resource root;
  Resource empty;
  empty.put_child("", app.resource());
  root.put_child("", std::move(empty));
  EXPECT_EQ(Visit(app.resource(), "GET", "//evil.example/x").header("Location"), "/evil.example/x/");
  EXPECT_EQ(Visit(app.resource(), "GET", "/%5Cevil.example").header("Location"), "/%5Cevil.example/");
  EXPECT_EQ(Visit(std::move(root), "GET", "///evil.example").header("Location"), "/evil.example/");
}

// --- Back to URLs, and lifetime.

TEST(Klein, BuildsTheUrlOfARoute) {
  Klein app;
  app.subroute("/users", [](Klein& users) {
    users.route("/<int:id>", {.endpoint = "user"}, [](Request&, int) {});
    users.route("/<int:id>/files", {.endpoint = "files", .branch = true}, [](Request&, int) {});
  });
  EXPECT_EQ(app.url_for("user", {{"id", 7}}), "/users/7");
  EXPECT_EQ(app.url_for("user", {{"id", 7}, {"q", "a b"}}), "/users/7?q=a+b");
  EXPECT_EQ(app.url_for("user", {{"id", 7}, {"q", "a b"}}, {.append_unknown = false}), "/users/7");
  EXPECT_EQ(app.url_for("files", {{"id", 7}}), "/users/7/files");
  EXPECT_EQ(app.url_for("files_branch", {{"id", 7}, {"__rest__", "a/b"}}), "/users/7/files/a/b");
  EXPECT_EQ(app.url_for("files", {{"id", 7}}, {.method = "PUT"}), "/users/7/files");
  EXPECT_THROW((void)app.url_for("users"), BuildError);
  EXPECT_THROW((void)app.url_for("user"), BuildError);
}

TEST(Klein, BuildsAnExternalUrlForARequest) {
  Klein app;
  app.route("/a", [](Request&) {});
  Visit visit(app.resource(), "GET", "/a", "Host: example.com:8080\r\n");
  EXPECT_EQ(app.url_for(visit.request(), "/a"), "/a");
  EXPECT_EQ(app.url_for(visit.request(), "/a", {}, {.force_external = true}), "http://example.com:8080/a");
  EXPECT_EQ(error([&] { (void)app.url_for("/a", {}, {.force_external = true}); }),
            "url_for(\"/a\"): an external URL needs a request");
}

TEST(Klein, ItsResourcesLiveWithoutIt) {
  std::optional<Klein> app(std::in_place);
  app->route("/", [](Request&) { return "here"; });
  KleinResource resource = app->resource();
  app.reset();
  EXPECT_EQ(Visit(std::move(resource), "GET", "/").answer(), "200 here");
}

TEST(Klein, TakesRoutesWhileItServes) {
  Klein app;
  app.route("/", [&](Request&) {
    app.route("/new", [](Request&) { return "new"; });
    return "added";
  });
  EXPECT_THAT(get(app, "/new"), StartsWith("404 "));
  EXPECT_EQ(get(app, "/"), "200 added");
  EXPECT_EQ(get(app, "/new"), "200 new");
}

}  // namespace
}  // namespace prometheus_async::tx::web
