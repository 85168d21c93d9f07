// SPDX-License-Identifier: Apache-2.0

#include "aio/http/target.h"

#include <string>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

TEST(Target, ReadsAsInTheHeader) {
  Target target;
  EXPECT_TRUE(target.assign("GET", "/users/J%C3%BCrgen?verbose").ok());
  EXPECT_EQ(target.path(), "/users/Jürgen");
  EXPECT_EQ(target.query_string(), "verbose");
}

TEST(Target, TakesAnOriginApart) {
  Target target;
  ASSERT_TRUE(target.assign("GET", "/a%2Fb%41/%25?x=%zz?y").ok());
  EXPECT_EQ(target.form(), Target::Form::kOrigin);
  EXPECT_EQ(target.raw(), "/a%2Fb%41/%25?x=%zz?y");
  EXPECT_EQ(target.raw_path(), "/a%2Fb%41/%25");
  EXPECT_EQ(target.path(), "/a/bA/%");
  EXPECT_EQ(target.routing_path(), "/a%2FbA/%25");
  EXPECT_EQ(target.query_string(), "x=%zz?y");
  EXPECT_EQ(target.authority(), "");
}

TEST(Target, KeepsRepeatedSlashesAndDecodesOnce) {
  Target target;
  ASSERT_TRUE(target.assign("GET", "//a//%252e%252e").ok());
  EXPECT_EQ(target.path(), "//a//%2e%2e");
}

TEST(Target, TakesAnAbsoluteApart) {
  Target target;
  ASSERT_TRUE(target.assign("GET", "hTTp://[::1]:80/x?y").ok());
  EXPECT_EQ(target.form(), Target::Form::kAbsolute);
  EXPECT_EQ(target.authority(), "[::1]:80");
  EXPECT_EQ(target.path(), "/x");
  EXPECT_EQ(target.query_string(), "y");
  ASSERT_TRUE(target.assign("GET", "https://a").ok());
  EXPECT_EQ(target.path(), "/");
  EXPECT_EQ(target.routing_path(), "/");
  ASSERT_TRUE(target.assign("GET", "http://a?b").ok());
  EXPECT_EQ(target.authority(), "a");
  EXPECT_EQ(target.raw_path(), "/");
  EXPECT_EQ(target.query_string(), "b");
}

TEST(Target, TakesTheOtherFormsOfTheirMethodsOnly) {
  Target target;
  EXPECT_TRUE(target.assign("OPTIONS", "*").ok());
  EXPECT_EQ(target.form(), Target::Form::kAsterisk);
  EXPECT_EQ(target.path(), "*");
  EXPECT_FALSE(target.assign("GET", "*").ok());
  EXPECT_TRUE(target.assign("CONNECT", "a.example:443").ok());
  EXPECT_EQ(target.form(), Target::Form::kAuthority);
  EXPECT_EQ(target.authority(), "a.example:443");
  EXPECT_TRUE(target.assign("CONNECT", "[::1]:443").ok());
  EXPECT_FALSE(target.assign("CONNECT", "[::1]").ok());
  EXPECT_FALSE(target.assign("CONNECT", "a.example").ok());
  EXPECT_FALSE(target.assign("CONNECT", "/").ok());
  EXPECT_FALSE(target.assign("GET", "a.example:443").ok());
}

TEST(Target, RefusesWithTheRule) {
  Target target;
  for (const std::string text :
       {"",          "a",          "/#",          "/a#b",          "/\\a",        "/\"",         "/<",
        "/>",        "/ ",         "/\x7f",       "/\xc3\xa9",     "/\t",         "/%",          "/%4",
        "/%zz",      "/%00",       "/%ff",        "/%C0%AF",       "/.",          "/..",         "/../a",
        "/a/./b",    "/a/..",      "/%2e",        "/%2e%2E/a",     "/a%2F..",     "ftp://a/",    "://a",
        "http://",   "http:///a",  "http://a@b/", "http://a,b/",   "http://a b/", "http://a:b/", "http://a:123456/",
        "http://[/", "http://[]/", "http://[g]/", "http://a/../b", "/?\xff",      "/?a\\b"}) {
    EXPECT_EQ(target.assign("GET", text).code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_FALSE(target.assign("GET", text).message().empty()) << text;
  }
}

TEST(Target, ForgetsTheOneBefore) {
  Target target;
  ASSERT_TRUE(target.assign("GET", "http://a/%41?q").ok());
  ASSERT_TRUE(target.assign("GET", "/b").ok());
  EXPECT_EQ(target.path(), "/b");
  EXPECT_EQ(target.routing_path(), "/b");
  EXPECT_EQ(target.query_string(), "");
  EXPECT_EQ(target.authority(), "");
}

TEST(Host, IsANameOrAnAddressAndPerhapsAPort) {
  for (const char* host :
       {"a", "a.example", "127.0.0.1:80", "[::1]", "[::1]:80", "a:", "a_b", "xn--a-ecp.example:65535"}) {
    EXPECT_TRUE(is_valid_host(host)) << host;
  }
  for (const char* host : {"", ":80", "a b", "a,b", "a/b", "u@a", "a:b", "a:80:80", "[::1", "[]", "[::1]80", "[::g]",
                           "a\tb", "a:123456", "a\\b", "a?b", "a#b"}) {
    EXPECT_FALSE(is_valid_host(host)) << host;
  }
}

}  // namespace
}  // namespace prometheus_async::aio::http
