// SPDX-License-Identifier: Apache-2.0
#include "tests/services/service.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "tests/testing/http_get.h"

namespace prometheus_async::testing {
namespace {

constexpr char kSaid[] = "listening on ";

std::vector<std::string> command(const std::string& variable, const std::vector<std::string>& flags) {
  std::vector<std::string> argv{std::getenv(variable.c_str()), "--port=0"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return argv;
}

}  // namespace

Service::Service(const std::string& variable, const std::vector<std::string>& flags)
    : process_(command(variable, flags)) {
  if (!process_.wait_for_line(kSaid)) throw std::runtime_error(variable + " did not listen: " + process_.output());
  const std::string output = process_.output();
  // Its standard error goes the same way; the line itself begins with the words.
  const std::size_t start = output.find(kSaid);
  first_line_ = output.substr(start, output.find('\n', start) - start);
  url_ = first_line_.substr(sizeof kSaid - 1);
}

std::string promtool_says(const std::string& url) {
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/page";
  std::ofstream(path) << http_get(url).body;
  ChildProcess promtool({"sh", "-c", "exec \"$PROMTOOL\" check metrics < " + path});
  const int status = promtool.wait_for_exit().value_or(-1);
  return status == 0 ? promtool.output() : promtool.output() + " (exit status " + std::to_string(status) + ")";
}

}  // namespace prometheus_async::testing
