// SPDX-License-Identifier: Apache-2.0
//
// A Prometheus that scrapes for a test, and its HTTP API.
//
//     testing::PrometheusServer prometheus(std::getenv("PROMETHEUS"), "- job_name: x\n  static_configs: ...");
//     ASSERT_TRUE(prometheus.wait_until_ready()) << prometheus.output();
//     prometheus.query("up");
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_PROMETHEUS_SERVER_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_PROMETHEUS_SERVER_H_

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/testing/child_process.h"

namespace prometheus_async::testing {

class PrometheusServer {
 public:
  using Labels = std::map<std::string, std::string>;

  // A native histogram as the API shows it.
  struct Histogram {
    struct Bucket {
      int boundaries = 0;  // 0: (lower, upper]; 1: [lower, upper); 2: both open; 3: both closed
      double lower = 0;
      double upper = 0;
      double count = 0;
      friend bool operator==(const Bucket&, const Bucket&) = default;
    };
    double count = 0;
    double sum = 0;
    std::vector<Bucket> buckets;  // ascending, none with count 0
  };
  // One series of an instant query.
  struct Series {
    Labels labels;
    double value = 0;
    std::optional<Histogram> histogram;  // in the place of the value
  };
  struct Exemplar {
    Labels series;
    Labels labels;
    double value = 0;
    double timestamp = 0;
    friend bool operator==(const Exemplar&, const Exemplar&) = default;
  };
  struct Metadata {
    std::string type;
    std::string help;
    std::string unit;
    friend bool operator==(const Metadata&, const Metadata&) = default;
  };
  struct Target {
    std::string scrape_url;
    std::string health;  // "up", "down", "unknown"
    std::string last_error;
    Labels labels;
  };

  // Starts `program` with `scrape_configs`, a YAML list, and `flags` beside those that it needs. Scrapes every second.
  PrometheusServer(const std::string& program, const std::string& scrape_configs,
                   const std::vector<std::string>& flags = {});

  bool wait_until_ready();
  // Asks again and again, for as long as it takes a Prometheus to discover and to scrape several times.
  bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds(60));

  // Empty while there is no result.
  std::vector<Series> query(const std::string& promql) const;
  std::vector<Target> targets() const;
  // Those of the series that `promql` names, of the last hour.
  std::vector<Exemplar> exemplars(const std::string& promql) const;
  // What the targets of a job said of their metrics, by the name of the metric.
  std::map<std::string, Metadata> metadata(const std::string& job) const;
  // Its own metrics whose name begins so, as lines of the text format.
  std::vector<std::string> own_metrics(const std::string& prefix) const;

  std::string output() const { return process_->output(); }

 private:
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + port_.text() + path; }

  ReservedPort port_;
  std::optional<ChildProcess> process_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_PROMETHEUS_SERVER_H_
