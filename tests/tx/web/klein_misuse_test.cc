// SPDX-License-Identifier: Apache-2.0
//
// What must not compile does not, and says why.
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prometheus_async::tx::web {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string said(const std::string& name) {
  const std::ifstream log("tests/tx/web/klein_" + name + ".log");
  std::ostringstream text;
  text << log.rdbuf();
  return text.str();
}

auto Refuses(const std::string& reason) { return AllOf(HasSubstr("error"), HasSubstr("prometheus_async: " + reason)); }

TEST(KleinMisuse, RightUseCompiles) { EXPECT_EQ(said("nothing_wrong"), "it compiled\n"); }

TEST(KleinMisuse, WhatAFunctionMayNotReturn) {
  for (const char* name :
       {"returns_a_number", "returns_a_deferred_number", "returns_null", "error_handler_returns_a_number"}) {
    EXPECT_THAT(said(name), Refuses("a function of Klein returns nothing, text (std::string, ")) << name;
  }
}

TEST(KleinMisuse, WhatAFunctionMayNotTake) {
  for (const char* name : {"takes_no_request", "takes_nothing", "takes_a_pointer_to_the_request"}) {
    EXPECT_THAT(said(name), Refuses("the first parameter of a function of Klein is tx::web::Request&")) << name;
  }
  for (const char* name : {"takes_a_vector", "takes_a_number_by_reference", "takes_a_bool"}) {
    EXPECT_THAT(said(name), Refuses("a value of a route is taken as an integer")) << name;
  }
  EXPECT_THAT(said("is_generic"), Refuses("Klein reads from a function's parameters what its pattern has to give"));
}

TEST(KleinMisuse, WhatTheOthersMayNotTake) {
  EXPECT_THAT(said("error_handler_takes_a_number"), Refuses("a function of handle_errors takes a tx::web::Request&"));
  EXPECT_THAT(said("subroute_of_nothing"), Refuses("subroute takes a function of a tx::web::Klein&"));
}

}  // namespace
}  // namespace prometheus_async::tx::web
