// SPDX-License-Identifier: Apache-2.0
//
// Prometheus 2.42 and 3.5 scrape a server of ours, each format in turn, and their APIs give back what was recorded.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "aio/web/application.h"
#include "aio/web/server_stats.h"
#include "aio/web/testing/test_server.h"
#include "exposition/format.h"
#include "exposition/render.h"
#include "exposition/scrape.h"
#include "metrics/exemplar.h"
#include "metrics/registry.h"
#include "tests/exposition/random_registry.h"
#include "tests/exposition/read_page.h"
#include "tests/testing/prometheus_server.h"

namespace prometheus_async {
namespace {

namespace web = aio::web;
using exposition::Escaping;
using exposition::Format;
using exposition::Syntax;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using testing::LabelMap;
using ::testing::Not;
using testing::PrometheusServer;
using testing::RandomRegistry;
using testing::ReadNative;
using testing::ReadPage;
using testing::ReadSample;
using ::testing::SizeIs;

constexpr Format utf8(Format format) {
  format.escaping = Escaping::kAllowUtf8;
  return format;
}

// A job that scrapes a page of its own.
struct Job {
  std::string name;
  Format format;              // the one that it is to get
  std::string settings = {};  // of the job, lines of YAML
  bool is_forced = false;     // the page is in this format whatever the scraper asks for
};

std::string address_of(const aio::web::testing::TestServer& server) { return server.address().to_string(); }

class Scraped : public ::testing::Test {
 protected:
  // Three scrapes of each job, and nothing to say against any.
  void scrape(const char* program, std::vector<Job> jobs, const std::string& features) {
    jobs_ = std::move(jobs);
    web::Application app;
    for (const Job& job : jobs_) app.router().add_get("/" + job.name, page_of(job));
    server_.emplace(std::move(app));
    std::string config;
    for (const Job& job : jobs_) {
      config += "- job_name: " + job.name + "\n  metrics_path: /" + job.name + "\n  static_configs:\n  - targets: ['" +
                address_of(*server_) + "']\n" + job.settings;
    }
    prometheus_.emplace(std::getenv(program), config, std::vector<std::string>{"--enable-feature=" + features});
    ASSERT_TRUE(prometheus_->wait_until_ready()) << prometheus_->output();
    const bool is_scraped = prometheus_->wait_until(
        [&] { return prometheus_->query("sum_over_time(up[1m]) >= 3").size() == jobs_.size(); });
    for (const auto& target : prometheus_->targets()) EXPECT_EQ(target.last_error, "") << target.scrape_url;
    ASSERT_TRUE(is_scraped);
  }

  std::string served(const std::string& job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return served_[job];
  }

  // Everything that Prometheus has of a job, but what it says about the scrape.
  std::vector<PrometheusServer::Series> series_of(const std::string& job) const {
    auto all = prometheus_->query("{job=\"" + job + "\"}");
    std::erase_if(all, [](const auto& series) {
      const std::string& name = series.labels.at("__name__");
      return name == "up" || name.starts_with("scrape_");
    });
    return all;
  }

  // What is the same for every job: its format, its values, its exemplars, and no sample that Prometheus dropped.
  void expect_everything_arrived(bool has_native) {
    for (const Job& job : jobs_) {
      SCOPED_TRACE(job.name);
      EXPECT_EQ(served(job.name), exposition::content_type(job.format));
      EXPECT_EQ(testing::difference(expected(job.format, has_native), actual(job.name)), "");
    }
    const auto dropped = prometheus_->own_metrics("prometheus_target_scrapes_");
    EXPECT_THAT(dropped, Not(IsEmpty()));
    EXPECT_THAT(dropped, Each(EndsWith(" 0")));
    EXPECT_THAT(prometheus_->own_metrics("prometheus_tsdb_exemplar_out_of_order_exemplars_total"),
                Each(EndsWith(" 0")));
  }

  void expect_metadata(const std::string& job, const Format& format) {
    const auto metadata = prometheus_->metadata(job);
    for (const auto& family : random_.expected(format)) {
      const bool has_ending = format.syntax == Syntax::kProtobuf && family.type == "counter";
      // Out of text it takes names in quotes with their escapes.
      const std::string name = format.syntax == Syntax::kProtobuf ? family.name : with_escapes(family.name);
      const auto found = metadata.find(name + (has_ending ? "_total" : ""));
      ASSERT_NE(found, metadata.end()) << job << ": " << family.name;
      EXPECT_EQ(found->second.type, family.type) << family.name;
      EXPECT_EQ(found->second.unit, family.unit) << family.name;
      EXPECT_EQ(found->second.help, family.help) << family.name;
    }
  }

  static LabelMap without_empty(LabelMap labels) {
    std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
    return labels;
  }

  // As one family without a name, since Prometheus keeps series and metadata apart.
  ReadPage expected(const Format& format, bool has_native) {
    ReadPage page(1);
    for (const auto& family : random_.expected(format)) {
      for (ReadSample sample : family.samples) {
        sample.labels = without_empty(std::move(sample.labels));
        if (sample.exemplar) {
          sample.exemplar->labels = without_empty(std::move(sample.exemplar->labels));
          if (format.syntax == Syntax::kOpenMetrics) {  // where Prometheus leaves the escapes in
            for (auto& [name, value] : sample.exemplar->labels) value = with_escapes(value);
          }
        }
        if (format.syntax == Syntax::kProtobuf) {
          if (has_native && is_native(family)) {
            // One series takes the place of all.
            if (!sample.native) continue;
            sample.name = family.name;
            sample.value = 0;
          } else if (sample.name == family.name + "_count" && family.type == "histogram") {
            add_infinite_bucket(family, sample, page[0].samples);
          }
        }
        page[0].samples.push_back(std::move(sample));
      }
    }
    return page;
  }

  static bool is_native(const testing::ReadFamily& family) {
    return !family.samples.empty() && family.samples.back().native.has_value();
  }

  // Prometheus makes it from the count, where the message does not have it.
  static void add_infinite_bucket(const testing::ReadFamily& family, const ReadSample& count,
                                  std::vector<ReadSample>& samples) {
    ReadSample bucket{.name = family.name + "_bucket", .labels = count.labels, .value = count.value};
    bucket.labels["le"] = testing::canonical_bound(HUGE_VAL);
    for (const ReadSample& each : samples) {
      if (each.name == bucket.name && each.labels == bucket.labels) return;
    }
    samples.push_back(std::move(bucket));
  }

  ReadPage actual(const std::string& job) const {
    ReadPage page(1);
    for (const auto& series : series_of(job)) {
      ReadSample& sample = page[0].samples.emplace_back();
      sample.name = series.labels.at("__name__");
      sample.labels = own_labels(series.labels);
      sample.value = series.value;
      if (series.histogram) sample.native = native_of(*series.histogram);
    }
    for (const auto& exemplar : prometheus_->exemplars("{job=\"" + job + "\"}")) {
      const auto series = std::find_if(page[0].samples.begin(), page[0].samples.end(), [&](const ReadSample& sample) {
        return sample.name == exemplar.series.at("__name__") && sample.labels == own_labels(exemplar.series);
      });
      if (series == page[0].samples.end() || series->exemplar) {
        ADD_FAILURE() << "an exemplar of no series, or a second one: " << ::testing::PrintToString(exemplar.series);
      } else {
        series->exemplar = {exemplar.labels, exemplar.value, exemplar.timestamp};
      }
    }
    return page;
  }

  static LabelMap own_labels(const LabelMap& labels) {
    LabelMap own;
    for (const auto& [name, value] : labels) {
      if (name != "__name__" && name != "job" && name != "instance") own[name] = testing::canonical_label(name, value);
    }
    return own;
  }

  // PROPERTY_SEED, as property_test has it, or always the same.
  static std::uint32_t seed() {
    const char* const given = std::getenv("PROPERTY_SEED");
    return given == nullptr ? 1 : static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10));
  }

  // Which buckets of schema 3, the one of random registries, the API's are.
  static ReadNative native_of(const PrometheusServer::Histogram& histogram) {
    ReadNative native;
    native.schema = 3;
    native.zero_threshold = 0x1p-128;
    double count = 0;
    for (const auto& bucket : histogram.buckets) {
      count += bucket.count;
      const auto counted = static_cast<std::uint64_t>(bucket.count);
      const auto index = [](double bound) { return static_cast<int>(std::lround(std::log2(bound) * 8)); };
      if (bucket.upper == 0x1p-128) {
        EXPECT_EQ(bucket.boundaries, 3);
        native.zero_count = counted;
      } else if (bucket.lower > 0) {
        EXPECT_EQ(bucket.boundaries, 0);
        native.positive[index(bucket.upper)] = counted;
      } else {
        EXPECT_EQ(bucket.boundaries, 1);
        native.negative[index(-bucket.lower)] = counted;
      }
    }
    EXPECT_EQ(histogram.count, count);
    return native;
  }

  static std::string with_escapes(const std::string& text) {
    return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}});
  }

  RandomRegistry random_{seed(), {.names = RandomRegistry::Names::kAnyUtf8, .families = 30}};
  std::vector<Job> jobs_;
  std::mutex mutex_;
  std::map<std::string, std::string> served_;            // Content-Type by job; guarded by mutex_
  std::optional<aio::web::testing::TestServer> server_;  // after what its handlers use
  std::optional<PrometheusServer> prometheus_;

 private:
  web::Handler page_of(const Job& job) {
    if (job.is_forced) {
      return [this, job](web::Request&) {
        exposition::Page page = exposition::render(random_.registry(), job.format);
        note(job.name, page.content_type);
        web::Response response;
        response.headers.add("Content-Type", page.content_type);
        response.body = std::move(page.body);
        return response;
      };
    }
    const exposition::ScrapeHandler handler(random_.registry(), {.has_self_metrics = false});
    return [this, name = job.name,
            inner = web::make_server_stats(handler)](web::Request& request) -> boost::asio::awaitable<web::Response> {
      web::Response response = co_await inner(request);
      note(name, std::string(response.headers.get("Content-Type").value_or("")));
      co_return response;
    };
  }

  void note(const std::string& job, const std::string& content_type) {
    const std::lock_guard<std::mutex> lock(mutex_);
    served_[job] = content_type;
  }
};

// Without features it asks for OpenMetrics. Text is what it takes where it is given nothing else.
TEST_F(Scraped, ByPrometheus2InText) {
  const std::vector<Job> jobs{{"openmetrics", exposition::kOpenMetrics_1_0_0},
                              {"text", exposition::kText_0_0_4, "", true}};
  ASSERT_NO_FATAL_FAILURE(scrape("PROMETHEUS", jobs, "exemplar-storage"));
  expect_everything_arrived(/*has_native=*/false);
  expect_metadata("openmetrics", exposition::kOpenMetrics_1_0_0);
}

TEST_F(Scraped, ByPrometheus2InProtobuf) {
  const std::vector<Job> jobs{{"protobuf", exposition::kProtobuf}};
  ASSERT_NO_FATAL_FAILURE(scrape("PROMETHEUS", jobs, "exemplar-storage,native-histograms"));
  expect_everything_arrived(/*has_native=*/true);
}

// It names no escaping scheme for protobuf, so that names are escaped there, but takes those that are not.
TEST_F(Scraped, ByPrometheus3InEveryFormat) {
  const auto protocol = [](const std::string& name) { return "  scrape_protocols: [" + name + "]\n"; };
  const std::vector<Job> jobs{{"text0", exposition::kText_0_0_4, protocol("PrometheusText0.0.4")},
                              {"text1", utf8(exposition::kText_1_0_0), protocol("PrometheusText1.0.0")},
                              {"openmetrics0", exposition::kOpenMetrics_0_0_1, protocol("OpenMetricsText0.0.1")},
                              {"openmetrics1", utf8(exposition::kOpenMetrics_1_0_0), protocol("OpenMetricsText1.0.0")},
                              {"protobuf", exposition::kProtobuf, protocol("PrometheusProto")},
                              {"protobuf_utf8", utf8(exposition::kProtobuf), "", true},
                              {"default", exposition::kProtobuf}};
  ASSERT_NO_FATAL_FAILURE(scrape("PROMETHEUS_3", jobs, "exemplar-storage,native-histograms"));
  expect_everything_arrived(/*has_native=*/true);
  expect_metadata("openmetrics1", utf8(exposition::kOpenMetrics_1_0_0));
  expect_metadata("protobuf", exposition::kProtobuf);
}

// What a program records in a native histogram of its registry, in each Prometheus.
class NativeHistograms : public ::testing::TestWithParam<const char*> {
 protected:
  // Until it has `series` of them.
  void scrape(const std::string& name, std::size_t series) {
    web::Application app;
    app.router().add_get("/metrics", web::make_server_stats(registry_));
    server_.emplace(std::move(app));
    prometheus_.emplace(std::getenv(GetParam()),
                        "- job_name: native\n  static_configs:\n  - targets: ['" + address_of(*server_) + "']\n",
                        std::vector<std::string>{"--enable-feature=exemplar-storage,native-histograms"});
    ASSERT_TRUE(prometheus_->wait_until_ready()) << prometheus_->output();
    ASSERT_TRUE(prometheus_->wait_until([&] { return prometheus_->query(name).size() == series; }))
        << prometheus_->output();
  }

  // The one series of the query, as a histogram.
  PrometheusServer::Histogram histogram(const std::string& promql) const {
    const auto series = prometheus_->query(promql);
    if (series.size() == 1 && series[0].histogram) return *series[0].histogram;
    ADD_FAILURE() << promql << " is no native histogram";
    return {};
  }
  double value(const std::string& promql) const {
    const auto series = prometheus_->query(promql);
    return series.size() == 1 ? series[0].value : std::nan("");
  }

  metrics::Registry registry_;
  std::optional<aio::web::testing::TestServer> server_;
  std::optional<PrometheusServer> prometheus_;
};

INSTANTIATE_TEST_SUITE_P(Prometheus, NativeHistograms, ::testing::Values("PROMETHEUS", "PROMETHEUS_3"));

// Prometheus 2.42 finds exemplars in the classic buckets alone, which it passes over otherwise.
TEST_P(NativeHistograms, HaveQuantilesAndExemplarsInPrometheus) {
  auto& sizes = registry_.native_histogram("sizes_bytes", "Sizes.", {"peer"},
                                           {.classic = {50, 150}, .family = {.unit = "bytes"}});
  // From threads that end, and from this one.
  for (int thread = 0; thread < 4; ++thread) {
    std::jthread([&sizes, thread] {
      for (int i = 1; i <= 25; ++i) sizes.labels("a").Observe(25 * thread + i);
    });
  }
  sizes.labels("a").Observe(200, metrics::exemplar({{"trace_id", "abc"}}));
  for (const double size : {-8.0, -8.0, 0.0, 8.0}) sizes.labels("b").Observe(size);
  ASSERT_NO_FATAL_FAILURE(scrape("sizes_bytes", 2));

  const PrometheusServer::Histogram a = histogram("sizes_bytes{peer=\"a\"}");
  EXPECT_EQ(a.count, 101);
  EXPECT_EQ(a.sum, 5250);
  // The factor between bounds is 2^(1/8).
  EXPECT_NEAR(value("histogram_quantile(0.5, sizes_bytes{peer=\"a\"})"), 51, 51 * 0.1);
  EXPECT_NEAR(value("histogram_quantile(0.9, sizes_bytes{peer=\"a\"})"), 91, 91 * 0.1);
  EXPECT_NEAR(value("histogram_quantile(1, sizes_bytes{peer=\"a\"})"), 200, 200 * 0.1);
  const auto exemplars = prometheus_->exemplars("sizes_bytes");
  ASSERT_THAT(exemplars, SizeIs(1));
  EXPECT_EQ(exemplars[0].labels, (LabelMap{{"trace_id", "abc"}}));
  EXPECT_EQ(exemplars[0].value, 200);

  const PrometheusServer::Histogram b = histogram("sizes_bytes{peer=\"b\"}");
  EXPECT_EQ(b.sum, -8);
  ASSERT_THAT(b.buckets, SizeIs(3));
  EXPECT_EQ(b.buckets[0].lower, -8);
  EXPECT_EQ(b.buckets[0].count, 2);
  EXPECT_EQ(b.buckets[1].count, 1);
  EXPECT_EQ(b.buckets[2].upper, 8);
  EXPECT_EQ(b.buckets[2].count, 1);
}

// 1 to 1000 in eight buckets: a factor of four between bounds, since one of two needs ten.
TEST_P(NativeHistograms, ArriveWithTheResolutionThatTheirLimitLeaves) {
  auto& sizes = registry_.native_histogram("sizes", "Sizes.", {.native = {.max_buckets = 8}});
  for (int i = 1; i <= 1000; ++i) sizes.Observe(i);
  ASSERT_NO_FATAL_FAILURE(scrape("sizes", 1));

  const PrometheusServer::Histogram arrived = histogram("sizes");
  EXPECT_EQ(arrived.count, 1000);
  EXPECT_EQ(arrived.sum, 500'500);
  std::vector<std::pair<double, double>> buckets;  // upper bound and count
  for (const auto& bucket : arrived.buckets) buckets.emplace_back(bucket.upper, bucket.count);
  EXPECT_EQ(buckets,
            (std::vector<std::pair<double, double>>{{1, 1}, {4, 3}, {16, 12}, {64, 48}, {256, 192}, {1024, 744}}));
}

// Between two scrapes all goes on: what rate() makes of them is what was recorded meanwhile.
TEST_P(NativeHistograms, GrowFromScrapeToScrape) {
  auto& sizes = registry_.native_histogram("sizes", "Sizes.");
  sizes.Observe(1);
  ASSERT_NO_FATAL_FAILURE(scrape("sizes", 1));
  for (const double size : {0.5, 3.0, 700.0}) sizes.Observe(size);
  ASSERT_TRUE(prometheus_->wait_until([&] { return histogram("sizes").count == 4; })) << prometheus_->output();
  EXPECT_EQ(histogram("sizes").sum, 704.5);
  EXPECT_GT(value("histogram_count(rate(sizes[1m]))"), 0);
}

}  // namespace
}  // namespace prometheus_async
