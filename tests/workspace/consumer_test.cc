// SPDX-License-Identifier: Apache-2.0
// Another project that depends on single targets of this one builds and runs: tests/consumer, by a Bazel of its own.
//
// CONSUMER_FLAGS in the environment holds further flags for that Bazel.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

struct Result {
  int status;
  std::string output;  // of both streams
};

Result run(const std::string& command) {
  Result result;
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c; (c = std::getc(pipe)) != EOF;) result.output += static_cast<char>(c);
  result.status = pclose(pipe);
  return result;
}

TEST(Consumer, BuildsAndRunsInAWorkspaceOfItsOwn) {
  // The file is a link into the source tree, where the rest of the workspace is.
  const std::filesystem::path workspace = std::filesystem::canonical("tests/consumer/WORKSPACE").parent_path();
  // Kept beside the outputs that this very program belongs to, so that the next run has little to build.
  const std::string program = std::filesystem::canonical("/proc/self/exe");
  const std::string outputs = program.substr(0, program.find("/execroot/")) + "/consumer";
  const char* flags = std::getenv("CONSUMER_FLAGS");

  const Result result =
      run("cd '" + workspace.string() + "' && HOME='" + outputs + "' bazel --batch --output_user_root='" + outputs +
          "' run --symlink_prefix=/ " + (flags ? flags : "") + " //:consumer");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, testing::HasSubstr("\nvisits_total 1\n"));
}

}  // namespace
