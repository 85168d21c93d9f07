// SPDX-License-Identifier: Apache-2.0
#include "metrics/build_info.h"

#include <stdexcept>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/registry.h"
#include "tests/testing/error_of.h"
#include "tests/testing/recording_sink.h"

namespace prometheus_async::metrics {
namespace {

using prometheus_async::testing::error_of;
using prometheus_async::testing::RecordingSink;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// The example of metrics/build_info.h.
TEST(BuildInfo, IsShownByARegistry) {
  metrics::default_registry().add(
      metrics::build_info("shop", {.version = "1.4.2", .revision = "3fa1c09", .branch = "main"}));
  EXPECT_EQ(metrics::default_registry().get_sample_value("shop_build_info", {{"version", "1.4.2"},
                                                                             {"revision", "3fa1c09"},
                                                                             {"branch", "main"},
                                                                             {"compiler", compiler()},
                                                                             {"standard", standard()}}),
            1);
}

TEST(BuildInfo, HasTheLabelsOfPrometheusOwnProgramsAndTheToolchain) {
  const auto info = build_info("shop", {.version = "1.4.2", .revision = "3fa1c09", .branch = "main"});
  EXPECT_THAT(
      RecordingSink(*info).lines,
      ElementsAre("info shop_build_info", "{version=\"1.4.2\",revision=\"3fa1c09\",branch=\"main\",compiler=\"" +
                                              compiler() + "\",standard=\"" + standard() + "\"} 1"));
}

TEST(BuildInfo, LeavesOutWhatIsNotSaid) {
  EXPECT_EQ(build_info("shop", {.version = "1", .compiler = "", .standard = ""})->labels().text(), "version=\"1\"");
}

TEST(BuildInfo, TakesFurtherLabels) {
  EXPECT_EQ(build_info("shop", {.compiler = "", .standard = "c++26", .more = {{"tags", "netgo"}}})->labels().text(),
            "standard=\"c++26\",tags=\"netgo\"");
}

TEST(BuildInfo, KnowsTheToolchain) {
  EXPECT_THAT(compiler(), MatchesRegex("(g|clang)[+][+] [0-9]+[.][0-9]+[.][0-9]+"));
  EXPECT_THAT(standard(), MatchesRegex("c[+][+]2[036]"));
}

TEST(BuildInfo, RefusesBadNames) {
  EXPECT_THAT(error_of<std::invalid_argument>([] { build_info("", {}); }), HasSubstr("application must have a name"));
  EXPECT_THAT(error_of<std::invalid_argument>([] { build_info("shop", {.more = {{"version", "2"}}}); }),
              HasSubstr("label \"version\" of metric \"shop_build_info\" is given twice"));
}

}  // namespace
}  // namespace prometheus_async::metrics
