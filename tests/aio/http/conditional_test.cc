// SPDX-License-Identifier: Apache-2.0

#include "aio/http/conditional.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

constexpr std::string_view kBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view kThen = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kAfter = "Sun, 06 Nov 1994 08:49:38 GMT";
const std::chrono::sys_seconds kModified(std::chrono::seconds(784111777));

const Validators kStrong{.etag = EntityTag{"v1"}};
const Validators kWeak{.etag = EntityTag{"v1", true}};
const Validators kDated{.last_modified = kModified};
const Validators kBoth{.etag = EntityTag{"v1"}, .last_modified = kModified};
const Validators kAbsent{.exists = false};

Precondition get(const Headers& request, const Validators& current) {
  return evaluate_preconditions("GET", request, current);
}
Precondition put(const Headers& request, const Validators& current) {
  return evaluate_preconditions("PUT", request, current);
}

TEST(EntityTag, IsReadAndWritten) {
  for (const char* text : {R"("v1")", R"(W/"v1")", R"("")", R"("a,b")", R"("\")",
                           R"("!#~)"
                           "\xe9"
                           R"(")"}) {
    const std::optional<EntityTag> tag = parse_entity_tag(text);
    ASSERT_TRUE(tag) << text;
    EXPECT_EQ(tag->to_string(), text);
  }
  EXPECT_EQ(parse_entity_tag(R"(W/"v1")"), (EntityTag{"v1", true}));
}

TEST(EntityTag, IsNothingElse) {
  for (const char* text : {"", "v1", "\"", "\"v1", "v1\"", "w/\"v1\"", "W/", "W/v1", "W \"v1\"", "\"v1\"x", " \"v1\"",
                           "\"v 1\"", "\"v\t1\"", "\"v\x7f\"", "*", "\"a\", \"b\""}) {
    EXPECT_EQ(parse_entity_tag(text), std::nullopt) << text;
  }
}

TEST(EntityTag, ComparesInTwoWays) {
  const EntityTag strong{"a"};
  const EntityTag weak{"a", true};
  const EntityTag other{"b"};
  EXPECT_TRUE(strong.strongly_equals(strong));
  EXPECT_FALSE(strong.strongly_equals(weak));
  EXPECT_FALSE(weak.strongly_equals(strong));
  EXPECT_FALSE(weak.strongly_equals(weak));
  EXPECT_FALSE(strong.strongly_equals(other));
  EXPECT_TRUE(strong.weakly_equals(weak));
  EXPECT_TRUE(weak.weakly_equals(weak));
  EXPECT_FALSE(weak.weakly_equals(other));
}

TEST(EntityTags, AreAList) {
  const std::optional<EntityTagList> list = parse_entity_tags(R"( "a" ,W/"b,c",, "d", )");
  ASSERT_TRUE(list);
  EXPECT_FALSE(list->is_any);
  EXPECT_EQ(list->tags, (std::vector<EntityTag>{{"a"}, {"b,c", true}, {"d"}}));
}

TEST(EntityTags, AreAny) {
  const std::optional<EntityTagList> list = parse_entity_tags(" * ");
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->is_any);
}

TEST(EntityTags, AreAllWellFormedOrNone) {
  for (const char* text :
       {"", " ", ",", "a", R"("a" "b")", R"("a"; "b")", R"("a", b)", R"("a", *)", R"(*, "a")", "**", R"("a", "b)"}) {
    EXPECT_FALSE(parse_entity_tags(text)) << text;
  }
}

TEST(Preconditions, ProceedWithoutAny) {
  EXPECT_EQ(get({}, kBoth), Precondition::kProceed);
  EXPECT_EQ(put({}, kAbsent), Precondition::kProceed);
}

TEST(Preconditions, IfNoneMatchComparesWeakly) {
  for (const Validators& current : {kStrong, kWeak}) {
    EXPECT_EQ(get({{"If-None-Match", R"("v1")"}}, current), Precondition::kNotModified);
    EXPECT_EQ(get({{"If-None-Match", R"("v0", W/"v1")"}}, current), Precondition::kNotModified);
    EXPECT_EQ(get({{"If-None-Match", R"("v2")"}}, current), Precondition::kProceed);
  }
}

TEST(Preconditions, IfNoneMatchMayBeSpreadOverFields) {
  EXPECT_EQ(get({{"If-None-Match", R"("v0")"}, {"If-None-Match", R"("v1")"}}, kStrong), Precondition::kNotModified);
}

TEST(Preconditions, IfNoneMatchIsNotModifiedForReadersAndFailsOthers) {
  const Headers request{{"If-None-Match", R"("v1")"}};
  EXPECT_EQ(evaluate_preconditions("GET", request, kStrong), Precondition::kNotModified);
  EXPECT_EQ(evaluate_preconditions("HEAD", request, kStrong), Precondition::kNotModified);
  EXPECT_EQ(evaluate_preconditions("PUT", request, kStrong), Precondition::kFailed);
  EXPECT_EQ(evaluate_preconditions("DELETE", request, kStrong), Precondition::kFailed);
}

TEST(Preconditions, IfNoneMatchOfAnyMeetsWhatExists) {
  EXPECT_EQ(put({{"If-None-Match", "*"}}, kAbsent), Precondition::kProceed);
  EXPECT_EQ(put({{"If-None-Match", "*"}}, Validators{}), Precondition::kFailed);
  EXPECT_EQ(get({{"If-None-Match", "*"}}, Validators{}), Precondition::kNotModified);
}

TEST(Preconditions, IfNoneMatchThatIsMalformedMatchesNothing) {
  EXPECT_EQ(get({{"If-None-Match", "v1"}}, kStrong), Precondition::kProceed);
}

TEST(Preconditions, IfMatchComparesStrongly) {
  EXPECT_EQ(put({{"If-Match", R"("v0", "v1")"}}, kStrong), Precondition::kProceed);
  EXPECT_EQ(put({{"If-Match", R"("v2")"}}, kStrong), Precondition::kFailed);
  EXPECT_EQ(put({{"If-Match", R"(W/"v1")"}}, kStrong), Precondition::kFailed);
  EXPECT_EQ(put({{"If-Match", R"(W/"v1")"}}, kWeak), Precondition::kFailed);
  EXPECT_EQ(put({{"If-Match", R"("v1")"}}, Validators{}), Precondition::kFailed);
}

TEST(Preconditions, IfMatchHoldsForReadersToo) {
  EXPECT_EQ(get({{"If-Match", R"("v2")"}}, kStrong), Precondition::kFailed);
}

TEST(Preconditions, IfMatchOfAnyMeetsWhatExists) {
  EXPECT_EQ(put({{"If-Match", "*"}}, Validators{}), Precondition::kProceed);
  EXPECT_EQ(put({{"If-Match", "*"}}, kAbsent), Precondition::kFailed);
}

TEST(Preconditions, IfMatchThatIsMalformedFails) {
  EXPECT_EQ(put({{"If-Match", "v1"}}, kStrong), Precondition::kFailed);
}

TEST(Preconditions, IfModifiedSinceComparesSeconds) {
  EXPECT_EQ(get({{"If-Modified-Since", kBefore}}, kDated), Precondition::kProceed);
  EXPECT_EQ(get({{"If-Modified-Since", kThen}}, kDated), Precondition::kNotModified);
  EXPECT_EQ(get({{"If-Modified-Since", kAfter}}, kDated), Precondition::kNotModified);
}

TEST(Preconditions, IfModifiedSinceIsForReadersAlone) {
  EXPECT_EQ(put({{"If-Modified-Since", kThen}}, kDated), Precondition::kProceed);
}

TEST(Preconditions, IfUnmodifiedSinceComparesSeconds) {
  EXPECT_EQ(put({{"If-Unmodified-Since", kBefore}}, kDated), Precondition::kFailed);
  EXPECT_EQ(put({{"If-Unmodified-Since", kThen}}, kDated), Precondition::kProceed);
  EXPECT_EQ(put({{"If-Unmodified-Since", kAfter}}, kDated), Precondition::kProceed);
}

TEST(Preconditions, DatesThatSayNothingAreLeftAside) {
  EXPECT_EQ(get({{"If-Modified-Since", "yesterday"}}, kDated), Precondition::kProceed);
  EXPECT_EQ(put({{"If-Unmodified-Since", "yesterday"}}, kDated), Precondition::kProceed);
  EXPECT_EQ(get({{"If-Modified-Since", kThen}, {"If-Modified-Since", kThen}}, kDated), Precondition::kProceed);
  EXPECT_EQ(get({{"If-Modified-Since", kAfter}}, kStrong), Precondition::kProceed);
  EXPECT_EQ(put({{"If-Unmodified-Since", kBefore}}, kStrong), Precondition::kProceed);
}

TEST(Preconditions, TagsGoBeforeDates) {
  EXPECT_EQ(get({{"If-None-Match", R"("v2")"}, {"If-Modified-Since", kAfter}}, kBoth), Precondition::kProceed);
  EXPECT_EQ(get({{"If-None-Match", R"("v1")"}, {"If-Modified-Since", kBefore}}, kBoth), Precondition::kNotModified);
  EXPECT_EQ(put({{"If-Match", R"("v1")"}, {"If-Unmodified-Since", kBefore}}, kBoth), Precondition::kProceed);
}

TEST(Preconditions, WhatFailsGoesBeforeWhatIsNotModified) {
  EXPECT_EQ(get({{"If-Match", R"("v2")"}, {"If-None-Match", R"("v1")"}}, kBoth), Precondition::kFailed);
  EXPECT_EQ(get({{"If-Match", R"("v1")"}, {"If-None-Match", R"("v1")"}}, kBoth), Precondition::kNotModified);
  EXPECT_EQ(get({{"If-Unmodified-Since", kBefore}, {"If-Modified-Since", kAfter}}, kBoth), Precondition::kFailed);
}

// The example of the header.
int status_of(std::string_view method, const Headers& headers) {
  const http::Validators current{.etag = http::EntityTag{"v2"}};
  switch (http::evaluate_preconditions(method, headers, current)) {
    case http::Precondition::kProceed: return 200;
    case http::Precondition::kNotModified: return 304;
    case http::Precondition::kFailed: return 412;
  }
  return 0;
}

TEST(Preconditions, AreAsInTheHeader) {
  EXPECT_EQ(status_of("GET", {}), 200);
  EXPECT_EQ(status_of("GET", {{"If-None-Match", R"("v2")"}}), 304);
  EXPECT_EQ(status_of("PUT", {{"If-Match", R"("v1")"}}), 412);
}

}  // namespace
}  // namespace prometheus_async::aio::http
