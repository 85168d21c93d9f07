// SPDX-License-Identifier: Apache-2.0

#include "aio/web/path_template.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aio/http/target.h"

namespace prometheus_async::aio::web::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PathTemplate, ReadsAsInTheHeader) {
  PathTemplate path("/users/{id:int}/{file}.json");
  EXPECT_EQ(path.names().size(), 2u);
  EXPECT_EQ(path.expand({{"id", "3"}, {"file", "a b"}}), "/users/3/a%20b.json");
}

TEST(PathTemplate, IsTakenApart) {
  const PathTemplate path("/v{major:\\d{1,2}}/caf%C3%A9/{x:[^/{}]+}.j%2fs");
  ASSERT_EQ(path.segments().size(), 3u);
  EXPECT_EQ(path.segments()[0].prefix, "v");
  EXPECT_TRUE(path.segments()[0].pattern->matches("12"));
  EXPECT_EQ(path.segments()[1].prefix, "caf\xc3\xa9");
  EXPECT_FALSE(path.segments()[1].pattern);
  EXPECT_EQ(path.segments()[2].suffix, ".j%2Fs");
  EXPECT_THAT(path.names(), ElementsAre("major", "x"));
  EXPECT_EQ(PathTemplate("/a%20b/%2f/").routing_path(), "/a b/%2F/");
}

TEST(PathTemplate, MatchesTextAroundAName) {
  const PathTemplate path("/img-{name}.png");
  const auto& segment = path.segments()[0];
  EXPECT_EQ(segment.match("img-a.png"), "a");
  EXPECT_EQ(segment.match("img-.png.png"), ".png");
  for (const char* text : {"", "img-.png", "img-a.jpg", "mg-a.png", "img-", "img.png", "IMG-a.png"}) {
    EXPECT_EQ(segment.match(text), std::nullopt) << text;
  }
}

TEST(PathTemplate, DoesNotCutAnEscape) {
  const PathTemplate path("/{name}2F");
  EXPECT_EQ(path.segments()[0].match("a%2F"), std::nullopt);
  EXPECT_EQ(path.segments()[0].match("%2F"), std::nullopt);
  EXPECT_EQ(path.segments()[0].match("%252F"), "%25");
  EXPECT_EQ(PathTemplate("/{name}F").segments()[0].match("a%2F"), std::nullopt);
}

TEST(PathTemplate, RefusesAndNamesTheRule) {
  for (const auto& [path, rule] : {std::pair("a", "begin with /"),
                                   {"{a}", "begin with /"},
                                   {"/a?b", "query"},
                                   {"/a#b", "fragment"},
                                   {"/{a}?b", "query"},
                                   {"/%", "escape"},
                                   {"/%zz", "escape"},
                                   {"/%2{a}", "escape"},
                                   {"/%ff", "UTF-8"},
                                   {"/a%00", "NUL"},
                                   {"/.", "dot segment"},
                                   {"/a/%2e./b", "dot segment"},
                                   {"/}", "without its {"},
                                   {"/a}b", "without its {"},
                                   {"/{a}}", "without its {"},
                                   {"/{", "without its }"},
                                   {"/{a", "without its }"},
                                   {"/{a/b}", "letters"},
                                   {"/{a:[b}", "without its }"},
                                   {"/{a:b{2}", "without its }"},
                                   {"/{}", "letters"},
                                   {"/{:int}", "letters"},
                                   {"/{a-b}", "letters"},
                                   {"/{1a}", "letters"},
                                   {"/{a}{b}", "more than one"},
                                   {"/{a}-{b}", "more than one"},
                                   {"/{a}/{a}", "twice"},
                                   {"/{a:.*}/b", "last segment"},
                                   {"/{a:.*}/", "last segment"},
                                   {"/x{a:.*}", "whole segment"},
                                   {"/{a:.+}x", "whole segment"},
                                   {"/{a:float}", "{a}: behind the colon"}}) {
    try {
      const PathTemplate refused(path);
      FAIL() << path;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr(rule)) << path;
      EXPECT_THAT(error.what(), HasSubstr("\"" + std::string(path) + "\"")) << path;
    }
  }
}

TEST(PathTemplate, HasEightNamesAtMost) {
  std::string path;
  for (int i = 1; i <= 8; ++i) {
    path += "/{n" + std::to_string(i) + "}";
    EXPECT_EQ(PathTemplate(path).names().size(), static_cast<std::size_t>(i));
  }
  EXPECT_THROW(PathTemplate(path + "/{n9}"), std::invalid_argument);
}

TEST(PathTemplate, HasThirtyTwoSegmentsAtMostIfItHasNames) {
  std::string path = "/{a}";
  for (int i = 2; i <= 32; ++i) path += "/x";
  EXPECT_EQ(PathTemplate(path.substr(0, path.size() - 2)).segments().size(), 31u);
  EXPECT_EQ(PathTemplate(path).segments().size(), 32u);
  EXPECT_THROW(PathTemplate(path + "/x"), std::invalid_argument);
  EXPECT_EQ(PathTemplate(path.substr(4) + "/x/x").segments().size(), 33u);
}

// What expand() makes is what a server takes apart again.
TEST(PathTemplate, ExpandsToAPathThatMatchesAgain) {
  const PathTemplate path("/caf%C3%A9/{name}/50%25");
  for (const std::string name :
       {"a", "a/b", "100%", "%2F", "J\xc3\xbcrgen", "?#[]{}\"<>\\^`|", "a b+c", "~.-_!$&'()*,;=:@"}) {
    http::Target target;
    ASSERT_TRUE(target.assign("GET", path.expand({{"name", name}})).ok()) << name;
    EXPECT_EQ(target.path(), "/caf\xc3\xa9/" + name + "/50%");
    const std::string_view routing = target.routing_path();
    EXPECT_TRUE(routing.starts_with("/caf\xc3\xa9/")) << name;
    EXPECT_EQ(std::count(routing.begin(), routing.end(), '/'), 3) << name;
  }
  EXPECT_EQ(path.expand({{"name", "a/b c"}}), "/caf%C3%A9/a%2Fb%20c/50%25");
}

TEST(PathTemplate, KeepsTheSlashesOfATail) {
  EXPECT_EQ(PathTemplate("/f/{tail:.*}").expand({{"tail", "a/b c"}}), "/f/a/b%20c");
  EXPECT_EQ(PathTemplate("/f/{tail:.*}").expand({{"tail", ""}}), "/f/");
}

TEST(PathTemplate, RefusesValuesThatItWouldNotMatch) {
  const PathTemplate path("/{id:int}/{tail:.+}");
  for (const auto& [values, rule] : {std::pair<UrlValues, std::string>{{}, "{id} has no value"},
                                     {{{"id", "1"}}, "{tail} has no value"},
                                     {{{"id", "1"}, {"tail", "x"}, {"z", "1"}}, "has no {z}"},
                                     {{{"id", "1"}, {"tail", "x"}, {"id", "1"}}, "{id} has two values"},
                                     {{{"id", "x"}, {"tail", "x"}}, "{id} cannot be \"x\""},
                                     {{{"id", ""}, {"tail", "x"}}, "{id} cannot be \"\""},
                                     {{{"id", "1"}, {"tail", ""}}, "{tail} cannot be \"\""},
                                     {{{"id", "1"}, {"tail", "a/../b"}}, "{tail} cannot be"},
                                     {{{"id", "1"}, {"tail", "."}}, "{tail} cannot be"},
                                     {{{"id", "1"}, {"tail", std::string("a\0b", 3)}}, "{tail} cannot be"},
                                     {{{"id", "1"}, {"tail", "\xff"}}, "{tail} cannot be"}}) {
    try {
      const std::string expanded = path.expand(values);
      FAIL() << expanded;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr(rule));
      EXPECT_THAT(error.what(), HasSubstr("route \"/{id:int}/{tail:.+}\""));
    }
  }
}

TEST(PathTemplate, RefusesADotSegmentOfTextAndValue) {
  EXPECT_THROW(static_cast<void>(PathTemplate("/.{a}").expand({{"a", "."}})), std::invalid_argument);
  EXPECT_EQ(PathTemplate("/.{a}").expand({{"a", "x"}}), "/.x");
}

TEST(AppendQuery, EncodesNamesAndValues) {
  std::string url = "/a";
  append_query({}, url);
  EXPECT_EQ(url, "/a");
  append_query({{"q", "a b&c"}, {"name[]", "+/="}, {"empty", ""}}, url);
  EXPECT_EQ(url, "/a?q=a%20b%26c&name%5B%5D=%2B%2F%3D&empty=");
}

}  // namespace
}  // namespace prometheus_async::aio::web::internal
