// SPDX-License-Identifier: Apache-2.0
//
// The examples that open the headers of metrics/ and are not part of another test.
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "gtest/gtest.h"
#include <prometheus/histogram.h>

#include "aio/count_exceptions.h"
#include "aio/time.h"
#include "aio/wrapper.h"
#include "metrics/clock.h"
#include "metrics/collector.h"
#include "metrics/concepts.h"
#include "metrics/counter.h"
#include "metrics/ending.h"
#include "metrics/filter.h"
#include "metrics/gauge.h"
#include "metrics/histogram.h"
#include "metrics/labels.h"
#include "metrics/names.h"
#include "metrics/probe.h"
#include "metrics/refused.h"
#include "metrics/registry.h"
#include "metrics/selector.h"
#include "metrics/utf8.h"

namespace prometheus_async {
namespace {

using namespace std::chrono_literals;

static_assert(metrics::Observer<prometheus::Histogram>);
static_assert(metrics::IncDecrementer<metrics::Gauge>);

struct Stepping {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Stepping, duration>;
  static time_point now() noexcept { return current; }
  static inline time_point current{};
};

TEST(Examples, Clock) {
  metrics::Histogram seconds;
  auto timed = aio::time<Stepping>(seconds)([] { Stepping::current += 2s; });
  timed();
  EXPECT_EQ(seconds.snapshot().sum, 2.0);
}

class CountSeries final : public metrics::Sink {
 public:
  void family(const metrics::FamilyInfo&) override {}
  void counter(const metrics::Labels&, const metrics::CounterSnapshot&) override { ++count; }
  void value(const metrics::Labels&, double) override { ++count; }
  void histogram(const metrics::Labels&, const metrics::HistogramSnapshot&) override { ++count; }
  void summary(const metrics::Labels&, const metrics::SummarySnapshot&) override { ++count; }
  void state_set(const metrics::Labels&, std::span<const metrics::State>) override { ++count; }
  int count = 0;
};

TEST(Examples, Collector) {
  metrics::Registry registry;
  auto& inbound = registry.counter("inbound_requests_total", "inbound http requests", {"endpoint", "method"});
  inbound.labels("/metrics", "GET").Increment();
  inbound.labels("/metrics", "HEAD").Increment();
  registry.histogram("reply_bytes", "size of replies", {.buckets = metrics::exponential_buckets(64, 4, 8)});
  CountSeries sink;
  registry.collect(sink);
  EXPECT_EQ(sink.count, 3);
}

struct Disk {
  std::string name;
  double free_bytes;
};
std::vector<Disk> disks() { return {{"sda", 1e9}, {"sdb", 2e9}}; }

class Disks final : public metrics::Collector {
  std::vector<metrics::FamilyInfo> describe() const override { return {free_}; }
  void collect(metrics::Sink& sink) const override {
    sink.family(free_);
    for (const Disk& disk : disks()) sink.value(metrics::Labels({{"device", disk.name}}), disk.free_bytes);
  }
  const metrics::FamilyInfo free_{"disk_free_bytes", "Free space.", metrics::MetricType::kGauge};
};

TEST(Examples, CollectorOfYourOwn) {
  metrics::Registry registry;
  registry.add(std::make_shared<Disks>());
  EXPECT_EQ(registry.get_sample_value("disk_free_bytes", {{"device", "sdb"}}), 2e9);
}

TEST(Examples, Family) {
  metrics::Registry registry;
  auto& sent = registry.counter("sent_bytes_total", "bytes sent", {"peer"});
  const std::shared_ptr<metrics::Counter> bytes = sent.share("10.0.0.7");
  bytes->Increment(512);
  EXPECT_EQ(registry.get_sample_value("sent_bytes_total", {{"peer", "10.0.0.7"}}), 512);
  sent.remove("10.0.0.7");
  bytes->Increment();
  EXPECT_EQ(registry.get_sample_value("sent_bytes_total", {{"peer", "10.0.0.7"}}), std::nullopt);
}

struct Timeout {};
struct Refused {};
struct HttpError {
  int status() const { return 503; }
};

TEST(Examples, Filter) {
  metrics::Counter failures;
  const auto fail = [](int n) {
    if (n == 1) throw Refused();
    if (n == 2) throw HttpError();
    throw std::system_error(std::make_error_code(n == 3 ? std::errc::operation_canceled : std::errc::connection_reset));
  };
  const auto count = [&](const auto& wrapper) {
    const double before = failures.Value();
    for (int n = 1; n <= 4; ++n) EXPECT_ANY_THROW(wrapper(fail)(n));
    return failures.Value() - before;
  };
  EXPECT_EQ(count(aio::count_exceptions(failures)), 3);
  EXPECT_EQ(count(aio::count_exceptions<Timeout, Refused>(failures)), 1);
  EXPECT_EQ(count(aio::count_exceptions(failures, metrics::any_error | metrics::cancelled)), 4);
  EXPECT_EQ(count(aio::count_exceptions(
                failures, metrics::when<HttpError>([](const HttpError& e) { return e.status() >= 500; }))),
            1);
  EXPECT_EQ(count(aio::count_exceptions(failures, metrics::when([](const metrics::Ending& e) {
                                          return e.code() == std::errc::connection_reset;
                                        }))),
            1);
}

TEST(Examples, Labels) {
  const metrics::Labels labels(std::vector<metrics::Labels::Pair>{{"method", "GET"}, {"path", "/a\"b"}});
  EXPECT_EQ(labels.text(), "method=\"GET\",path=\"/a\\\"b\"");
}

TEST(Examples, Names) {
  metrics::check_metric_name("http.requests");
  EXPECT_EQ(metrics::underscored("http.requests"), "http_requests");
}

class BytesProbe {
 public:
  using clock = metrics::NoClock;
  struct State {};
  State begin(clock::time_point) const noexcept { return {}; }
  void end(State&, clock::time_point, const metrics::Ending&) const noexcept { ++ends; }
  static inline int ends = 0;
};

TEST(Examples, Probe) {
  auto handler = aio::Wrapper(BytesProbe()) | [] { return 1; };
  EXPECT_EQ(handler(), 1);
  EXPECT_EQ(BytesProbe::ends, 1);
}

TEST(Examples, Selector) {
  metrics::Registry registry;
  auto& calls = registry.histogram("call_seconds", "time of a call", {"outcome"});
  const auto call = aio::time(calls.by_outcome())([] {});
  call();
  EXPECT_EQ(registry.get_sample_value("call_seconds_count", {{"outcome", "ok"}}), 1);

  metrics::Histogram good_seconds, bad_seconds;
  const auto fetch = aio::time(metrics::choose([&](const metrics::Ending& e) -> metrics::Histogram& {
    return e.is_value() ? good_seconds : bad_seconds;
  }))([] { throw Timeout(); });
  EXPECT_THROW(fetch(), Timeout);
  EXPECT_EQ(bad_seconds.snapshot().count(), 1u);
}

TEST(Examples, Utf8AndRefused) {
  std::string value = "caf\xe9";
  metrics::make_utf8(value);
  EXPECT_EQ(value, "caf\xEF\xBF\xBD");
  EXPECT_EQ(metrics::refused_values(), 0u);
}

}  // namespace
}  // namespace prometheus_async
