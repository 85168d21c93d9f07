// SPDX-License-Identifier: Apache-2.0
#include "metrics/function.h"

#include <atomic>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/registry.h"
#include "metrics/self_metrics.h"
#include "tests/testing/error_of.h"

namespace prometheus_async::metrics {
namespace {

using ::testing::HasSubstr;

constexpr auto refusal = [](auto function) { return testing::error_of<std::invalid_argument>(function); };

TEST(Function, IsAskedAtEachScrape) {
  Registry registry;
  double depth = 3;
  const FunctionHandle queue = registry.gauge_function("queue_depth", "jobs waiting", [&] { return depth; });
  EXPECT_EQ(registry.get_sample_value("queue_depth"), 3);
  depth = -4;
  EXPECT_EQ(registry.get_sample_value("queue_depth"), -4);
}

TEST(Function, HasLabels) {
  Registry registry;
  auto& hits = registry.counter_function("cache_hits_total", "cache hits", {"cache"});
  const FunctionHandle users = hits.add([] { return 1.5; }, "users");
  const FunctionHandle pages = hits.add([] { return 2; }, "pages");
  EXPECT_EQ(registry.get_sample_value("cache_hits_total", {{"cache", "users"}}), 1.5);
  EXPECT_EQ(registry.get_sample_value("cache_hits_total", {{"cache", "pages"}}), 2);
  EXPECT_THAT(refusal([&] { hits.add([] { return 3; }, "users").detach(); }),
              HasSubstr("metric \"cache_hits_total{cache=\"users\"}\" has a function already"));
  EXPECT_THAT(refusal([&] { hits.add(nullptr, "x").detach(); }), HasSubstr("empty function"));
}

TEST(Function, EndsWithItsHandle) {
  Registry registry;
  auto& hits = registry.counter_function("hits_total", "hits", {"n"});
  const auto value = [&] { return registry.get_sample_value("hits_total", {{"n", "1"}}); };
  {
    FunctionHandle handle = hits.add([] { return 1; }, "1");
    const FunctionHandle moved = std::move(handle);
    EXPECT_EQ(value(), 1);
  }
  EXPECT_EQ(value(), std::nullopt);
  FunctionHandle handle = hits.add([] { return 2; }, "1");
  handle = hits.add([] { return 3; }, "2");
  EXPECT_EQ(value(), std::nullopt);
  handle.reset();
  handle.reset();
  hits.add([] { return 4; }, "1").detach();
  EXPECT_EQ(value(), 4);
}

TEST(Function, AHandleMayOutliveTheRegistry) {
  auto registry = std::make_unique<Registry>();
  FunctionHandle handle = registry->gauge_function("g", "x", [] { return 1; });
  registry.reset();
  handle.reset();
}

TEST(Function, ThatFailsLosesItsSeriesAlone) {
  Registry registry;
  registry.add(self_metrics());
  auto& family = registry.counter_function("asked_total", "x", {"n"});
  auto& gauges = registry.gauge_function("answers", "x", {"n"});
  const auto throws = family.add([]() -> double { throw std::runtime_error("no"); }, "throws");
  const auto negative = family.add([] { return -1; }, "negative");
  const auto not_a_number = family.add([] { return std::numeric_limits<double>::quiet_NaN(); }, "nan");
  const auto good = family.add([] { return 1; }, "good");
  const auto thrower = gauges.add([]() -> double { throw 1; }, "throws");
  const auto any_value = gauges.add([] { return -std::numeric_limits<double>::infinity(); }, "any");
  registry.Collect();
  EXPECT_EQ(registry.get_sample_value("asked_total", {{"n", "good"}}), 1);
  for (const char* const n : {"throws", "negative", "nan"}) {
    EXPECT_EQ(registry.get_sample_value("asked_total", {{"n", n}}), std::nullopt) << n;
  }
  EXPECT_LT(registry.get_sample_value("answers", {{"n", "any"}}), 0);
  const auto errors = [&](std::string_view metric) {
    return registry.get_sample_value("prometheus_async_callback_errors_total", {{"metric", metric}}).value_or(0);
  };
  const double before = errors("asked_total");
  EXPECT_EQ(errors("asked_total") - before, 3);
  EXPECT_GT(errors("answers"), 0);
}

// Once the handle is gone the function does not run, whatever scrapes are under way.
TEST(Function, DoesNotRunAfterItsHandleHasGone) {
  Registry registry;
  auto& family = registry.gauge_function("g", "x", {"n"});
  std::atomic<bool> done = false;
  std::thread scrapes([&] {
    while (!done) registry.Collect();
  });
  for (int i = 0; i < 300; ++i) {
    auto value = std::make_unique<double>(i);
    FunctionHandle handle = family.add([&value] { return *value; }, "1");
    std::this_thread::yield();
    handle.reset();
  }
  done = true;
  scrapes.join();
}

}  // namespace
}  // namespace prometheus_async::metrics
