// SPDX-License-Identifier: Apache-2.0
#include "metrics/info.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/labels.h"
#include "metrics/registry.h"
#include "tests/testing/error_of.h"
#include "tests/testing/recording_sink.h"

namespace prometheus_async::metrics {
namespace {

using prometheus_async::testing::RecordingSink;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Pairs = std::vector<Labels::Pair>;

std::string refusal(std::string name, Pairs labels) {
  return prometheus_async::testing::error_of<std::invalid_argument>([&] { Info(name, "help", labels); });
}

TEST(Info, IsOneSeriesThatIsAlwaysOne) {
  const Info info("storage_info", "the storage engine", Pairs{{"engine", "lsm"}, {"format", "7"}});
  EXPECT_THAT(RecordingSink(info).lines, ElementsAre("info storage_info", "{engine=\"lsm\",format=\"7\"} 1"));
}

// The example of metrics/info.h.
TEST(Info, IsShownByARegistry) {
  Registry registry;
  registry.add(std::make_shared<metrics::Info>("storage_info", "the storage engine",
                                               std::vector<metrics::Labels::Pair>{{"engine", "lsm"}, {"format", "7"}}));
  EXPECT_EQ(registry.get_sample_value("storage_info", {{"engine", "lsm"}, {"format", "7"}}), 1);
}

TEST(Info, DescribesWhatItWrites) {
  const Info info("storage_info", "the storage engine", {});
  ASSERT_EQ(info.describe().size(), 1u);
  EXPECT_EQ(info.describe()[0].name, "storage_info");
  EXPECT_EQ(info.describe()[0].help, "the storage engine");
  EXPECT_EQ(info.describe()[0].type, MetricType::kInfo);
}

TEST(Info, GivesItsNameTheEnding) { EXPECT_EQ(Info("storage", "help", {}).describe()[0].name, "storage_info"); }

TEST(Info, LeavesEmptyLabelsOut) {
  EXPECT_EQ(Info("a", "help", Pairs{{"x", ""}, {"y", "1"}}).labels().text(), "y=\"1\"");
}

TEST(Info, RepairsTextThatIsNotUtf8) {
  const Info info("a", "caf\xe9", Pairs{{"x", "\xff"}});
  EXPECT_EQ(info.describe()[0].help, "caf\xEF\xBF\xBD");
  EXPECT_EQ(info.labels().text(), "x=\"\xEF\xBF\xBD\"");
}

TEST(Info, RefusesWhatIsNoName) {
  EXPECT_THAT(refusal("", {}), HasSubstr("must not be empty"));
  EXPECT_THAT(refusal("\xff", {}), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal("a", {{"", "1"}}), AllOf(HasSubstr("metric \"a_info\""), HasSubstr("must have a name")));
  EXPECT_THAT(refusal("a", {{"__x", "1"}}), HasSubstr("label \"__x\" of metric \"a_info\" must not begin with __"));
}

TEST(Info, RefusesALabelGivenTwice) {
  EXPECT_THAT(refusal("a", {{"x", "1"}, {"x", "2"}}), HasSubstr("label \"x\" of metric \"a_info\" is given twice"));
  EXPECT_THAT(refusal("a", {{"x.y", "1"}, {"x_y", ""}}), HasSubstr("label \"x_y\" of metric \"a_info\" is given twice"))
      << "with underscores, as older versions of Prometheus see them, they are one";
}

}  // namespace
}  // namespace prometheus_async::metrics
