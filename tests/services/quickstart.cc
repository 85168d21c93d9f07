// SPDX-License-Identifier: Apache-2.0
#include "tests/services/quickstart.h"

#include <cstdlib>
#include <stdexcept>

namespace prometheus_async::testing {
namespace {

constexpr char kSaid[] = "listening on ";

std::vector<std::string> command(const std::vector<std::string>& flags) {
  std::vector<std::string> argv{std::getenv("QUICKSTART"), "--port=0", "--delay=0"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return argv;
}

}  // namespace

Quickstart::Quickstart(const std::vector<std::string>& flags) : process_(command(flags)) {
  if (!process_.wait_for_line(kSaid)) throw std::runtime_error("quickstart did not listen: " + process_.output());
  const std::string output = process_.output();
  // Its standard error goes the same way; the line itself begins with the words.
  const std::size_t start = output.find(kSaid);
  first_line_ = output.substr(start, output.find('\n', start) - start);
  url_ = first_line_.substr(sizeof kSaid - 1);
}

}  // namespace prometheus_async::testing
