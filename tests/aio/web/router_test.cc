// SPDX-License-Identifier: Apache-2.0

#include "aio/web/router.h"

#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/web/http_error.h"
#include "tests/aio/web/fake_request.h"

namespace prometheus_async::aio::web {
namespace {

using prometheus_async::testing::FakeRequest;
using prometheus_async::testing::get_now;
using ::testing::HasSubstr;

// Answers with its own name and what the request's segments are called.
Handler named(std::string name) {
  return [name](Request& request) {
    std::string body = name + " at " + std::string(request.route());
    for (const char* segment : {"a", "b", "name"}) {
      if (const auto value = request.match_info().get(segment))
        body.append(" ").append(segment).append("=").append(*value);
    }
    return text(std::move(body));
  };
}

std::string answer(const Router& router, std::string_view method, std::string_view path) {
  FakeRequest request(method, path);
  try {
    return get_now(router.handle(request.request())).body;
  } catch (const HttpError& error) {
    const auto allow = error.response().headers.get("Allow");
    return std::to_string(error.status().code()) + (allow ? " " + std::string(*allow) : "");
  }
}

TEST(Router, ReadsAsInTheHeader) {
  Router router;
  router.add_get("/", named("hello"));
  router.add_get("/users/{name}", named("get_user"));
  router.add_delete("/users/{name}", named("delete_user"));
  EXPECT_EQ(answer(router, "GET", "/"), "hello at /");
  EXPECT_EQ(answer(router, "GET", "/users/x"), "get_user at /users/{name} name=x");
  EXPECT_EQ(answer(router, "DELETE", "/users/x"), "delete_user at /users/{name} name=x");
}

TEST(Router, AnswersHeadFromGetUnlessItHasItsOwn) {
  Router router;
  router.add_get("/a", named("get"));
  router.add_get("/b", named("get"));
  router.add_route("HEAD", "/b", named("head"));
  router.add_post("/c", named("post"));
  EXPECT_EQ(answer(router, "HEAD", "/a"), "get at /a");
  EXPECT_EQ(answer(router, "HEAD", "/b"), "head at /b");
  EXPECT_EQ(answer(router, "HEAD", "/c"), "405 POST");
}

TEST(Router, SaysWhichMethodsThePathHas) {
  Router router;
  router.add_get("/a", named("get"));
  router.add_put("/a", named("put"));
  router.add_post("/{name}", named("post"));
  EXPECT_EQ(answer(router, "PATCH", "/a"), "405 GET,HEAD,POST,PUT");
  EXPECT_EQ(answer(router, "get", "/a"), "405 GET,HEAD,POST,PUT");
  EXPECT_EQ(answer(router, "GET", "/b"), "405 POST");
  EXPECT_EQ(answer(router, "GET", "/a/b"), "404");
}

TEST(Router, AnswersOtherMethodsFromTheStar) {
  Router router;
  router.add_get("/a", named("get"));
  router.add_route("*", "/a", named("any"));
  EXPECT_EQ(answer(router, "GET", "/a"), "get at /a");
  EXPECT_EQ(answer(router, "HEAD", "/a"), "get at /a");
  EXPECT_EQ(answer(router, "BREW", "/a"), "any at /a");
}

TEST(Router, PrefersTextToNamesFromLeftToRight) {
  Router router;
  router.add_get("/{a}/x", named("1"));
  router.add_get("/a/{b}", named("2"));
  router.add_get("/{a}/{b}", named("3"));
  router.add_get("/a/x/y", named("4"));
  router.add_get("/{a}/y/{b}", named("5"));
  EXPECT_EQ(answer(router, "GET", "/a/x"), "2 at /a/{b} b=x");
  EXPECT_EQ(answer(router, "GET", "/b/x"), "1 at /{a}/x a=b");
  EXPECT_EQ(answer(router, "GET", "/b/y"), "3 at /{a}/{b} a=b b=y");
  EXPECT_EQ(answer(router, "GET", "/a/x/y"), "4 at /a/x/y");
  EXPECT_EQ(answer(router, "GET", "/a/y/z"), "5 at /{a}/y/{b} a=a b=z");  // though /a/{b} goes part of the way
}

TEST(Router, GoesOnToOtherResourcesForTheMethod) {
  Router router;
  router.add_get("/users/me", named("me"));
  router.add_delete("/users/{name}", named("delete"));
  EXPECT_EQ(answer(router, "GET", "/users/me"), "me at /users/me");
  EXPECT_EQ(answer(router, "DELETE", "/users/me"), "delete at /users/{name} name=me");
}

TEST(Router, KeepsTheNamesOfEachMethodsRoute) {
  Router router;
  router.add_get("/{a}", named("get"));
  router.add_post("/{b}", named("post"));
  EXPECT_EQ(answer(router, "GET", "/x"), "get at /{a} a=x");
  EXPECT_EQ(answer(router, "POST", "/x"), "post at /{b} b=x");
}

// A slash that is escaped is part of a segment; the value is decoded once.
TEST(Router, CutsThePathBeforeItDecodes) {
  Router router;
  router.add_get("/users/{name}", named("user"));
  router.add_get("/caf\xc3\xa9", named("coffee"));
  router.add_get("/50%25", named("half"));
  router.add_get("/a%2fb", named("slash"));
  EXPECT_EQ(answer(router, "GET", "/users/a%2Fb"), "user at /users/{name} name=a/b");
  EXPECT_EQ(answer(router, "GET", "/users/%252F"), "user at /users/{name} name=%2F");
  EXPECT_EQ(answer(router, "GET", "/users/J%C3%BCrgen"), "user at /users/{name} name=J\xc3\xbcrgen");
  EXPECT_EQ(answer(router, "GET", "/%75sers/x"), "user at /users/{name} name=x");
  EXPECT_EQ(answer(router, "GET", "/caf%c3%a9"), "coffee at /caf\xc3\xa9");
  EXPECT_EQ(answer(router, "GET", "/50%25"), "half at /50%25");
  EXPECT_EQ(answer(router, "GET", "/a%2Fb"), "slash at /a%2fb");
  EXPECT_EQ(answer(router, "GET", "/a/b"), "404");
  EXPECT_EQ(answer(router, "GET", "/users/%7Bname%7D"), "user at /users/{name} name={name}");
}

TEST(Router, TakesPathsToTheLetter) {
  Router router;
  router.add_get("/a", named("a"));
  router.add_get("/b/", named("b"));
  router.add_get("/c/{name}", named("c"));
  EXPECT_EQ(answer(router, "GET", "/a/"), "404");
  EXPECT_EQ(answer(router, "GET", "/A"), "404");
  EXPECT_EQ(answer(router, "GET", "//a"), "404");
  EXPECT_EQ(answer(router, "GET", "/b"), "404");
  EXPECT_EQ(answer(router, "GET", "/b/"), "b at /b/");
  EXPECT_EQ(answer(router, "GET", "/c/"), "404");
  EXPECT_EQ(answer(router, "GET", "/c/x/"), "404");
  EXPECT_EQ(answer(router, "GET", "/c/x?y=/z"), "c at /c/{name} name=x");
  EXPECT_EQ(answer(router, "GET", "http://host/a"), "a at /a");
}

TEST(Router, HasNothingForWhatIsNoPath) {
  Router router;
  router.add_route("*", "/{name}", named("any"));
  EXPECT_EQ(answer(router, "OPTIONS", "*"), "405 ");
  EXPECT_EQ(answer(router, "CONNECT", "a:1"), "405 ");
}

TEST(Router, RefusesAHiddenRouteAndNamesBoth) {
  Router router;
  router.add_get("/users/{id}", named("1"));
  try {
    router.add_get("/users/{name}", named("2"));
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "route \"/users/{name}\": GET goes to the route \"/users/{id}\" already");
  }
  router.add_get("/caf\xc3\xa9", named("1"));
  EXPECT_THROW(router.add_get("/caf%C3%A9", named("2")), std::invalid_argument);
}

TEST(Router, RefusesATemplateAndNamesTheRule) {
  Router router;
  for (const auto& [path, rule] : {std::pair("", "begin with /"),
                                   {"a", "begin with /"},
                                   {"/a?b", "query"},
                                   {"/a#b", "fragment"},
                                   {"/%", "escape"},
                                   {"/%zz", "escape"},
                                   {"/a{b}", "whole segment"},
                                   {"/{b}c", "whole segment"},
                                   {"/{", "whole segment"},
                                   {"/}", "whole segment"},
                                   {"/{a", "whole segment"},
                                   {"/{a}{b}", "letters"},
                                   {"/{}", "letters"},
                                   {"/{a-b}", "letters"},
                                   {"/{1a}", "letters"},
                                   {"/{a}/{a}", "twice"}}) {
    try {
      router.add_get(path, named("x"));
      FAIL() << path;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr(rule)) << path;
      EXPECT_THAT(error.what(), HasSubstr("\"" + std::string(path) + "\"")) << path;
    }
  }
  EXPECT_THROW(router.add_route("", "/a", named("x")), std::invalid_argument);
  EXPECT_THROW(router.add_route("GE T", "/a", named("x")), std::invalid_argument);
  EXPECT_EQ(answer(router, "GET", "/a"), "404");
}

TEST(Router, TakesNoRouteOnceItIsFrozen) {
  Router router;
  router.add_get("/a", named("a"));
  router.freeze();
  EXPECT_THROW(router.add_get("/b", named("b")), std::logic_error);
  EXPECT_EQ(answer(router, "GET", "/a"), "a at /a");
}

TEST(MatchInfo, NamesTheSegmentThatIsNotThere) {
  FakeRequest request("GET", "/");
  EXPECT_THROW(request.request().match_info()["x"], std::out_of_range);
  EXPECT_EQ(request.request().route(), "");
}

}  // namespace
}  // namespace prometheus_async::aio::web
