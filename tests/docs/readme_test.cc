// SPDX-License-Identifier: Apache-2.0
//
// The program in README.md is the one that readme_program.cc compiles.
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

std::string contents(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Readme, ShowsAProgramThatCompiles) {
  const std::string source = contents("tests/docs/readme_program.cc");
  const std::string line = "// ----\n";
  ASSERT_NE(source.find(line), std::string::npos);
  const std::string program = source.substr(source.find(line) + line.size());
  EXPECT_THAT(contents("README.md"), ::testing::HasSubstr("```cpp\n" + program + "```\n"));
}

}  // namespace
