// SPDX-License-Identifier: Apache-2.0
//
// The program services/quickstart, started by a test on a free port.
//
//     testing::Quickstart quickstart({"--delay=0"});     // needs env = {"QUICKSTART": "$(rootpath ...)"}
//     testing::http_get(quickstart.url());
#ifndef PROMETHEUS_ASYNC_TESTS_SERVICES_QUICKSTART_H_
#define PROMETHEUS_ASYNC_TESTS_SERVICES_QUICKSTART_H_

#include <string>
#include <utility>
#include <vector>

#include "tests/services/service.h"

namespace prometheus_async::testing {

// The handler of / takes no time unless `flags` say otherwise.
class Quickstart : public Service {
 public:
  explicit Quickstart(std::vector<std::string> flags) : Service("QUICKSTART", at_once(std::move(flags))) {}

 private:
  static std::vector<std::string> at_once(std::vector<std::string> flags) {
    flags.insert(flags.begin(), "--delay=0");
    return flags;
  }
};

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_SERVICES_QUICKSTART_H_
