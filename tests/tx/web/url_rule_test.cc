// SPDX-License-Identifier: Apache-2.0

#include "tx/web/url_rule.h"

#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tx/web/url_values.h"

namespace prometheus_async::tx::web {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class F>
std::string error(F function) {
  try {
    function();
  } catch (const std::invalid_argument& reason) {
    return reason.what();
  }
  return "none";
}

std::string error_of(std::string_view pattern) {
  const std::string prefix = "route \"" + std::string(pattern) + "\": ";
  std::string message = error([&] { UrlRule rule(pattern); });
  return message.starts_with(prefix) ? message.substr(prefix.size()) : "does not name the pattern: " + message;
}

TEST(UrlRule, ReadsAsInTheHeader) {
  const UrlRule rule("/users/<int:id>/<path:rest>", {.endpoint = "user_files"});
  EXPECT_EQ(rule.arguments().size(), 2u);
  EXPECT_EQ(rule.build({{"id", 7}, {"rest", "a/b c"}}), "/users/7/a/b%20c");
}

TEST(UrlRule, TakesAPatternApart) {
  const UrlRule rule("/v<int(min=1, max=9):major>/<name>.json/");
  ASSERT_EQ(rule.segments().size(), 3u);
  EXPECT_EQ(rule.segments()[0].before, "v");
  EXPECT_EQ(rule.segments()[0].name, "major");
  EXPECT_EQ(rule.segments()[0].converter,
            Converter("int", {{.name = "min", .value = "1"}, {.name = "max", .value = "9"}}));
  EXPECT_EQ(rule.segments()[1].before, "");
  EXPECT_EQ(rule.segments()[1].converter, Converter("string"));
  EXPECT_EQ(rule.segments()[1].after, ".json");
  EXPECT_FALSE(rule.segments()[2].converter);
  EXPECT_EQ(rule.segments()[2].before, "");
}

TEST(UrlRule, TakesQuotedArguments) {
  const UrlRule rule("/<any( draft, 'a b', \"c,>)\" ):state>");
  EXPECT_EQ(rule.segments()[0].converter, Converter("any", {{"", "draft"}, {"", "a b"}, {"", "c,>)"}}));
}

TEST(UrlRule, DecodesThePattern) {
  EXPECT_EQ(UrlRule("/caf%C3%A9").segments()[0].before, "café");
  EXPECT_EQ(UrlRule("/a%2Fb").segments()[0].before, "a/b");
}

TEST(UrlRule, NamesItsEndpointForThePattern) {
  EXPECT_EQ(UrlRule("/a").endpoint(), "/a");
  EXPECT_EQ(UrlRule("/a", {.endpoint = "b"}).endpoint(), "b");
}

TEST(UrlRule, SortsItsMethodsAndAddsHead) {
  EXPECT_THAT(UrlRule("/", {.methods = {"post", "GET"}}).methods(), ElementsAre("GET", "HEAD", "POST"));
  EXPECT_THAT(UrlRule("/", {.methods = {"HEAD", "GET"}}).methods(), ElementsAre("GET", "HEAD"));
  EXPECT_THAT(UrlRule("/", {.methods = {"PUT"}}).methods(), ElementsAre("PUT"));
  EXPECT_THAT(UrlRule("/").methods(), IsEmpty());
  EXPECT_TRUE(UrlRule("/").answers("BREW"));
  EXPECT_FALSE(UrlRule("/", {.methods = {"GET"}}).answers("POST"));
}

TEST(UrlRule, SaysWhatIsWrongWithThePattern) {
  EXPECT_EQ(error_of(""), "does not begin with /");
  EXPECT_EQ(error_of("users"), "does not begin with /");
  EXPECT_EQ(error_of("//"), "two slashes in a row, which a request never has");
  EXPECT_EQ(error_of("/a//b"), "two slashes in a row, which a request never has");
  EXPECT_EQ(error_of("/a/../b"), "a segment . or .., which a request never has");
  EXPECT_EQ(error_of("/a?b=c"), "a path has neither query nor fragment");
  EXPECT_EQ(error_of("/%4"), "bad percent escape");
  EXPECT_EQ(error_of("/%FF"), "not UTF-8");
  EXPECT_EQ(error_of("/a>"), "a > without its <");
  EXPECT_EQ(error_of("/<a>-<b>"), "a segment has one <...> at most");
  EXPECT_EQ(error_of("/x<path:p>"), "a <path:...> has no text in its own segment");
  EXPECT_EQ(error_of("/<path:p>/<path:q>"), "a second <path:...>");
}

TEST(UrlRule, SaysWhatIsWrongWithAVariable) {
  const std::string form = "a <...> is <name>, <converter:name> or <converter(arguments):name>";
  const std::string name = "a name is letters, digits and _, and begins with no digit";
  const std::string arguments = "arguments are words, numbers and quoted texts with commas between them";
  EXPECT_EQ(error_of("/<a"), form);
  EXPECT_EQ(error_of("/<a b>"), form);
  EXPECT_EQ(error_of("/<int:a:b>"), form);
  EXPECT_EQ(error_of("/<>"), name);
  EXPECT_EQ(error_of("/<int:>"), name);
  EXPECT_EQ(error_of("/<int:1a>"), name);
  EXPECT_EQ(error_of("/<int(min=1)>"), "a converter with arguments is written <converter(...):name>");
  EXPECT_EQ(error_of("/<int(min=1:a>"), arguments);
  EXPECT_EQ(error_of("/<any(a b):c>"), arguments);
  EXPECT_EQ(error_of("/<any(,):c>"), arguments);
  EXPECT_EQ(error_of("/<any('a):c>"), "a quoted argument without its end");
  EXPECT_EQ(error_of("/<a>/<a>"), "<a> occurs twice");
  EXPECT_EQ(error_of("/<integer:a>"),
            "<a>: no converter is called \"integer\"; there are string, int, float, path, any and uuid");
  EXPECT_EQ(error_of("/<int(min=x):a>"), "<a>: min takes a number, not \"x\"");
}

TEST(UrlRule, SaysWhatIsWrongWithAMethod) {
  EXPECT_EQ(error([] { UrlRule("/a", {.methods = {"GET, POST"}}); }),
            "route \"/a\": the method \"GET, POST\" is no token");
  EXPECT_EQ(error([] { UrlRule("/a", {.methods = {""}}); }), "route \"/a\": the method \"\" is no token");
}

TEST(UrlRule, BuildsWithItsConverters) {
  EXPECT_EQ(UrlRule("/").build({}), "/");
  EXPECT_EQ(UrlRule("/a b/").build({}), "/a%20b/");
  EXPECT_EQ(UrlRule("/v<int(fixed_digits=3):n>.json").build({{"n", 7}}), "/v007.json");
  EXPECT_EQ(UrlRule("/<name>").build({{"name", "a/b"}}), "/a%2Fb");
  EXPECT_EQ(UrlRule("/<float:x>").build({{"x", 2.0}}), "/2.0");
}

TEST(UrlRule, PutsTheOtherValuesIntoTheQuery) {
  const UrlRule rule("/<name>");
  const UrlValues values{{"q", "a&b"}, {"name", "n"}, {"tag", 1}, {"tag", 2}};
  EXPECT_EQ(rule.build(values), "/n?q=a%26b&tag=1&tag=2");
  EXPECT_EQ(rule.build(values, false), "/n");
}

TEST(UrlRule, SaysWhatIsWrongWithAValue) {
  const UrlRule rule("/<int:id>");
  EXPECT_EQ(error([&] { (void)rule.build({}); }), "route \"/<int:id>\": needs a value for <id>");
  EXPECT_EQ(error([&] { (void)rule.build({{"id", "x"}}); }), "route \"/<int:id>\": <id> does not take \"x\"");
}

// A browser takes dot segments away, and the parser refuses the rest.
TEST(UrlRule, BuildsNoPathThatNeverArrives) {
  const UrlRule name("/<name>");
  const UrlRule path("/<path:p>");
  for (const std::string text : {"..", ".", "\xff"})
    EXPECT_NE(error([&] { (void)name.build({{"name", text}}); }), "none");
  for (const std::string text : {"a/../b", "..", "a/."})
    EXPECT_NE(error([&] { (void)path.build({{"p", text}}); }), "none");
  EXPECT_NE(error([&] { (void)name.build({{"name", std::string("\0", 1)}}); }), "none");
  EXPECT_EQ(path.build({{"p", "a/..b"}}), "/a/..b");
}

TEST(UrlValue, IsTextOrANumber) {
  EXPECT_EQ(UrlValue("a").text(), "a");
  EXPECT_EQ(UrlValue(std::string("a")).text(), "a");
  EXPECT_EQ(UrlValue(std::string_view("a")).text(), "a");
  EXPECT_EQ(UrlValue(-7).text(), "-7");
  EXPECT_EQ(UrlValue(18446744073709551615u).text(), "18446744073709551615");
  EXPECT_EQ(UrlValue(0.1).text(), "0.1");
  EXPECT_EQ(UrlValue(1e20).text(), "100000000000000000000.0");
  EXPECT_EQ(UrlValue(-std::numeric_limits<double>::max()).text().size(), 312u);
  EXPECT_EQ(UrlValue(std::numeric_limits<double>::denorm_min()).text().substr(0, 4), "0.00");
}

}  // namespace
}  // namespace prometheus_async::tx::web
