// SPDX-License-Identifier: Apache-2.0
//
// A program of services/, started by a test on a free port.
//
//     testing::Service klein("KLEIN");                   // needs env = {"KLEIN": "$(rootpath //services/klein)"}
//     testing::http_get(klein.url() + "metrics");
#ifndef PROMETHEUS_ASYNC_TESTS_SERVICES_SERVICE_H_
#define PROMETHEUS_ASYNC_TESTS_SERVICES_SERVICE_H_

#include <string>
#include <vector>

#include "tests/testing/child_process.h"

namespace prometheus_async::testing {

class Service {
 public:
  // Runs the program that the environment variable names, with --port=0 and the flags, and waits until it listens;
  // throws std::runtime_error with its output if it does not.
  explicit Service(const std::string& variable, const std::vector<std::string>& flags = {});

  // "listening on " and the URL.
  const std::string& first_line() const { return first_line_; }
  const std::string& url() const { return url_; }  // http://127.0.0.1:PORT/
  std::string host_and_port() const { return url_.substr(7, url_.size() - 8); }
  ChildProcess& process() { return process_; }

 private:
  ChildProcess process_;
  std::string first_line_;
  std::string url_;
};

// What promtool has to say of the page of metrics at `url`, and its exit status if that is not 0: empty is good.
std::string promtool_says(const std::string& url);

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_SERVICES_SERVICE_H_
