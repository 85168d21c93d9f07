// SPDX-License-Identifier: Apache-2.0
#include "metrics/state_set.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/refused.h"
#include "metrics/registry.h"
#include "tests/testing/error_of.h"
#include "tests/testing/recording_sink.h"

namespace prometheus_async::metrics {
namespace {

using prometheus_async::testing::RecordingSink;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using States = std::vector<std::string>;

std::string refusal(std::string name, States states, StateSetOptions options = {}) {
  return prometheus_async::testing::error_of<std::invalid_argument>([&] { StateSet(name, "help", states, options); });
}
std::string written(const StateSet& states) { return RecordingSink(states).lines.at(1); }

TEST(StateSet, HasAnyNumberOfStatesOn) {
  StateSet features("features", "what is switched on", {"cache", "trace"}, {.labels = {{"zone", "a"}}});
  EXPECT_THAT(RecordingSink(features).lines, ElementsAre("stateset features", "{zone=\"a\"} -cache -trace"));
  features.Set("cache");
  features.Set("trace");
  EXPECT_EQ(written(features), "{zone=\"a\"} +cache +trace");
  features.Set("cache", false);
  EXPECT_EQ(written(features), "{zone=\"a\"} -cache +trace");
  EXPECT_TRUE(features.Value("trace"));
  EXPECT_FALSE(features.Value("cache"));
}

// The example of metrics/state_set.h.
TEST(StateSet, ExclusiveHasExactlyOneStateOn) {
  const auto health = std::make_shared<metrics::StateSet>("health", "state of the service",
                                                          std::vector<std::string>{"starting", "serving", "draining"},
                                                          metrics::StateSetOptions{.exclusive = true});
  Registry registry;
  registry.add(health);
  EXPECT_EQ(written(*health), "{} +starting -serving -draining");
  health->Set("serving");
  EXPECT_EQ(written(*health), "{} -starting +serving -draining");
  EXPECT_EQ(registry.get_sample_value("health", {{"health", "starting"}}), 0);
  EXPECT_EQ(registry.get_sample_value("health", {{"health", "serving"}}), 1);
}

TEST(StateSet, RefusesAndCountsStatesThatItHasNot) {
  StateSet states("s", "help", {"a", "b"});
  states.Set("a");
  const auto before = refused_values();
  states.Set("c");
  states.Set("");
  EXPECT_EQ(refused_values() - before, 2u);
  EXPECT_EQ(written(states), "{} +a -b");
  EXPECT_FALSE(states.Value("c"));
}

TEST(StateSet, ExclusiveRefusesAndCountsSwitchingOff) {
  StateSet states("s", "help", {"a", "b"}, {.exclusive = true});
  const auto before = refused_values();
  states.Set("a", false);
  EXPECT_EQ(refused_values() - before, 1u);
  EXPECT_EQ(written(states), "{} +a -b");
}

TEST(StateSet, RefusesBadStates) {
  EXPECT_THAT(refusal("s", {}), HasSubstr("state set \"s\": needs at least one state"));
  EXPECT_THAT(refusal("s", {"a", ""}), HasSubstr("state set \"s\": a state must have a name"));
  EXPECT_THAT(refusal("s", {"a", "b", "a"}), HasSubstr("state set \"s\": state \"a\" is given twice"));
  EXPECT_THAT(refusal("s", {"\xff"}), HasSubstr("state set \"s\": state \"\xEF\xBF\xBD\" must be valid UTF-8"));
}

// The states are told apart by a label that has the metric's name.
TEST(StateSet, RefusesANameThatIsNoLabel) {
  EXPECT_THAT(refusal("", {"a"}), HasSubstr("must not be empty"));
  EXPECT_THAT(refusal("a:b", {"a"}), HasSubstr("state set \"a:b\""));
  EXPECT_THAT(refusal("__s", {"a"}), HasSubstr("label \"__s\" of metric \"__s\" must not begin with __"));
}

TEST(StateSet, RefusesALabelOfItsOwnName) {
  EXPECT_THAT(refusal("s", {"a"}, {.labels = {{"s", "1"}}}),
              HasSubstr("label \"s\" of metric \"s\" is what a state set calls its own"));
  EXPECT_THAT(refusal("s.t", {"a"}, {.labels = {{"s_t", "1"}}}), HasSubstr("label \"s_t\" of metric \"s.t\""));
}

// A scrape never sees two states on, nor none.
TEST(StateSet, ExclusiveIsConsistentWhileThreadsSetIt) {
  StateSet states("s", "help", {"a", "b", "c"}, {.exclusive = true});
  std::atomic<bool> stop = false;
  std::vector<std::thread> setters;
  for (const char* const state : {"b", "c"}) {
    setters.emplace_back([&, state] {
      while (!stop) states.Set(state);
    });
  }
  for (int i = 0; i < 1000; ++i) {
    const std::string line = written(states);
    EXPECT_EQ(std::count(line.begin(), line.end(), '+'), 1) << line;
  }
  stop = true;
  for (auto& setter : setters) setter.join();
}

}  // namespace
}  // namespace prometheus_async::metrics
