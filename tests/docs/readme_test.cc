// SPDX-License-Identifier: Apache-2.0
//
// The programs in README.md and docs/howto are those that are compiled.
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

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

// Each part is between lines that begin with dashes; one that is in the page has a title.
TEST(Howto, ShowsPartsThatCompile) {
  const std::string page = contents("docs/howto/web.md");
  const std::string source = contents("tests/docs/web_howto.cc");
  constexpr std::string_view kDashes = "\n// ----";
  int parts = 0;
  std::size_t begin = source.find(kDashes);
  for (std::size_t end = 0; (end = source.find(kDashes, begin + 1)) != std::string::npos; begin = end) {
    const std::size_t code = source.find('\n', begin + 1) + 1;
    EXPECT_THAT(page, ::testing::HasSubstr("```cpp\n" + source.substr(code, end - code) + "```\n"));
    ++parts;
  }
  EXPECT_GT(parts, 5);
}

TEST(Howto, ShowsTheSmallestService) {
  const std::string source = contents("services/hello/hello.cc");
  const std::string program = source.substr(source.find("namespace asio"));
  EXPECT_THAT(contents("docs/howto/web.md"), ::testing::HasSubstr("```cpp\n" + program + "```\n"));
}

}  // namespace
