// SPDX-License-Identifier: Apache-2.0

#include "tx/web/url_map.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prometheus_async::tx::web {
namespace {

using ::testing::HasSubstr;

// "/a//b/" is {"a", "", "b", ""}.
std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(1);
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    segments.emplace_back(path.substr(0, slash));
    path.remove_prefix(slash + 1);
  }
  segments.emplace_back(path);
  return segments;
}

// The endpoint and the values that a request goes to, or what it gets instead.
std::string route(const UrlMap& map, const std::vector<std::string>& segments, std::string_view method = "GET") {
  const UrlMap::Routed routed = map.match(method, segments);
  std::string said;
  if (const auto* redirect = std::get_if<UrlMap::Redirect>(&routed)) return "308 " + redirect->path;
  if (const auto* match = std::get_if<UrlMap::Match>(&routed)) {
    said = match->rule->endpoint();
    for (const std::string& value : match->values) said.append(" ").append(value);
    return said;
  }
  for (const std::string& allowed : std::get<UrlMap::NoMatch>(routed).allowed) said.append(" ").append(allowed);
  return said.empty() ? "404" : "405" + said;
}

std::string route(const UrlMap& map, std::string_view path, std::string_view method = "GET") {
  return route(map, split(path), method);
}

UrlMap map_of(std::vector<std::string> patterns) {
  UrlMap map;
  for (const std::string& pattern : patterns) map.add(UrlRule(pattern));
  return map;
}

template <class F>
std::string error(F function) {
  try {
    function();
  } catch (const std::invalid_argument& reason) {
    return reason.what();
  }
  return "none";
}

TEST(UrlMap, ReadsAsInTheHeader) {
  UrlMap map;
  map.add(UrlRule("/users/<int:id>", {.endpoint = "user", .methods = {"GET"}}));
  const std::vector<std::string> segments{"users", "7"};
  const UrlMap::Routed routed = map.match("GET", segments);
  EXPECT_EQ(std::get<UrlMap::Match>(routed).values, std::vector<std::string>{"7"});
  EXPECT_EQ(map.build("user", {{"id", 7}}), "/users/7");
}

TEST(UrlMap, WithoutRulesMatchesNothing) {
  EXPECT_EQ(route(UrlMap(), "/"), "404");
  EXPECT_EQ(route(UrlMap(), std::vector<std::string>()), "404");
}

TEST(UrlMap, TheRootMatchesOnlyItself) {
  const UrlMap map = map_of({"/"});
  EXPECT_EQ(route(map, "/"), "/");
  EXPECT_EQ(route(map, "/foo"), "404");
}

TEST(UrlMap, PrefersTextToAConverter) {
  const UrlMap map = map_of({"/<name>", "/me", "/<name>/edit", "/me/<what>"});
  EXPECT_EQ(route(map, "/me"), "/me");
  EXPECT_EQ(route(map, "/you"), "/<name> you");
  EXPECT_EQ(route(map, "/me/edit"), "/me/<what> edit");
  EXPECT_EQ(route(map, "/you/edit"), "/<name>/edit you");
}

TEST(UrlMap, GoesBackWhereTextLedNowhere) {
  const UrlMap map = map_of({"/a/b/c", "/<x>/b/d", "/<x>/<y>/<z>"});
  EXPECT_EQ(route(map, "/a/b/c"), "/a/b/c");
  EXPECT_EQ(route(map, "/a/b/d"), "/<x>/b/d a");
  EXPECT_EQ(route(map, "/a/b/e"), "/<x>/<y>/<z> a b e");
}

TEST(UrlMap, PrefersTheConverterOfLessWeight) {
  const UrlMap map = map_of({"/<path:p>", "/<string:s>", "/<int:i>", "/<float:f>"});
  EXPECT_EQ(route(map, "/1"), "/<int:i> 1");
  EXPECT_EQ(route(map, "/1.5"), "/<float:f> 1.5");
  EXPECT_EQ(route(map, "/x"), "/<string:s> x");
  EXPECT_EQ(route(map, "/x/y"), "/<path:p> x/y");
}

TEST(UrlMap, PrefersTextAroundAConverterAndMoreOfIt) {
  const UrlMap map = map_of({"/<x>", "/v<x>", "/version<x>", "/<x>.json", "/v<x>.json", "/<int:i>"});
  EXPECT_EQ(route(map, "/7"), "/<int:i> 7");
  EXPECT_EQ(route(map, "/x"), "/<x> x");
  EXPECT_EQ(route(map, "/v7"), "/v<x> 7");
  EXPECT_EQ(route(map, "/version7"), "/version<x> 7");
  EXPECT_EQ(route(map, "/x.json"), "/<x>.json x");
  EXPECT_EQ(route(map, "/v7.json"), "/v<x>.json 7");
  EXPECT_EQ(route(map, "/.json"), "/<x> .json");
}

TEST(UrlMap, TakesTheFirstOfEqualWeight) {
  const UrlMap map = map_of({"/<any(a,b):x>", "/<string:y>", "/<any(b,c):z>"});
  EXPECT_EQ(route(map, "/a"), "/<any(a,b):x> a");
  EXPECT_EQ(route(map, "/b"), "/<any(a,b):x> b");
  EXPECT_EQ(route(map, "/c"), "/<string:y> c");
}

// The shape decides which rule matches, and the range afterwards whether it does.
TEST(UrlMap, ANumberOutOfRangeIsNotTriedElsewhere) {
  const UrlMap map = map_of({"/<int(max=9):digit>", "/<string:text>"});
  EXPECT_EQ(route(map, "/9"), "/<int(max=9):digit> 9");
  EXPECT_EQ(route(map, "/10"), "404");
  EXPECT_EQ(route(map, "/ten"), "/<string:text> ten");
}

TEST(UrlMap, ALengthOutOfRangeIsTriedElsewhere) {
  const UrlMap map = map_of({"/<string(length=2):code>", "/<string:text>"});
  EXPECT_EQ(route(map, "/de"), "/<string(length=2):code> de");
  EXPECT_EQ(route(map, "/deu"), "/<string:text> deu");
}

TEST(UrlMap, APathTakesSlashes) {
  const UrlMap map = map_of({"/files/<path:p>"});
  EXPECT_EQ(route(map, "/files/a"), "/files/<path:p> a");
  EXPECT_EQ(route(map, "/files/a/b/"), "/files/<path:p> a/b/");
  EXPECT_EQ(route(map, "/files/a//b"), "/files/<path:p> a//b");
  EXPECT_EQ(route(map, "/files/"), "404");
  EXPECT_EQ(route(map, "/files//a"), "308 /files/a");
}

TEST(UrlMap, APathLeavesWhatFollowsIt) {
  const UrlMap map = map_of({"/<path:p>/edit", "/<path:p>/v<int:n>/", "/<path:p>"});
  EXPECT_EQ(route(map, "/a/b/edit"), "/<path:p>/edit a/b");
  EXPECT_EQ(route(map, "/edit/edit"), "/<path:p>/edit edit");
  EXPECT_EQ(route(map, "/edit"), "/<path:p> edit");
  EXPECT_EQ(route(map, "/a/b/v7/"), "/<path:p>/v<int:n>/ a/b 7");
  EXPECT_EQ(route(map, "/a/b/v7"), "308 /a/b/v7/");
  EXPECT_EQ(route(map, "/a/editor"), "/<path:p> a/editor");
}

TEST(UrlMap, RedirectsToAPathWithASlash) {
  const UrlMap map = map_of({"/<path:p>/"});
  EXPECT_EQ(route(map, "/a/b/"), "/<path:p>/ a/b");
  EXPECT_EQ(route(map, "/a/b"), "308 /a/b/");
}

TEST(UrlMap, RedirectsToTheSlashAtTheEnd) {
  const UrlMap map = map_of({"/foo/", "/<name>", "/u/<name>/"});
  EXPECT_EQ(route(map, "/foo/"), "/foo/");
  EXPECT_EQ(route(map, "/foo"), "308 /foo/");
  EXPECT_EQ(route(map, "/u/é"), "308 /u/%C3%A9/");
}

TEST(UrlMap, DoesNotRedirectAMethodThatWouldFindNothing) {
  UrlMap map;
  map.add(UrlRule("/foo/", {.methods = {"GET"}}));
  EXPECT_EQ(route(map, "/foo", "GET"), "308 /foo/");
  EXPECT_EQ(route(map, "/foo", "POST"), "404");
}

TEST(UrlMap, ASlashTooManyIsNotFound) { EXPECT_EQ(route(map_of({"/foo"}), "/foo/"), "404"); }

TEST(UrlMap, WithoutStrictSlashesBothFormsMatch) {
  UrlMap map;
  map.add(UrlRule("/foo/", {.strict_slashes = false}));
  map.add(UrlRule("/bar", {.methods = {"GET"}, .strict_slashes = false}));
  EXPECT_EQ(route(map, "/foo"), "/foo/");
  EXPECT_EQ(route(map, "/foo/"), "/foo/");
  EXPECT_EQ(route(map, "/bar"), "/bar");
  EXPECT_EQ(route(map, "/bar/"), "/bar");
  EXPECT_EQ(route(map, "/bar/", "PUT"), "405 GET HEAD");
}

TEST(UrlMap, RedirectsToThePathWithSingleSlashes) {
  const UrlMap map = map_of({"/", "/a/b", "/c/"});
  EXPECT_EQ(route(map, "//"), "308 /");
  EXPECT_EQ(route(map, "///a////b"), "308 /a/b");
  EXPECT_EQ(route(map, "//c/"), "308 /c/");
  EXPECT_EQ(route(map, "//c"), "308 /c/");
  EXPECT_EQ(route(map, "//c//"), "308 /c/");
  EXPECT_EQ(route(map, "//nothing"), "404");
}

TEST(UrlMap, TellsTheMethodsThatThePathHas) {
  UrlMap map;
  map.add(UrlRule("/a", {.methods = {"GET"}}));
  map.add(UrlRule("/a", {.methods = {"POST"}}));
  map.add(UrlRule("/<name>", {.methods = {"PUT"}}));
  EXPECT_EQ(route(map, "/a", "PATCH"), "405 GET HEAD POST PUT");
  EXPECT_EQ(route(map, "/a", "PUT"), "/<name> a");
  EXPECT_EQ(route(map, "/b", "GET"), "405 PUT");
  EXPECT_EQ(route(map, "//a", "PATCH"), "405 GET HEAD POST PUT");
  EXPECT_EQ(route(map, "/a/b", "GET"), "404");
}

TEST(UrlMap, AMethodOfAShorterPathDoesNotCount) {
  UrlMap map;
  map.add(UrlRule("/foo/", {.methods = {"DELETE"}}));
  map.add(UrlRule("/foo/bar", {.methods = {"GET"}}));
  EXPECT_EQ(route(map, "/foo/bar", "DELETE"), "405 GET HEAD");
}

TEST(UrlMap, OnePathMayHaveARuleForEachMethod) {
  UrlMap map;
  map.add(UrlRule("/a", {.endpoint = "post", .methods = {"POST"}}));
  map.add(UrlRule("/a", {.endpoint = "others"}));
  EXPECT_EQ(route(map, "/a", "POST"), "post");
  EXPECT_EQ(route(map, "/a", "GET"), "others");
}

TEST(UrlMap, RefusesARuleThatAnotherHides) {
  UrlMap map;
  map.add(UrlRule("/<a>"));
  EXPECT_EQ(error([&] { map.add(UrlRule("/<b>", {.methods = {"GET"}})); }),
            "route \"/<b>\": never reached, since \"/<a>\" answers the same paths and methods");
  map.add(UrlRule("/x", {.methods = {"GET", "POST"}}));
  EXPECT_NE(error([&] { map.add(UrlRule("/x", {.methods = {"HEAD"}})); }), "none");
  EXPECT_EQ(error([&] { map.add(UrlRule("/x", {.methods = {"GET", "PUT"}})); }), "none");
  EXPECT_EQ(error([&] { map.add(UrlRule("/x")); }), "none");
  EXPECT_NE(error([&] { map.add(UrlRule("/x")); }), "none");
}

TEST(UrlMap, AnEscapedSlashIsPartOfItsSegment) {
  const UrlMap map = map_of({"/<name>", "/a/b", "/p/<path:rest>"});
  EXPECT_EQ(route(map, std::vector<std::string>{"a/b"}), "/<name> a/b");
  EXPECT_EQ(route(map, std::vector<std::string>{"", "a/b"}), "308 /a%2Fb");
  EXPECT_EQ(route(map, std::vector<std::string>{"p", "/x"}), "404");
}

// A path of 10 KB: many segments, one segment, and none but slashes.
TEST(UrlMap, LivesThroughHostilePaths) {
  const UrlMap map = map_of({"/<a>/<b>/<int:c>", "/<a>/<b>/<c>/x", "/<int:n>", "/x<s>y", "/files/<path:p>/<q>/"});
  std::string deep = "/files";
  for (int i = 0; i < 5'000; ++i) deep += "/a";
  EXPECT_EQ(route(map, deep), "308 " + deep + "/");
  EXPECT_EQ(route(map, deep.substr(6)), "404");
  const std::string digits(10'000, '9');
  EXPECT_EQ(route(map, "/" + digits), "404");
  const std::string text(10'000, 'x');
  EXPECT_EQ(route(map, "/" + text + "y"), "/x<s>y " + text.substr(1));
  EXPECT_EQ(route(map, std::string(10'000, '/')), "404");
  EXPECT_EQ(route(map, "/files" + std::string(10'000, '/') + "p/q/"), "308 /files/p/q/");
}

TEST(UrlMap, BuildsThePathOfAnEndpoint) {
  UrlMap map;
  map.add(UrlRule("/users/", {.endpoint = "users"}));
  map.add(UrlRule("/users/<int:id>", {.endpoint = "users"}));
  EXPECT_EQ(map.build("users"), "/users/");
  EXPECT_EQ(map.build("users", {{"id", 7}}), "/users/7");
  EXPECT_EQ(map.build("users", {{"page", 2}}), "/users/?page=2");
  EXPECT_EQ(map.build("users", {{"page", 2}}, {}, false), "/users/");
}

TEST(UrlMap, BuildsForAMethod) {
  UrlMap map;
  map.add(UrlRule("/new", {.endpoint = "a", .methods = {"POST"}}));
  map.add(UrlRule("/old", {.endpoint = "a", .methods = {"GET"}}));
  EXPECT_EQ(map.build("a"), "/old");
  EXPECT_EQ(map.build("a", {}, "POST"), "/new");
}

TEST(UrlMap, WhatItBuildsIsWhatItMatches) {
  const UrlMap map = map_of({"/s/<s>", "/i/<int(signed=True):i>/", "/f/v<float:f>.x"});
  EXPECT_EQ(map.build("/s/<s>", {{"s", "a/ü?"}}), "/s/a%2F%C3%BC%3F");
  EXPECT_EQ(route(map, std::vector<std::string>{"s", "a/ü?"}), "/s/<s> a/ü?");
  EXPECT_EQ(route(map, map.build("/i/<int(signed=True):i>/", {{"i", -7}})), "/i/<int(signed=True):i>/ -7");
  EXPECT_EQ(route(map, map.build("/f/v<float:f>.x", {{"f", 3.0}})), "/f/v<float:f>.x 3.0");
}

TEST(UrlMap, SaysWhyThereIsNoUrl) {
  UrlMap map;
  map.add(UrlRule("/users/<int:id>", {.endpoint = "user", .methods = {"GET"}}));
  EXPECT_EQ(error([&] { (void)map.build("usr"); }), "url_for(\"usr\"): no route has this endpoint");
  EXPECT_EQ(error([&] { (void)map.build("user"); }),
            "url_for(\"user\"): route \"/users/<int:id>\": needs a value for <id>");
  EXPECT_EQ(error([&] { (void)map.build("user", {{"id", "x"}}); }),
            "url_for(\"user\"): route \"/users/<int:id>\": <id> does not take \"x\"");
  EXPECT_EQ(error([&] { (void)map.build("user", {{"id", 1}}, "POST"); }),
            "url_for(\"user\"): no route of this endpoint answers POST");
  EXPECT_THROW((void)map.build("usr"), BuildError);
}

}  // namespace
}  // namespace prometheus_async::tx::web
