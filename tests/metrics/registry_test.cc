// SPDX-License-Identifier: Apache-2.0
#include "metrics/registry.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>
#include <prometheus/text_serializer.h>

namespace prometheus_async::metrics {
namespace {

using ::testing::HasSubstr;

template <class Error, class Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}
constexpr auto refusal = [](auto function) { return error_of<std::invalid_argument>(function); };

// The example of metrics/registry.h.
TEST(Registry, ExampleOfTheHeader) {
  auto& requests = metrics::counter("requests_total", "requests served");
  auto& seconds = metrics::histogram("request_seconds", "time of a request", {"path"});
  seconds.labels("/").Observe(0.25);
  requests.Increment();
  EXPECT_EQ(default_registry().get_sample_value("requests_total"), 1);
  EXPECT_EQ(default_registry().get_sample_value("request_seconds_count", {{"path", "/"}}), 1);

  metrics::Registry registry;
  auto& declined = registry.counter("declined_total", "declined cards");
  declined.Increment();
  EXPECT_EQ(registry.get_sample_value("declined_total"), 1);
}

TEST(Registry, FindsSamplesOfEveryKind) {
  Registry registry;
  registry.gauge("queued", "jobs", {"queue"}).labels("mail").Set(3);
  auto& seconds = registry.histogram("seconds", "time", {"path", "method"}, {.buckets = {1, 2}});
  seconds.labels("/", "GET").Observe(1.5);
  seconds.labels("/", "GET").Observe(7);

  EXPECT_EQ(registry.get_sample_value("queued", {{"queue", "mail"}}), 3);
  EXPECT_EQ(registry.get_sample_value("queued"), std::nullopt);
  EXPECT_EQ(registry.get_sample_value("queued", {{"queue", "web"}}), std::nullopt);
  EXPECT_EQ(registry.get_sample_value("seconds_count", {{"method", "GET"}, {"path", "/"}}), 2);
  EXPECT_EQ(registry.get_sample_value("seconds_sum", {{"path", "/"}, {"method", "GET"}}), 8.5);
  EXPECT_EQ(registry.get_sample_value("seconds_bucket", {{"path", "/"}, {"method", "GET"}, {"le", "1"}}), 0);
  EXPECT_EQ(registry.get_sample_value("seconds_bucket", {{"path", "/"}, {"method", "GET"}, {"le", "2.0"}}), 1);
  EXPECT_EQ(registry.get_sample_value("seconds_bucket", {{"path", "/"}, {"method", "GET"}, {"le", "+Inf"}}), 2);
  EXPECT_EQ(registry.get_sample_value("seconds_bucket", {{"path", "/"}, {"method", "GET"}, {"le", "3"}}), std::nullopt);
  EXPECT_EQ(registry.get_sample_value("seconds"), std::nullopt);
}

TEST(Registry, GivesCountersTheirEnding) {
  Registry registry;
  registry.counter("hits", "hits").Increment(2);
  EXPECT_EQ(registry.get_sample_value("hits_total"), 2);
  EXPECT_EQ(registry.get_sample_value("hits"), std::nullopt);
}

TEST(Registry, RefusesBadNames) {
  Registry registry;
  EXPECT_THAT(refusal([&] { registry.counter("", "help"); }), HasSubstr("metric name \"\""));
  EXPECT_THAT(refusal([&] { registry.counter("2nd", "help"); }), HasSubstr("\"2nd\" must be letters, digits, _ and :"));
  EXPECT_THAT(refusal([&] { registry.gauge("http-requests", "help"); }), HasSubstr("\"http-requests\""));
  EXPECT_THAT(refusal([&] { registry.gauge("caf\xc3\xa9", "help"); }), HasSubstr("must be letters"));
  EXPECT_THAT(refusal([&] { registry.gauge("ok", "help", {"a-b"}); }), HasSubstr("label \"a-b\" of metric \"ok\""));
  EXPECT_THAT(refusal([&] { registry.gauge("ok", "help", {"a:b"}); }), HasSubstr("must be letters, digits and _"));
  EXPECT_THAT(refusal([&] { registry.gauge("ok", "help", {"__name__"}); }), HasSubstr("reserved for Prometheus"));
  EXPECT_THAT(refusal([&] { registry.gauge("ok", "help", {"a", "a"}); }),
              HasSubstr("label \"a\" of metric \"ok\" is given twice"));
  EXPECT_THAT(refusal([&] { registry.histogram("ok", "help", {"le"}); }), HasSubstr("label \"le\" of metric \"ok\""));
  EXPECT_THAT(refusal([&] { registry.histogram("ok", "help", {.buckets = {2, 1}}); }),
              HasSubstr("histogram \"ok\": bucket bounds must ascend"));
  // Nothing of it was registered.
  registry.gauge("ok", "help");
}

TEST(Registry, RefusesANameThatIsTaken) {
  Registry registry;
  registry.counter("jobs_total", "jobs");
  registry.histogram("seconds", "time");
  EXPECT_THAT(refusal([&] { registry.counter("jobs_total", "jobs"); }),
              HasSubstr("the name \"jobs_total\" is taken by metric \"jobs_total\""));
  EXPECT_THAT(refusal([&] { registry.counter("jobs", "jobs"); }), HasSubstr("taken"));
  EXPECT_THAT(refusal([&] { registry.gauge("seconds_count", "x"); }),
              HasSubstr("metric \"seconds_count\": the name \"seconds_count\" is taken by metric \"seconds\""));
  registry.gauge("minutes_sum", "x");
  EXPECT_THAT(refusal([&] { registry.histogram("minutes", "x"); }), HasSubstr("taken by metric \"minutes_sum\""));
  registry.gauge("minutes", "what was refused took no name");
}

TEST(Registry, ReferencesStayGood) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"n"});
  Counter& first = family.labels("first");
  for (int i = 0; i < 1000; ++i) family.labels(std::to_string(i)).Increment();
  first.Increment();
  EXPECT_EQ(&first, &family.labels("first"));
  EXPECT_EQ(registry.get_sample_value("hits_total", {{"n", "first"}}), 1);
}

TEST(Registry, ServesThreadsThatRegisterLabelRecordAndRead) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"n"});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      registry.gauge("gauge_" + std::to_string(t), "one each").Set(t);
      for (int i = 0; i < 500; ++i) family.labels(std::to_string(i)).Increment();
      registry.get_sample_value("hits_total", {{"n", "0"}});
    });
  }
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(registry.get_sample_value("hits_total", {{"n", std::to_string(i)}}), 4);
  }
  EXPECT_EQ(registry.get_sample_value("gauge_3"), 3);
}

TEST(Family, RepairsValuesThatAreNotUtf8) {
  Registry registry;
  auto& family = registry.counter("hits_total", "hits", {"path"});
  family.labels("caf\xe9").Increment();
  family.labels("caf\xe8").Increment();
  EXPECT_EQ(registry.get_sample_value("hits_total", {{"path", "caf\xEF\xBF\xBD"}}), 2);
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

TEST(PrometheusCpp, MetricsOfAnAdoptedRegistryAppear) {
  const auto theirs = std::make_shared<prometheus::Registry>();
  prometheus::BuildHistogram()
      .Name("old_seconds")
      .Help("time")
      .Register(*theirs)
      .Add({{"path", "/"}}, std::vector<double>{1, 2})
      .Observe(1.5);
  prometheus::BuildSummary()
      .Name("old_summary")
      .Help("time")
      .Register(*theirs)
      .Add({}, prometheus::Summary::Quantiles{{0.5, 0.05}})
      .Observe(4);
  Registry registry;
  registry.adopt(theirs);
  EXPECT_EQ(registry.get_sample_value("old_seconds_sum", {{"path", "/"}}), 1.5);
  EXPECT_EQ(registry.get_sample_value("old_seconds_bucket", {{"path", "/"}, {"le", "1"}}), 0);
  EXPECT_EQ(registry.get_sample_value("old_seconds_bucket", {{"path", "/"}, {"le", "+Inf"}}), 1);
  EXPECT_EQ(registry.get_sample_value("old_summary_count"), 1);
  EXPECT_EQ(registry.get_sample_value("old_summary", {{"quantile", "0.5"}}), 4);
}

TEST(PrometheusCpp, AnAdoptedRegistryIsKeptAlive) {
  Registry registry;
  {
    const auto theirs = std::make_shared<prometheus::Registry>();
    prometheus::BuildCounter().Name("old_total").Help("x").Register(*theirs).Add({}).Increment(3);
    registry.adopt(theirs);
  }
  EXPECT_EQ(registry.get_sample_value("old_total"), 3);
  EXPECT_THAT(refusal([&] { registry.adopt(nullptr); }), HasSubstr("null"));
}

// Collects in the order that a page has.
std::vector<std::string> family_names(const Registry& registry) {
  std::vector<std::string> names;
  for (const auto& family : registry.Collect()) names.push_back(family.name);
  return names;
}

TEST(PrometheusCpp, FamiliesOfOneNameAreMerged) {
  Registry registry;
  registry.counter("hits_total", "hits", {"from"}).labels("ours").Increment();
  registry.gauge("last", "comes after");
  const auto theirs = std::make_shared<prometheus::Registry>();
  prometheus::BuildCounter().Name("hits_total").Help("hits").Register(*theirs).Add({{"from", "theirs"}}).Increment(2);
  registry.adopt(theirs);
  EXPECT_THAT(family_names(registry), ::testing::ElementsAre("hits_total", "last"));
  EXPECT_EQ(registry.get_sample_value("hits_total", {{"from", "ours"}}), 1);
  EXPECT_EQ(registry.get_sample_value("hits_total", {{"from", "theirs"}}), 2);
}

TEST(PrometheusCpp, DisagreementIsAnErrorThatNamesTheMetric) {
  Registry registry;
  registry.gauge("hits_total", "a gauge of that name");
  const auto theirs = std::make_shared<prometheus::Registry>();
  prometheus::BuildCounter().Name("hits_total").Help("hits").Register(*theirs).Add({});
  registry.adopt(theirs);
  EXPECT_THAT(error_of<std::runtime_error>([&] { registry.Collect(); }),
              HasSubstr("metric \"hits_total\" is a gauge in one source and a counter in another"));
}

TEST(PrometheusCpp, TheSameSeriesTwiceIsAnErrorThatNamesIt) {
  Registry registry;
  const auto a = std::make_shared<prometheus::Registry>();
  const auto b = std::make_shared<prometheus::Registry>();
  for (const auto& each : {a, b}) {
    prometheus::BuildCounter().Name("hits_total").Help("hits").Register(*each).Add({{"from", "x"}});
    registry.adopt(each);
  }
  EXPECT_THAT(error_of<std::runtime_error>([&] { registry.Collect(); }),
              HasSubstr("metric \"hits_total{from=\"x\"}\" comes from two sources"));
}

// What prometheus-cpp's Exposer would show of ours.
TEST(PrometheusCpp, OurRegistryIsACollectable) {
  Registry registry;
  registry.counter("hits_total", "hits", {"path"}).labels("/").Increment(2);
  registry.gauge("queued", "jobs").Set(3);
  registry.histogram("seconds", "time", {.buckets = {1}}).Observe(0.5);
  const prometheus::Collectable& collectable = registry;
  const std::string page = prometheus::TextSerializer().Serialize(collectable.Collect());
  EXPECT_THAT(page, HasSubstr("# TYPE hits_total counter\nhits_total{path=\"/\"} 2"));
  EXPECT_THAT(page, HasSubstr("queued 3"));
  EXPECT_THAT(page, HasSubstr("seconds_bucket{le=\"1\"} 1"));
  EXPECT_THAT(page, HasSubstr("seconds_bucket{le=\"+Inf\"} 1"));
  EXPECT_THAT(page, HasSubstr("seconds_sum 0.5"));
}

}  // namespace
}  // namespace prometheus_async::metrics
