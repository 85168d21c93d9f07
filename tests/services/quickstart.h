// SPDX-License-Identifier: Apache-2.0
//
// The program services/quickstart, started by a test on a free port.
//
//     testing::Quickstart quickstart({"--delay=0"});     // needs env = {"QUICKSTART": "$(rootpath ...)"}
//     testing::http_get(quickstart.url());
#ifndef PROMETHEUS_ASYNC_TESTS_SERVICES_QUICKSTART_H_
#define PROMETHEUS_ASYNC_TESTS_SERVICES_QUICKSTART_H_

#include <string>
#include <vector>

#include "tests/testing/child_process.h"

namespace prometheus_async::testing {

class Quickstart {
 public:
  // Waits until it listens; throws std::runtime_error with its output if it does not. The handler of / takes no time
  // unless `flags` say otherwise.
  explicit Quickstart(const std::vector<std::string>& flags);

  const std::string& first_line() const { return first_line_; }
  const std::string& url() const { return url_; }  // http://127.0.0.1:PORT/
  std::string host_and_port() const { return url_.substr(7, url_.size() - 8); }
  ChildProcess& process() { return process_; }

 private:
  ChildProcess process_;
  std::string first_line_;
  std::string url_;
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_SERVICES_QUICKSTART_H_
