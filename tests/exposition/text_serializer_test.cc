// SPDX-License-Identifier: Apache-2.0
#include "exposition/text_serializer.h"

#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#if __has_include(<prometheus/info.h>)
#include <prometheus/info.h>
#endif

namespace prometheus_async::exposition {
namespace {

std::string serialize(const prometheus::Registry& registry) { return TextSerializer().Serialize(registry.Collect()); }

// A family with one gauge.
prometheus::MetricFamily gauge(std::string name, std::string label, double value) {
  prometheus::MetricFamily family{std::move(name), "help", prometheus::MetricType::Gauge, {}};
  family.metric.resize(1);
  family.metric[0].label.resize(1);
  family.metric[0].label[0].name = "l";
  family.metric[0].label[0].value = std::move(label);
  family.metric[0].gauge.value = value;
  return family;
}

TEST(TextSerializer, EscapesHelp) {
  prometheus::Registry registry;
  prometheus::BuildGauge().Name("g").Help("two\nlines \\ \"quoted\"").Register(registry).Add({}).Set(1);
  EXPECT_EQ(serialize(registry), "# HELP g two\\nlines \\\\ \"quoted\"\n# TYPE g gauge\ng 1\n");
}

TEST(TextSerializer, WritesOneInfinity) {
  prometheus::Registry registry;
  prometheus::BuildHistogram()
      .Name("h")
      .Register(registry)
      .Add({}, std::vector<double>{1, std::numeric_limits<double>::infinity()})
      .Observe(7);
  EXPECT_EQ(serialize(registry),
            "# TYPE h histogram\nh_bucket{le=\"1.0\"} 0\nh_bucket{le=\"+Inf\"} 1\nh_sum 7\nh_count 1\n");
}

TEST(TextSerializer, KeepsBoundsAsTheyWereIfAsked) {
  prometheus::Registry registry;
  prometheus::BuildHistogram().Name("h").Register(registry).Add({}, std::vector<double>{1});
  EXPECT_EQ(TextSerializer({.integer_bounds = true}).Serialize(registry.Collect()),
            "# TYPE h histogram\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n");
}

TEST(TextSerializer, WritesDoublesThatReadBack) {
  EXPECT_EQ(TextSerializer().Serialize({gauge("g", "", 0.1 + 0.2)}),
            "# HELP g help\n# TYPE g gauge\ng{l=\"\"} 0.30000000000000004\n");
}

TEST(TextSerializer, SpellsNaN) {
  EXPECT_EQ(TextSerializer().Serialize({gauge("g", "a", std::numeric_limits<double>::quiet_NaN())}),
            "# HELP g help\n# TYPE g gauge\ng{l=\"a\"} NaN\n");
}

TEST(TextSerializer, SummariesAndCounters) {
  prometheus::Registry registry;
  prometheus::BuildCounter().Name("c").Register(registry).Add({{"a", "b"}}).Increment(2);
  prometheus::BuildSummary()
      .Name("s")
      .Register(registry)
      .Add({}, prometheus::Summary::Quantiles{{0.5, 0.05}})
      .Observe(2);
  EXPECT_EQ(serialize(registry),
            "# TYPE c counter\nc{a=\"b\"} 2\n# TYPE s summary\ns{quantile=\"0.5\"} 2\ns_sum 2\ns_count 1\n");
}

#if __has_include(<prometheus/info.h>)
TEST(TextSerializer, AnInfoHasItsTypeOnTheNameOfItsSamples) {
  prometheus::Registry registry;
  prometheus::BuildInfo().Name("build").Register(registry).Add({{"version", "1"}});
  EXPECT_EQ(serialize(registry), "# TYPE build_info gauge\nbuild_info{version=\"1\"} 1\n");
}
#endif

TEST(TextSerializer, FamiliesOfOneNameAreOne) {
  EXPECT_EQ(TextSerializer().Serialize({gauge("a", "1", 1), gauge("b", "1", 2), gauge("a", "2", 3)}),
            "# HELP a help\n# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 3\n"
            "# HELP b help\n# TYPE b gauge\nb{l=\"1\"} 2\n");
}

// What f throws.
template <class F>
std::string error(F f) {
  try {
    f();
  } catch (const std::runtime_error& thrown) {
    return thrown.what();
  }
  return "nothing";
}

TEST(TextSerializer, RefusesTwoTypesOfOneName) {
  std::vector<prometheus::MetricFamily> families{gauge("a", "1", 1), gauge("a", "2", 1)};
  families[1].type = prometheus::MetricType::Counter;
  EXPECT_EQ(error([&] { TextSerializer().Serialize(families); }),
            "metric \"a\" is a gauge in one source and a counter in another");
}

TEST(TextSerializer, RefusesOneSeriesTwice) {
  EXPECT_EQ(error([] { TextSerializer().Serialize({gauge("a", "1", 1), gauge("a", "1", 2)}); }),
            "metric \"a{l=\"1\"}\" comes from two sources");
}

TEST(TextSerializer, WritesToAStream) {
  std::ostringstream out;
  TextSerializer().Serialize(out, {gauge("a", "1", 1)});
  EXPECT_EQ(out.str(), TextSerializer().Serialize({gauge("a", "1", 1)}));
}

// The example of exposition/text_serializer.h.
TEST(TextSerializer, ExampleOfTheHeader) {
  const auto registry = std::make_shared<prometheus::Registry>();
  prometheus::BuildCounter().Name("c").Register(*registry).Add({}).Increment();
  std::string page;
  const auto reply = [&](std::string text) { page = std::move(text); };
  const exposition::TextSerializer serializer;
  reply(serializer.Serialize(registry->Collect()));
  EXPECT_EQ(page, "# TYPE c counter\nc 1\n");
}

}  // namespace
}  // namespace prometheus_async::exposition
