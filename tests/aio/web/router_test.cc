// SPDX-License-Identifier: Apache-2.0

#include "aio/web/router.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/http/target.h"

namespace prometheus_async::aio::web {
namespace {

using ::testing::HasSubstr;

Response hello(Request&) { return text("hello"); }

// The route's path and what it found in the request's; or the methods that there are; or nothing.
std::string find(const Router& router, std::string_view method, std::string_view path) {
  const Match match = router.match(method, path);
  if (match.route == nullptr) return match.allow;
  std::string found(match.info.route());
  for (const auto& [name, value] : match.info.items()) found.append(" ").append(name).append("=").append(value);
  return found;
}

// The same of a target, as it is in a request.
std::string find_target(const Router& router, std::string_view target) {
  http::Target parsed;
  if (!parsed.assign("GET", target).ok()) return "bad target";
  return find(router, "GET", parsed.routing_path());
}

template <class F>
std::string error_of(F&& add) {
  try {
    add();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Router, ReadsAsInTheHeader) {
  const auto get_user = hello;
  const auto delete_user = hello;
  const auto get_file = hello;
  Router router;
  router.add_get("/", hello);
  router.add_get("/users/{id:int}", get_user, {.name = "user"});
  router.add_delete("/users/{id:int}", delete_user);
  router.add_get("/files/{path:.*}", get_file);
  EXPECT_EQ(router.match("GET", "/users/3").info.get_int("id"), 3);
  EXPECT_EQ(router.url_for("user", {{"id", "3"}}), "/users/3");
  EXPECT_EQ(router.match("GET", "/").route->path(), "/");
  EXPECT_EQ(router.match("DELETE", "/users/3").route->method(), "DELETE");
  EXPECT_EQ(find(router, "GET", "/files/a/b"), "/files/{path:.*} path=a/b");
}

TEST(Router, TakesAListOfRoutes) {
  Router router;
  router.add_routes({get("/", hello, {.name = "index"}), head("/head", hello), post("/", hello), put("/", hello),
                     patch("/", hello), delete_("/", hello), options("/", hello), route("BREW", "/", hello)});
  router.add_head("/own", hello);
  router.add_put("/own", hello);
  router.add_patch("/own", hello);
  router.add_options("/own", hello);
  EXPECT_EQ(find(router, "X", "/"), "BREW,DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT");
  EXPECT_EQ(find(router, "X", "/head"), "HEAD,OPTIONS");
  EXPECT_EQ(find(router, "X", "/own"), "HEAD,OPTIONS,PATCH,PUT");
  EXPECT_EQ(router.url_for("index"), "/");
}

TEST(Router, AnswersHeadFromGetUnlessItHasItsOwn) {
  Router router;
  const Route& get = router.add_get("/a", hello);
  router.add_get("/b", hello);
  const Route& head = router.add_head("/b", hello);
  router.add_post("/c", hello);
  EXPECT_EQ(router.match("HEAD", "/a").route, &get);
  EXPECT_EQ(router.match("HEAD", "/b").route, &head);
  EXPECT_EQ(find(router, "HEAD", "/c"), "OPTIONS,POST");
}

TEST(Router, DoesNotAnswerHeadFromAGetThatDoesNotAllowIt) {
  Router router;
  router.add_get("/a", hello, {.allow_head = false});
  EXPECT_EQ(find(router, "GET", "/a"), "/a");
  EXPECT_EQ(find(router, "HEAD", "/a"), "GET,OPTIONS");
}

TEST(Router, SaysWhichMethodsThePathHas) {
  Router router;
  router.add_get("/a", hello);
  router.add_put("/a", hello);
  router.add_post("/{name}", hello);
  EXPECT_EQ(find(router, "PATCH", "/a"), "GET,HEAD,OPTIONS,POST,PUT");
  EXPECT_EQ(find(router, "get", "/a"), "GET,HEAD,OPTIONS,POST,PUT");
  EXPECT_EQ(find(router, "GET", "/b"), "OPTIONS,POST");
  EXPECT_EQ(find(router, "GET", "/a/b"), "");
}

TEST(Router, AnswersOtherMethodsFromTheStar) {
  Router router;
  router.add_get("/a", hello);
  const Route& any = router.add_route("*", "/a", hello);
  router.add_get("/b", hello, {.allow_head = false});
  const Route& any_b = router.add_route("*", "/b", hello);
  EXPECT_EQ(router.match("GET", "/a").route->method(), "GET");
  EXPECT_EQ(router.match("HEAD", "/a").route->method(), "GET");
  EXPECT_EQ(router.match("HEAD", "/b").route, &any_b);
  EXPECT_EQ(router.match("BREW", "/a").route, &any);
  EXPECT_EQ(router.match("OPTIONS", "/a").route, &any);
}

TEST(Router, AnswersOptionsWhereItHasNoRoute) {
  Router router;
  router.add_get("/a", hello);
  const Route& own = router.add_options("/b", hello);
  const Match automatic = router.match("OPTIONS", "/a");
  EXPECT_EQ(automatic.route, nullptr);
  EXPECT_TRUE(automatic.answers_options);
  EXPECT_EQ(automatic.allow, "GET,HEAD,OPTIONS");
  EXPECT_EQ(router.match("OPTIONS", "/b").route, &own);
  EXPECT_FALSE(router.match("OPTIONS", "/c").answers_options);
  EXPECT_FALSE(router.match("POST", "/a").answers_options);
}

TEST(Router, LeavesOptionsToItsRoutesIfToldSo) {
  Router router;
  router.set_automatic_options(false);
  router.add_get("/a", hello);
  EXPECT_FALSE(router.match("OPTIONS", "/a").answers_options);
  EXPECT_EQ(find(router, "OPTIONS", "/a"), "GET,HEAD");
}

TEST(Router, AnswersOptionsOfTheWholeServerWithAllMethods) {
  Router router;
  router.add_get("/a", hello);
  router.add_delete("/{b}", hello);
  router.add_route("*", "/c", hello);
  const Match match = router.match("OPTIONS", "*");
  EXPECT_TRUE(match.answers_options);
  EXPECT_EQ(match.allow, "DELETE,GET,HEAD,OPTIONS");
}

TEST(Router, PrefersTextToNamesFromLeftToRight) {
  Router router;
  router.add_get("/{a}/x", hello);
  router.add_get("/a/{b}", hello);
  router.add_get("/{a}/{b}", hello);
  router.add_get("/a/x/y", hello);
  router.add_get("/{a}/y/{b}", hello);
  EXPECT_EQ(find(router, "GET", "/a/x"), "/a/{b} b=x");
  EXPECT_EQ(find(router, "GET", "/b/x"), "/{a}/x a=b");
  EXPECT_EQ(find(router, "GET", "/b/y"), "/{a}/{b} a=b b=y");
  EXPECT_EQ(find(router, "GET", "/a/x/y"), "/a/x/y");
  EXPECT_EQ(find(router, "GET", "/a/y/z"), "/{a}/y/{b} a=a b=z");  // though /a/{b} goes part of the way
}

TEST(Router, PrefersNamesThatTakeLessWhateverTheOrderOfAdding) {
  const std::vector<std::string> paths = {"/{a:.*}",   "/{a:.+}",  "/{a}", "/{a:slug}", "/{a:uuid}", "/{a:[a-z]{3}}",
                                          "/{a:uint}", "/{a:int}", "/me",  "/{a}.json", "/v{a}",     "/v{a:uint}"};
  for (const bool is_backwards : {false, true}) {
    Router router;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      router.add_get(paths[is_backwards ? paths.size() - 1 - i : i], hello);
    }
    EXPECT_EQ(find(router, "GET", "/me"), "/me");
    EXPECT_EQ(find(router, "GET", "/v1"), "/v{a:uint} a=1");
    EXPECT_EQ(find(router, "GET", "/vx"), "/v{a} a=x");
    EXPECT_EQ(find(router, "GET", "/x.json"), "/{a}.json a=x");
    EXPECT_EQ(find(router, "GET", "/v.json"), "/{a}.json a=v");  // more text around the name
    EXPECT_EQ(find(router, "GET", "/12"), "/{a:uint} a=12");
    EXPECT_EQ(find(router, "GET", "/-12"), "/{a:int} a=-12");
    EXPECT_EQ(find(router, "GET", "/abc"), "/{a:[a-z]{3}} a=abc");
    EXPECT_EQ(find(router, "GET", "/123e4567-e89b-12d3-a456-426614174000"),
              "/{a:uuid} a=123e4567-e89b-12d3-a456-426614174000");
    EXPECT_EQ(find(router, "GET", "/a_b"), "/{a:slug} a=a_b");
    EXPECT_EQ(find(router, "GET", "/a.b"), "/{a} a=a.b");
    EXPECT_EQ(find(router, "GET", "/a/b"), "/{a:.+} a=a/b");
    EXPECT_EQ(find(router, "GET", "/"), "/{a:.*} a=");
  }
}

TEST(Router, GoesOnToOtherRoutesForTheMethod) {
  Router router;
  router.add_get("/users/me", hello);
  router.add_delete("/users/{name}", hello);
  router.add_put("/{tail:.*}", hello);
  EXPECT_EQ(find(router, "GET", "/users/me"), "/users/me");
  EXPECT_EQ(find(router, "DELETE", "/users/me"), "/users/{name} name=me");
  EXPECT_EQ(find(router, "PUT", "/users/me"), "/{tail:.*} tail=users/me");
  EXPECT_EQ(find(router, "PATCH", "/users/me"), "DELETE,GET,HEAD,OPTIONS,PUT");
}

TEST(Router, ComesBackFromATypeThatDoesNotFit) {
  Router router;
  router.add_get("/{id:int}/a", hello);
  router.add_get("/{name}/b", hello);
  router.add_get("/{path:.*}", hello);
  EXPECT_EQ(find(router, "GET", "/1/a"), "/{id:int}/a id=1");
  EXPECT_EQ(find(router, "GET", "/1/b"), "/{name}/b name=1");
  EXPECT_EQ(find(router, "GET", "/1/c"), "/{path:.*} path=1/c");
  EXPECT_EQ(find(router, "GET", "/99999999999999999999/a"), "/{path:.*} path=99999999999999999999/a");
}

TEST(Router, KeepsTheNamesOfEachMethodsRoute) {
  Router router;
  router.add_get("/{a}", hello);
  router.add_post("/{b}", hello);
  EXPECT_EQ(find(router, "GET", "/x"), "/{a} a=x");
  EXPECT_EQ(find(router, "POST", "/x"), "/{b} b=x");
}

// A slash that is escaped is part of a segment; the value is decoded once.
TEST(Router, CutsThePathBeforeItDecodes) {
  Router router;
  router.add_get("/users/{name}", hello);
  router.add_get("/files/{path:.*}", hello);
  router.add_get("/caf\xc3\xa9", hello);
  router.add_get("/50%25", hello);
  router.add_get("/a%2fb", hello);
  EXPECT_EQ(find_target(router, "/users/a%2Fb"), "/users/{name} name=a/b");
  EXPECT_EQ(find_target(router, "/users/%252F"), "/users/{name} name=%2F");
  EXPECT_EQ(find_target(router, "/users/J%C3%BCrgen"), "/users/{name} name=J\xc3\xbcrgen");
  EXPECT_EQ(find_target(router, "/%75sers/x"), "/users/{name} name=x");
  EXPECT_EQ(find_target(router, "/files/a%2Fb/c"), "/files/{path:.*} path=a/b/c");
  EXPECT_EQ(find_target(router, "/caf%c3%a9"), "/caf\xc3\xa9");
  EXPECT_EQ(find_target(router, "/50%25"), "/50%25");
  EXPECT_EQ(find_target(router, "/a%2Fb"), "/a%2fb");
  EXPECT_EQ(find_target(router, "/a/b"), "");
  EXPECT_EQ(find_target(router, "/users/%7Bname%7D"), "/users/{name} name={name}");
}

TEST(Router, TakesPathsToTheLetter) {
  Router router;
  router.add_get("/a", hello);
  router.add_get("/b/", hello);
  router.add_get("/c/{name}", hello);
  router.add_get("/d/{tail:.*}", hello);
  EXPECT_EQ(find_target(router, "/a/"), "");
  EXPECT_EQ(find_target(router, "/A"), "");
  EXPECT_EQ(find_target(router, "//a"), "");
  EXPECT_EQ(find_target(router, "/b"), "");
  EXPECT_EQ(find_target(router, "/b/"), "/b/");
  EXPECT_EQ(find_target(router, "/c/"), "");
  EXPECT_EQ(find_target(router, "/c/x/"), "");
  EXPECT_EQ(find_target(router, "/c/x?y=/z"), "/c/{name} name=x");
  EXPECT_EQ(find_target(router, "/d"), "");
  EXPECT_EQ(find_target(router, "/d/"), "/d/{tail:.*} tail=");
  EXPECT_EQ(find_target(router, "/d//x/"), "/d/{tail:.*} tail=/x/");
  EXPECT_EQ(find_target(router, "http://host/a"), "/a");
}

TEST(Router, HasNothingForWhatIsNoPath) {
  Router router;
  router.add_route("*", "/{tail:.*}", hello);
  for (const char* path : {"", "*", "a:1", "x/y"}) EXPECT_EQ(find(router, "GET", path), "") << path;
}

// No request has them; a fuzzer does.
TEST(Router, IsSafeWithAnyBytes) {
  Router router;
  router.add_get("/{a}/{b:[^.]+}/{c}x", hello);
  router.add_get("/{tail:.*}", hello);
  EXPECT_EQ(find(router, "GET", "/%/%2/%zx"), "/{tail:.*} tail=%/%2/%zx");
  EXPECT_EQ(find(router, "GET", std::string_view("/\0/\xff/zx", 7)),
            std::string("/{a}/{b:[^.]+}/{c}x a=") + '\0' + " b=\xff c=z");
}

TEST(Router, RefusesAHiddenRouteAndNamesBoth) {
  for (const auto& [first, second] : {std::pair("/a", "/a"),
                                      {"/caf\xc3\xa9", "/caf%C3%A9"},
                                      {"/users/{id}", "/users/{name}"},
                                      {"/{a:slug}", "/{b:[A-Za-z0-9_-]+}"},
                                      {"/x{a:\\d}y/{t:.*}", "/x{b:[0-9]{1}}y/{u:.*}"}}) {
    Router router;
    router.add_get(first, hello);
    EXPECT_EQ(error_of([&, path = second] { router.add_get(path, hello); }),
              "route \"" + std::string(second) + "\": GET goes to the route \"" + first + "\" already");
    EXPECT_EQ(router.routes().size(), 1u);
    router.add_post(second, hello);
  }
}

TEST(Router, RefusesATemplateOrAMethodAndNamesTheRoute) {
  Router router;
  EXPECT_EQ(error_of([&] { router.add_get("a", hello); }), "route \"a\": does not begin with /");
  EXPECT_EQ(error_of([&] { router.add_route("GE T", "/a", hello); }), "route \"/a\": the method \"GE T\" is no token");
  EXPECT_EQ(error_of([&] { router.add_route("", "/a", hello); }), "route \"/a\": the method \"\" is no token");
  EXPECT_EQ(find(router, "GET", "/a"), "");
}

TEST(Router, HasThirtyTwoNamesAtOnePlaceAtMost) {
  Router router;
  for (int i = 1; i <= 32; ++i) router.add_get("/x/" + std::to_string(i) + "-{name}", hello);
  EXPECT_EQ(find(router, "GET", "/x/32-a"), "/x/32-{name} name=a");
  EXPECT_THAT(error_of([&] { router.add_get("/x/33-{name}", hello); }),
              HasSubstr("route \"/x/33-{name}\": more than 32 different names"));
  router.add_post("/x/1-{other}", hello);  // is one of them
  router.add_get("/y/33-{name}", hello);   // is another place
  EXPECT_EQ(find(router, "GET", "/x/33-a"), "");
  EXPECT_EQ(find(router, "GET", "/x/1-a"), "/x/1-{name} name=a");
}

TEST(Router, TakesNoRouteOnceItIsFrozen) {
  Router router;
  const Router sub;
  router.add_get("/a", hello);
  router.freeze();
  EXPECT_THROW(router.add_get("/b", hello), std::logic_error);
  EXPECT_THROW(router.add_prefix("/b"), std::logic_error);
  EXPECT_THROW(router.mount(sub), std::logic_error);
  EXPECT_THROW(router.set_automatic_options(false), std::logic_error);
  EXPECT_EQ(find(router, "GET", "/a"), "/a");
}

TEST(Router, MakesUrls) {
  Router router;
  router.add_get("/users/{id:int}/{file}", hello, {.name = "file"});
  router.add_delete("/users/{id:int}/{file}", hello, {.name = "file"});
  EXPECT_EQ(router.url_for("file", {{"file", "a b/c"}, {"id", "7"}}), "/users/7/a%20b%2Fc");
  EXPECT_EQ(router.url_for("file", {{"id", "7"}, {"file", "x"}}, {{"q", "a&b"}, {"q", ""}}), "/users/7/x?q=a%26b&q=");
  EXPECT_EQ(error_of([&] { router.url_for("fyle"); }), "url_for: no route has the name \"fyle\"");
  EXPECT_EQ(error_of([&] { router.url_for("file", {{"id", "7"}}); }),
            "route \"/users/{id:int}/{file}\": {file} has no value");
  EXPECT_EQ(error_of([&] { router.url_for("file", {{"id", "x"}, {"file", "y"}}); }),
            "route \"/users/{id:int}/{file}\": {id} cannot be \"x\"");
}

TEST(Router, RefusesANameThatAnotherPathHas) {
  Router router;
  router.add_get("/a", hello, {.name = "a"});
  EXPECT_EQ(error_of([&] { router.add_get("/b", hello, {.name = "a"}); }),
            "route \"/b\": the name \"a\" is of the route \"/a\" already");
  router.add_get("/b", hello);
  router.add_get("/c", hello);  // no name, as the one before
  EXPECT_EQ(router.url_for("a"), "/a");
}

TEST(Router, PutsAPrefixInFrontOfItsPaths) {
  Router router;
  const Route& index = router.add_get("/", hello);
  const Route& user = router.add_get("/users/{id}", hello, {.name = "user"});
  router.add_prefix("/v1");
  router.add_prefix("/{tenant}");
  EXPECT_EQ(index.path(), "/{tenant}/v1/");
  EXPECT_EQ(user.path(), "/{tenant}/v1/users/{id}");
  EXPECT_EQ(find(router, "GET", "/acme/v1/users/3"), "/{tenant}/v1/users/{id} tenant=acme id=3");
  EXPECT_EQ(find(router, "GET", "/users/3"), "");
  EXPECT_EQ(router.url_for("user", {{"tenant", "acme"}, {"id", "3"}}), "/acme/v1/users/3");
}

TEST(Router, RefusesAPrefixAndChangesNothing) {
  Router router;
  router.add_get("/a", hello);
  router.add_get("/{id}", hello);
  for (const char* prefix : {"v1", "/v1/", "/{id}", "/v?1", "/{t:.*}"}) {
    EXPECT_NE(error_of([&] { router.add_prefix(prefix); }), "") << prefix;
    EXPECT_EQ(find(router, "GET", "/a"), "/a");
    EXPECT_EQ(find(router, "GET", "/b"), "/{id} id=b");
  }
}

TEST(Router, AnswersTheRoutesOfThoseThatAreMounted) {
  Router inner;
  const Route& deep = inner.add_get("/deep", hello, {.name = "deep"});
  inner.add_prefix("/inner");
  Router sub;
  const Route& user = sub.add_get("/users/{id}", hello);
  sub.add_prefix("/api");
  inner.add_prefix("/api");
  sub.mount(inner);
  Router router;
  router.add_post("/api/users/{name}", hello);
  router.mount(sub);
  EXPECT_EQ(router.match("GET", "/api/users/3").route, &user);
  EXPECT_EQ(router.match("GET", "/api/inner/deep").route, &deep);
  EXPECT_EQ(find(router, "X", "/api/users/3"), "GET,HEAD,OPTIONS,POST");
  EXPECT_EQ(router.routes().size(), 3u);
  EXPECT_THROW(static_cast<void>(router.url_for("deep")), std::invalid_argument);
  EXPECT_EQ(inner.url_for("deep"), "/api/inner/deep");
}

TEST(Router, RefusesToMountWhatItHides) {
  Router sub;
  sub.add_get("/a", hello);
  Router router;
  router.add_get("/a", hello);
  EXPECT_EQ(error_of([&] { router.mount(sub); }), "route \"/a\": GET goes to the route \"/a\" already");
}

TEST(Router, DecoratesItsOwnHandlers) {
  Router sub;
  const Route& other = sub.add_get("/b", hello);
  Router router;
  const Route& own = router.add_get("/a", hello);
  router.mount(sub);
  int calls = 0;
  const auto& app = *reinterpret_cast<const Application*>(&calls);
  router.decorate(
      [&](Handler handler) {
        ++calls;
        return handler;
      },
      &app);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(own.app(), &app);
  EXPECT_EQ(other.app(), nullptr);
}

TEST(Router, KeepsItsRoutesInPlaceWhenItIsMoved) {
  Router router;
  const Route& route = router.add_get("/{a}", hello);
  for (int i = 0; i < 100; ++i) router.add_get("/x/" + std::to_string(i), hello);
  const Router moved = std::move(router);
  EXPECT_EQ(moved.match("GET", "/x").route, &route);
}

// The way through the tree is remembered for no route that was refused.
TEST(Router, ForgetsTheTextsOfARouteThatItRefused) {
  Router router;
  for (int i = 1; i <= 32; ++i) router.add_get("/a/" + std::to_string(i) + "-{name}", hello);
  EXPECT_NE(error_of([&] { router.add_get("/a/33-{name}/a-text-that-is-too-long-to-be-kept-in-place", hello); }), "");
  EXPECT_NE(error_of([&] { router.add_get(std::string("/a-text-that-is-too-long-to-be-kept/{n:x}"), hello); }), "");
  router.add_post("/a-text-that-is-too-long-to-be-kept/{n}", hello);
  EXPECT_EQ(find(router, "POST", "/a-text-that-is-too-long-to-be-kept/x"),
            "/a-text-that-is-too-long-to-be-kept/{n} n=x");
}

TEST(Route, SaysWhatWasAdded) {
  Router router;
  const Route& user = router.add_get("/users/{id:int}", hello, {.name = "user", .allow_head = false});
  EXPECT_EQ(user.path(), "/users/{id:int}");
  EXPECT_EQ(user.name(), "user");
  EXPECT_EQ(user.method(), "GET");
  EXPECT_FALSE(user.allow_head());
  EXPECT_EQ(user.app(), nullptr);
}

TEST(MatchInfo, NamesTheSegmentThatIsNotThere) {
  Router router;
  router.add_get("/{a}", hello);
  const Match match = router.match("GET", "/x");
  EXPECT_EQ(match.info.get("a"), "x");
  EXPECT_EQ(match.info.get("b"), std::nullopt);
  try {
    static_cast<void>(match.info["b"]);
    FAIL();
  } catch (const std::out_of_range& error) {
    EXPECT_STREQ(error.what(), "route \"/{a}\" has no segment {b}");
  }
  EXPECT_THROW(static_cast<void>(MatchInfo()["a"]), std::out_of_range);
  EXPECT_EQ(MatchInfo().route(), "");
  EXPECT_EQ(MatchInfo().size(), 0u);
}

TEST(MatchInfo, GivesNumbersOfTypedSegmentsAndOfNoOthers) {
  Router router;
  router.add_get("/{a:int}/{b:uint}/{c}", hello);
  const Match match = router.match("GET", "/-9223372036854775808/18446744073709551615/7");
  EXPECT_EQ(match.info.get_int("a"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(match.info.get_uint("b"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_THROW(static_cast<void>(match.info.get_int("b")), std::logic_error);
  EXPECT_THROW(static_cast<void>(match.info.get_uint("c")), std::logic_error);
  EXPECT_THROW(static_cast<void>(match.info.get_int("d")), std::out_of_range);
}

TEST(MatchInfo, KeepsItsValuesWhenItIsMoved) {
  Router router;
  router.add_get("/{a}/{b}/{c}", hello);
  const std::string path = "/a%2Fb/plain/%25";
  Match match = router.match("GET", path);
  const MatchInfo moved = std::move(match.info);
  EXPECT_EQ(moved["a"], "a/b");
  EXPECT_EQ(moved["b"], "plain");
  EXPECT_EQ(moved["c"], "%");
}

}  // namespace
}  // namespace prometheus_async::aio::web
