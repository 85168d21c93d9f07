// SPDX-License-Identifier: Apache-2.0
#include "metrics/family.h"

#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/registry.h"
#include "metrics/self_metrics.h"
#include "tests/testing/error_of.h"

namespace prometheus_async::metrics {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr auto refusal = [](auto function) { return testing::error_of<std::invalid_argument>(function); };

// The value of hits_total{n="..."}.
std::optional<double> hits(const Registry& registry, std::string_view n) {
  return registry.get_sample_value("hits_total", {{"n", n}});
}

TEST(Family, FindsAChildByPositionAndByName) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"path", "method"});
  Counter& child = family.labels("/", "GET");
  EXPECT_EQ(&family.labels({{"method", "GET"}, {"path", "/"}}), &child);
  EXPECT_EQ(family.share("/", "GET").get(), &child);
  EXPECT_EQ(family.share({{"method", "GET"}, {"path", "/"}}).get(), &child);
  EXPECT_NE(&family.labels("GET", "/"), &child);
  EXPECT_EQ(family.size(), 2u);
}

TEST(Family, RefusesNamesThatItDoesNotHave) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"path", "method"});
  EXPECT_THAT(refusal([&] { family.labels({{"path", "/"}}); }),
              HasSubstr("metric \"hits_total\" has 2 labels, and was given 1 values"));
  EXPECT_THAT(refusal([&] { family.labels({{"path", "/"}, {"code", "200"}}); }),
              HasSubstr("metric \"hits_total\" has a label \"method\", which was given no value"));
  EXPECT_THAT(refusal([&] { family.labels({{"path", "/"}, {"path", "/"}}); }), HasSubstr("no value"));
  EXPECT_THAT(refusal([&] { family.remove_matching({{"code", "200"}}); }),
              HasSubstr("metric \"hits_total\" has no label \"code\""));
  EXPECT_EQ(family.size(), 0u);
}

TEST(Family, OfNamesKnownAtRunTimeChecksTheNumberOfValues) {
  Registry registry;
  const std::vector<std::string> names{"path", "outcome"};
  auto& family = registry.counter("hits_total", "hits", names);
  family.labels("/", "ok").Increment();
  family.by_outcome("/")(Ending::value()).Increment();
  EXPECT_EQ(registry.get_sample_value("hits_total", {{"path", "/"}, {"outcome", "ok"}}), 2);
  EXPECT_THAT(refusal([&] { family.labels("/"); }), HasSubstr("has 2 labels, and was given 1 values"));
  EXPECT_THAT(refusal([&] { family.by_outcome("/", "x"); }), HasSubstr("has 2 labels, and was given 3 values"));
  EXPECT_THAT(refusal([&] { registry.gauge("g", "x", std::vector<std::string>{"__x"}); }), HasSubstr("reserved"));
}

// Values that only differ in where one ends and the next begins, or in what is escaped, are different children.
TEST(Family, TellsAwkwardValuesApart) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"a", "b"});
  const std::vector<std::string> values{"", "x", "\"", "\\", "\\\"", "\n", "\\n", "x\",b=\"", ",", "=", "a=\"x\"", "é"};
  for (const auto& a : values) {
    for (const auto& b : values) family.labels(a, b).Increment();
  }
  EXPECT_EQ(family.size(), values.size() * values.size());
  for (const auto& a : values) {
    for (const auto& b : values) {
      EXPECT_EQ(registry.get_sample_value("hits_total", {{"a", a}, {"b", b}}), 1) << a << " and " << b;
    }
  }
}

TEST(Family, RepairsValuesThatAreNotUtf8) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"n"});
  family.labels("caf\xe9").Increment();
  family.labels("caf\xe8").Increment();
  EXPECT_EQ(hits(registry, "caf\xEF\xBF\xBD"), 2);
  EXPECT_EQ(family.size(), 1u);
}

TEST(Family, LabelNamesMayBeUtf8) {
  Registry registry;
  auto& family = registry.counter("http.hits_total", "hits", {"http.method", "path"});
  family.labels("GET", "/").Increment();
  family.labels("GET", "/").Increment();
  EXPECT_EQ(registry.get_sample_value("http.hits_total", {{"http.method", "GET"}, {"path", "/"}}), 2);
  EXPECT_THAT(refusal([&] { registry.gauge("g", "x", {"a.b", "a_b"}); }), HasSubstr("reads like another one"));
}

TEST(Family, ChoosesByOutcome) {
  Registry registry;
  auto& calls = registry.counter("calls_total", "calls", {"path", "outcome", "method"});
  const auto by_outcome = calls.by_outcome("/", "GET");
  by_outcome(Ending::value()).Increment();
  by_outcome(Ending::cancelled()).Increment();
  const auto value = [&](std::string_view outcome) {
    return registry.get_sample_value("calls_total", {{"path", "/"}, {"outcome", outcome}, {"method", "GET"}});
  };
  EXPECT_EQ(value("ok"), 1);
  EXPECT_EQ(value("error"), 0);
  EXPECT_EQ(value("cancelled"), 1);
  EXPECT_EQ(value("abandoned"), 0);
}

TEST(Family, NeedsALabelNamedOutcome) {
  Registry registry;
  auto& calls = registry.counter("calls_total", "calls", {"path"});
  EXPECT_THAT(refusal([&] { calls.by_outcome(); }), HasSubstr("\"calls_total\" has no label \"outcome\""));
}

TEST(Removal, TakesTheSeriesAwayAndBeginsAnew) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"n"});
  family.labels("1").Increment();
  family.labels("2").Increment();
  EXPECT_TRUE(family.remove("1"));
  EXPECT_FALSE(family.remove("1"));
  EXPECT_EQ(hits(registry, "1"), std::nullopt);
  EXPECT_EQ(hits(registry, "2"), 1);
  family.labels("1");
  EXPECT_EQ(hits(registry, "1"), 0);
  EXPECT_TRUE(family.remove({{"n", "2"}}));
  EXPECT_EQ(family.size(), 1u);
}

TEST(Removal, ByWhatMatches) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"path", "method"});
  for (const char* const path : {"/", "/a", "/b"}) {
    for (const char* const method : {"GET", "PUT"}) family.labels(path, method).Increment();
  }
  EXPECT_EQ(family.remove_matching({{"path", "/a"}}), 2u);
  EXPECT_EQ(family.remove_matching({{"path", "/"}, {"method", "PUT"}}), 1u);
  EXPECT_EQ(family.remove_matching({{"path", "/c"}}), 0u);
  EXPECT_EQ(family.size(), 3u);
  EXPECT_EQ(registry.get_sample_value("hits_total", {{"path", "/"}, {"method", "GET"}}), 1);
  family.clear();
  EXPECT_EQ(family.size(), 0u);
  EXPECT_EQ(registry.get_sample_value("hits_total", {{"path", "/"}, {"method", "GET"}}), std::nullopt);
}

TEST(Removal, AReferenceThatIsHeldStaysGood) {
  Registry registry;
  auto& family = registry.histogram("seconds", "time", {"n"});
  Histogram& held = family.labels("1");
  family.remove("1");
  held.Observe(1);
  family.labels("1").Observe(2);
  held.Observe(1);
  EXPECT_EQ(registry.get_sample_value("seconds_sum", {{"n", "1"}}), 2);
  EXPECT_EQ(held.snapshot().sum, 2);
}

TEST(Removal, ASharedChildOutlivesItsRegistry) {
  auto registry = std::make_unique<Registry>();
  const std::shared_ptr<Histogram> held = registry->histogram("seconds", "time", {"n"}).share("1");
  registry.reset();
  held->Observe(3);
  EXPECT_EQ(held->snapshot().sum, 3);
}

TEST(Removal, AChildThatNobodyHoldsIsFreed) {
  Registry registry;
  auto& family = registry.gauge("g", "x", {"n"});
  std::weak_ptr<Gauge> shared;
  {
    const auto held = family.share("1");
    shared = held;
    family.remove("1");
    EXPECT_FALSE(shared.expired());
  }
  EXPECT_TRUE(shared.expired());
}

TEST(Removal, OfManyLeavesTheOthersInOrder) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"n"});
  for (int i = 0; i < 1000; ++i) family.share(std::to_string(i))->Increment(i);
  for (int i = 0; i < 1000; ++i) {
    if (i % 7 != 0) {
      EXPECT_TRUE(family.remove(std::to_string(i)));
    }
  }
  const auto families = registry.Collect();
  ASSERT_EQ(families.size(), 1u);
  ASSERT_EQ(families[0].metric.size(), 143u);
  for (std::size_t i = 0; i < families[0].metric.size(); ++i) {
    EXPECT_EQ(families[0].metric[i].counter.value, static_cast<double>(i * 7));
  }
  for (int i = 0; i < 1000; i += 7) EXPECT_TRUE(family.remove(std::to_string(i)));
  EXPECT_EQ(family.size(), 0u);
}

TEST(Limit, FurtherChildrenAreOne) {
  Registry registry;
  registry.add(self_metrics());
  auto& family = registry.counter("hits_total", "hits", {"n"}, {.max_series = 2});
  const auto overflows = [&] {
    return registry.get_sample_value("prometheus_async_overflowed_lookups_total", {{"metric", "hits_total"}});
  };
  family.labels("1").Increment();
  family.labels("2").Increment();
  EXPECT_EQ(overflows(), std::nullopt);
  family.labels("3").Increment();
  family.labels("4").Increment();
  family.labels("1").Increment();
  EXPECT_EQ(hits(registry, "1"), 2);
  EXPECT_EQ(hits(registry, "3"), std::nullopt);
  EXPECT_EQ(hits(registry, "__overflow__"), 2);
  EXPECT_EQ(overflows(), 2);
  // The child of the overflow takes no other's place.
  family.remove("1");
  family.labels("3").Increment();
  EXPECT_EQ(hits(registry, "3"), 1);
  family.labels("5").Increment();
  EXPECT_EQ(hits(registry, "__overflow__"), 3);
}

TEST(Expiry, HidesWhatIsHeldAndDestroysWhatIsNot) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"n"}, {.expire_after = 1ns});
  Counter& referenced = family.labels("referenced");
  const auto shared = family.share("shared");
  family.share("free")->Increment(5);
  referenced.Increment();
  // Seen for the first time, then seen unchanged.
  EXPECT_EQ(hits(registry, "free"), 5);
  EXPECT_EQ(hits(registry, "free"), std::nullopt);
  EXPECT_EQ(hits(registry, "referenced"), std::nullopt);
  EXPECT_EQ(hits(registry, "shared"), std::nullopt);
  EXPECT_EQ(family.size(), 2u);

  referenced.Increment();
  shared->Increment();
  EXPECT_EQ(registry.Collect()[0].metric.size(), 2u);
  EXPECT_EQ(registry.Collect()[0].metric.size(), 0u);
  referenced.Increment();
  EXPECT_EQ(hits(registry, "referenced"), 3);
  family.labels("free").Increment();
  EXPECT_EQ(hits(registry, "free"), 1);
}

TEST(Expiry, ConcernsEveryKindOfInstrument) {
  Registry registry;
  registry.gauge("g", "x", {"n"}, {.expire_after = 1ns}).labels("1").Set(1);
  registry.summary("s", "x", {"n"}, {.expire_after = 1ns}).labels("1").Observe(1);
  registry.histogram("h", "x", {"n"}, {.family = {.expire_after = 1ns}}).labels("1").Observe(1);
  const auto series = [&] {
    std::size_t count = 0;
    for (const auto& family : registry.Collect()) count += family.metric.size();
    return count;
  };
  EXPECT_EQ(series(), 3u);
  EXPECT_EQ(series(), 0u);
}

// What expires makes room: the family does not grow with the number of children that ever were.
TEST(Expiry, ChildrenMayComeAndGoForEver) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"n"}, {.expire_after = 1ns});
  std::weak_ptr<Counter> first;
  for (int i = 0; i < 300; ++i) {
    const auto child = family.share(std::to_string(i));
    if (i == 0) first = child;
    child->Increment();
    registry.Collect();
  }
  registry.Collect();
  registry.Collect();
  EXPECT_EQ(family.size(), 0u);
  EXPECT_TRUE(first.expired());
}

TEST(Expiry, WaitsForItsTime) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"n"}, {.expire_after = 24h});
  family.share("1")->Increment();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(hits(registry, "1"), 1);
}

// Making, finding, removing, recording and collecting at the same time.
TEST(Family, ServesThreadsThatRemoveAndScrape) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"n"}, {.expire_after = 1ns});
  std::atomic<int> running = 3;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1500; ++i) {
        const std::string n = std::to_string(i % 200);
        family.share(n)->Increment();
        if (i % 3 == t) family.remove(n);
        if (i % 50 == 0) family.labels("kept").Increment();
      }
      --running;
    });
  }
  while (running > 0) registry.Collect();
  for (auto& thread : threads) thread.join();
  family.labels("kept").Increment();
  EXPECT_EQ(hits(registry, "kept"), 91);
}

}  // namespace
}  // namespace prometheus_async::metrics
