// SPDX-License-Identifier: Apache-2.0
//
// A Prometheus that scrapes for a test, and its HTTP API.
//
//     testing::PrometheusServer prometheus(std::getenv("PROMETHEUS"), "- job_name: x\n  static_configs: ...");
//     ASSERT_TRUE(prometheus.wait_until_ready()) << prometheus.output();
//     prometheus.query("up");
#ifndef PROMETHEUS_ASYNC_TESTS_TESTING_PROMETHEUS_SERVER_H_
#define PROMETHEUS_ASYNC_TESTS_TESTING_PROMETHEUS_SERVER_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/testing/child_process.h"

namespace prometheus_async::testing {

class PrometheusServer {
 public:
  // One series of an instant query.
  struct Series {
    std::map<std::string, std::string> labels;
    double value = 0;
  };
  struct Target {
    std::string scrape_url;
    std::string health;  // "up", "down", "unknown"
    std::string last_error;
  };

  // Starts `program` with `scrape_configs`, a YAML list. Scrapes every second.
  PrometheusServer(const std::string& program, const std::string& scrape_configs);

  bool wait_until_ready();
  // Asks again and again, for as long as it takes a Prometheus to discover and to scrape several times.
  bool wait_until(const std::function<bool()>& condition);

  // Empty while there is no result.
  std::vector<Series> query(const std::string& promql) const;
  std::vector<Target> targets() const;

  std::string output() const { return process_->output(); }

 private:
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + port_.text() + path; }

  ReservedPort port_;
  std::optional<ChildProcess> process_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_TESTING_PROMETHEUS_SERVER_H_
