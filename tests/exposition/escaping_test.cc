// SPDX-License-Identifier: Apache-2.0
#include "exposition/escaping.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace prometheus_async::exposition {
namespace {

struct Escaped {
  std::string_view name;
  std::string_view underscores;
  std::string_view dots;
  std::string_view values;
};

// The cases of prometheus/common's own test.
TEST(EscapeName, GivesWhatPrometheusCommonGives) {
  const Escaped cases[] = {
      {"", "", "", ""},
      {"no:escaping_required", "no:escaping_required", "no:escaping__required", "no:escaping_required"},
      {"mysystem.prod.west.cpu.load", "mysystem_prod_west_cpu_load", "mysystem_dot_prod_dot_west_dot_cpu_dot_load",
       "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load"},
      {"mysystem.prod.west.cpu.load_total", "mysystem_prod_west_cpu_load_total",
       "mysystem_dot_prod_dot_west_dot_cpu_dot_load__total", "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load__total"},
      {"http.status:sum", "http_status:sum", "http_dot_status:sum", "U__http_2e_status:sum"},
      {"label with \U0001F631", "label_with__", "label__with____", "U__label_20_with_20__1f631_"},
      {"\u82b1\u706b", "__", "____", "U___82b1__706b_"},
      {"label with \u0100", "label_with__", "label__with____", "U__label_20_with_20__100_"},
  };
  for (const Escaped& each : cases) {
    EXPECT_EQ(escape_name(each.name, Escaping::kUnderscores, NameKind::kMetric), each.underscores);
    EXPECT_EQ(escape_name(each.name, Escaping::kDots, NameKind::kMetric), each.dots);
    EXPECT_EQ(escape_name(each.name, Escaping::kValues, NameKind::kMetric), each.values);
    EXPECT_EQ(escape_name(each.name, Escaping::kAllowUtf8, NameKind::kMetric), each.name);
  }
}

TEST(EscapeName, ADigitIsForeignInFrontOnly) {
  EXPECT_EQ(escape_name("1a1", Escaping::kUnderscores, NameKind::kMetric), "_a1");
  EXPECT_EQ(escape_name("1a1", Escaping::kDots, NameKind::kMetric), "__a1");
  EXPECT_EQ(escape_name("1a1", Escaping::kValues, NameKind::kMetric), "U___31_a1");
}

TEST(EscapeName, AColonIsForeignToALabel) {
  EXPECT_EQ(escape_name("a:b", Escaping::kUnderscores, NameKind::kLabel), "a_b");
  EXPECT_EQ(escape_name("a:b", Escaping::kDots, NameKind::kLabel), "a__b");
  EXPECT_EQ(escape_name("a:b", Escaping::kValues, NameKind::kLabel), "U__a_3a_b");
}

// As a range over a string does in Go.
TEST(EscapeName, AByteThatIsNoUtf8IsTheReplacementCharacter) {
  EXPECT_EQ(escape_name("a\xff\xfe", Escaping::kUnderscores, NameKind::kMetric), "a__");
  EXPECT_EQ(escape_name("a\xff", Escaping::kValues, NameKind::kMetric), "U__a_fffd_");
}

TEST(Escaping, IsCalledAsInMediaTypes) {
  EXPECT_EQ(to_string(Escaping::kUnderscores), "underscores");
  EXPECT_EQ(to_string(Escaping::kDots), "dots");
  EXPECT_EQ(to_string(Escaping::kValues), "values");
  EXPECT_EQ(to_string(Escaping::kAllowUtf8), "allow-utf-8");
}

// The example of exposition/escaping.h.
TEST(EscapeName, ExampleOfTheHeader) {
  const std::string name =
      exposition::escape_name("http.requests", exposition::Escaping::kValues, exposition::NameKind::kMetric);
  EXPECT_EQ(name, "U__http_2e_requests");
}

}  // namespace
}  // namespace prometheus_async::exposition
