// SPDX-License-Identifier: Apache-2.0
#include "metrics/registry.h"

#include <chrono>
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

#include "metrics/internal/prometheus_cpp.h"
#include "metrics/self_metrics.h"
#include "tests/testing/error_of.h"

namespace prometheus_async::metrics {
namespace {

using ::testing::HasSubstr;

using testing::error_of;
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
  EXPECT_THAT(refusal([&] { registry.gauge("caf\xe9", "help"); }), HasSubstr("must be valid UTF-8"));
  EXPECT_THAT(refusal([&] { registry.counter("_total", "help"); }), HasSubstr("has no name but its ending"));
  EXPECT_THAT(refusal([&] { registry.gauge("ok", "help", {""}); }), HasSubstr("label \"\" of metric \"ok\""));
  EXPECT_THAT(refusal([&] { registry.gauge("ok", "help", {"\xff"}); }), HasSubstr("must be valid UTF-8"));
  EXPECT_THAT(refusal([&] { registry.gauge("ok", "help", {"__name__"}); }), HasSubstr("reserved for Prometheus"));
  EXPECT_THAT(refusal([&] { registry.gauge("ok", "help", {"a", "a"}); }),
              HasSubstr("label \"a\" of metric \"ok\" is given twice"));
  EXPECT_THAT(refusal([&] { registry.histogram("ok", "help", {"le"}); }), HasSubstr("label \"le\" of metric \"ok\""));
  EXPECT_THAT(refusal([&] { registry.summary("ok", "help", {"quantile"}); }), HasSubstr("label \"quantile\""));
  EXPECT_THAT(refusal([&] { registry.counter("ok_total", "help", FamilyOptions{.unit = "bytes"}); }),
              HasSubstr("has the unit \"bytes\", so its name must end in _bytes_total"));
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

// In OpenMetrics a counter is called without its _total, and any of them has _created; Prometheus 2 sees _ for a dot.
TEST(Registry, RefusesANameThatIsTakenInAnyFormat) {
  Registry registry;
  registry.counter("jobs_total", "jobs");
  EXPECT_THAT(refusal([&] { registry.gauge("jobs", "x"); }), HasSubstr("is taken by metric \"jobs_total\""));
  EXPECT_THAT(refusal([&] { registry.gauge("jobs_created", "x"); }), HasSubstr("is taken by metric \"jobs_total\""));
  registry.gauge("http.requests", "x");
  EXPECT_THAT(refusal([&] { registry.gauge("http_requests", "x"); }),
              HasSubstr("is taken by metric \"http.requests\""));
}

TEST(Registry, HasNativeHistograms) {
  Registry registry;
  auto& native = registry.native_histogram("native_seconds", "time");
  auto& both = registry.native_histogram("both_seconds", "time", {"path"}, {.classic = {1, 2}});
  native.Observe(0.25);
  both.labels("/").Observe(1.5);
  EXPECT_EQ(registry.get_sample_value("native_seconds_count"), 1);
  EXPECT_EQ(registry.get_sample_value("native_seconds_bucket", {{"le", "+Inf"}}), 1);
  EXPECT_EQ(registry.get_sample_value("both_seconds_bucket", {{"path", "/"}, {"le", "1"}}), 0);
  EXPECT_EQ(registry.get_sample_value("both_seconds_bucket", {{"path", "/"}, {"le", "2"}}), 1);
  EXPECT_THAT(refusal([&] { registry.native_histogram("n", "x", {.native = {.bucket_factor = 1}}); }),
              HasSubstr("\"n\""));
  EXPECT_THAT(refusal([&] { registry.native_histogram("n", "x", {.classic = {2, 1}}); }), HasSubstr("ascend"));
  EXPECT_THAT(refusal([&] { registry.native_histogram("n", "x", {"le"}); }), HasSubstr("label \"le\""));
}

TEST(Registry, TakesUnitsThatTheNameEndsIn) {
  Registry registry;
  registry.counter("sent_bytes_total", "bytes sent", {"peer"}, {.unit = "bytes", .max_series = 10'000});
  registry.histogram("wait_seconds", "x", {.family = {.unit = "seconds"}});
  EXPECT_EQ(registry.get_sample_value("wait_seconds_count"), 0);
}

TEST(Registry, UnregistersAMetricWhoseReferencesStayGood) {
  Registry registry;
  Counter& hits = registry.counter("hits_total", "hits");
  auto& seconds = registry.histogram("seconds", "time", {"n"});
  EXPECT_TRUE(registry.unregister("hits_total"));
  EXPECT_TRUE(registry.unregister("seconds"));
  EXPECT_FALSE(registry.unregister("seconds"));
  hits.Increment();
  seconds.labels("1").Observe(1);
  EXPECT_TRUE(registry.Collect().empty());
  registry.gauge("hits", "its name is free");
  registry.counter("seconds_total", "and that one");
}

// A collector of two families, the second of which may fail.
class TwoFamilies final : public Collector {
 public:
  explicit TwoFamilies(bool fails) : fails_(fails) {}
  std::vector<FamilyInfo> describe() const override { return {first_, second_}; }
  void collect(Sink& sink) const override {
    sink.family(first_);
    sink.value(Labels(), 1);
    if (fails_) throw std::runtime_error("the disk is gone");
    sink.family(second_);
    sink.state_set(Labels(), std::vector<State>{{"on", true}, {"off", false}});
  }

 private:
  const bool fails_;
  const FamilyInfo first_{"first", "x", MetricType::kGauge};
  const FamilyInfo second_{"second", "x", MetricType::kStateSet};
};

TEST(Registry, ShowsCollectorsOfYourOwn) {
  Registry registry;
  registry.add(std::make_shared<TwoFamilies>(false));
  EXPECT_EQ(registry.get_sample_value("first"), 1);
  EXPECT_EQ(registry.get_sample_value("second", {{"second", "on"}}), 1);
  EXPECT_EQ(registry.get_sample_value("second", {{"second", "off"}}), 0);
  EXPECT_THAT(refusal([&] { registry.gauge("second", "x"); }), HasSubstr("is taken by metric \"second\""));
  EXPECT_THAT(refusal([&] { registry.add(std::make_shared<TwoFamilies>(false)); }), HasSubstr("is taken"));
  EXPECT_THAT(refusal([&] { registry.add(nullptr); }), HasSubstr("null"));
  EXPECT_TRUE(registry.unregister("second"));
  EXPECT_EQ(registry.get_sample_value("first"), std::nullopt);
}

// What a scrape saw, by name.
std::vector<std::string> names_of(const Registry& registry, const CollectOptions& options) {
  internal::MetricFamilySink sink;
  registry.collect(sink, options);
  std::vector<std::string> names;
  for (const auto& family : sink.take()) names.push_back(family.name);
  return names;
}

TEST(Collect, GivesTheFamiliesThatWereAskedFor) {
  Registry registry;
  registry.counter("jobs_total", "x");
  registry.histogram("seconds", "x");
  registry.gauge("other", "x");
  registry.add(std::make_shared<TwoFamilies>(false));
  const auto theirs = std::make_shared<prometheus::Registry>();
  prometheus::BuildGauge().Name("old").Help("x").Register(*theirs).Add({});
  registry.adopt(theirs);
  using ::testing::ElementsAre;
  EXPECT_THAT(names_of(registry, {.names = {"jobs"}}), ElementsAre("jobs_total"));
  EXPECT_THAT(names_of(registry, {.names = {"second", "jobs_total"}}), ElementsAre("jobs_total", "second"));
  EXPECT_THAT(names_of(registry, {.names = {"seconds_bucket", "old"}}), ElementsAre("seconds", "old"));
  EXPECT_THAT(names_of(registry, {.names = {"nobody"}}), ElementsAre());
}

TEST(Collect, FailsOrGoesOnWithoutACollectorThatThrows) {
  Registry registry;
  registry.gauge("before", "x");
  registry.add(std::make_shared<TwoFamilies>(true));
  registry.gauge("after", "x");
  registry.add(self_metrics());
  EXPECT_THAT(error_of<std::runtime_error>([&] { registry.Collect(); }), HasSubstr("the disk is gone"));

  internal::MetricFamilySink sink;
  const auto errors = registry.collect(sink, {.on_error = CollectOptions::OnError::kSkip});
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].collector, "first");
  EXPECT_EQ(errors[0].message, "the disk is gone");
  std::vector<std::string> names;
  for (const auto& family : sink.take()) names.push_back(family.name);
  EXPECT_EQ(names[0], "before");
  EXPECT_EQ(names[1], "after");
  EXPECT_EQ(registry.unregister("first"), true);
  EXPECT_GT(registry.get_sample_value("prometheus_async_collector_errors_total", {{"collector", "first"}}), 0);
}

TEST(Collect, StopsAtItsDeadline) {
  Registry registry;
  registry.gauge("g", "x");
  internal::MetricFamilySink sink;
  EXPECT_THROW(registry.collect(
                   sink, {.on_error = CollectOptions::OnError::kSkip, .deadline = std::chrono::steady_clock::now()}),
               CollectTimeout);
  registry.collect(sink, {.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1)});
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
