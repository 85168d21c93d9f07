// SPDX-License-Identifier: Apache-2.0
//
// services/prefork as its user sees it: workers that share a port, each with metrics of its own.
#include <signal.h>
#include <sys/types.h>

#include <cstdlib>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/child_process.h"
#include "tests/testing/http_get.h"

namespace prometheus_async {
namespace {

using testing::ChildProcess;
using ::testing::HasSubstr;
using testing::http_get;
using ::testing::Not;

class Prefork : public ::testing::Test {
 protected:
  struct Process {
    ::pid_t pid;
    std::string metrics_url;
  };

  // What follows `text` in the line of the output that has it.
  std::string after(const std::string& text) {
    const std::optional<std::string> line = prefork_.wait_for_line(text);
    if (!line) throw std::runtime_error("no line with \"" + text + "\" in: " + prefork_.output());
    return line->substr(line->find(text) + text.size());
  }

  Process process(const std::string& name) {
    const std::vector<std::string> parts = absl::StrSplit(after(name + ", process "), ": metrics at ");
    return {std::stoi(parts.at(0)), parts.at(1)};
  }

  ChildProcess prefork_{{std::getenv("PREFORK"), "--port=0", "--workers=2"}};
};

TEST_F(Prefork, HasMetricsForEachProcess) {
  const Process parent = process("parent");
  const std::vector<Process> workers{process("worker 0"), process("worker 1")};
  const std::string url = after("listening on ");
  std::set<std::string> answers;
  ASSERT_TRUE(prefork_.wait_until([&] {
    answers.insert(http_get(url).body);
    return answers.size() == 2;
  })) << prefork_.output();
  EXPECT_THAT(http_get(parent.metrics_url).body, HasSubstr("\nprefork_workers 2\n"));
  for (const Process& worker : workers) {
    const std::string page = http_get(worker.metrics_url).body;
    EXPECT_THAT(page, HasSubstr("prefork_request_seconds_count "));
    EXPECT_THAT(page, Not(HasSubstr("prefork_request_seconds_count 0\n")));
  }
  EXPECT_EQ(prefork_.terminate(), 0) << prefork_.output();
  EXPECT_EQ(http_get(parent.metrics_url).status, 0);
  for (const Process& worker : workers) EXPECT_EQ(http_get(worker.metrics_url).status, 0);
}

TEST_F(Prefork, ReplacesAWorkerThatEnds) {
  const Process parent = process("parent");
  ::kill(process("worker 0").pid, SIGKILL);
  ASSERT_TRUE(prefork_.wait_until([&] {
    const std::string page = http_get(parent.metrics_url).body;
    return absl::StrContains(page, "\nprefork_worker_exits_total 1\n") &&
           absl::StrContains(page, "\nprefork_workers 2\n");
  })) << prefork_.output();
  EXPECT_EQ(prefork_.terminate(), 0) << prefork_.output();
}

}  // namespace
}  // namespace prometheus_async
