// SPDX-License-Identifier: Apache-2.0
//
// Registries of random content in every format, read by parsers that are not ours, against what was recorded. A failure
// names the seed; PROPERTY_SEED in the environment (--test_env) begins with it.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "exposition/format.h"
#include "exposition/render.h"
#include "tests/exposition/protobuf_reader.h"
#include "tests/exposition/python_reader.h"
#include "tests/exposition/random_registry.h"
#include "tests/exposition/read_page.h"

namespace prometheus_async {
namespace {

using exposition::Format;
using exposition::Syntax;
using testing::difference;
using testing::PythonReader;
using testing::RandomRegistry;
using testing::ReadPage;

constexpr std::uint32_t kRegistries = 60;

class Property : public ::testing::Test {
 protected:
  // Another seed on each day: a failure can be had again, and the space is walked all the same.
  Property() {
    const char* const given = std::getenv("PROPERTY_SEED");
    const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()).time_since_epoch();
    first_seed_ = given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                                   : static_cast<std::uint32_t>(today.count()) * kRegistries;
    std::cout << "PROPERTY_SEED=" << first_seed_ << std::endl;
  }

  static RandomRegistry::Options options(std::uint32_t seed) {
    return {.names = seed % 2 == 0 ? RandomRegistry::Names::kClassic : RandomRegistry::Names::kAnyUtf8};
  }

  void read_with_python(const Format& format, PythonReader::Syntax syntax) {
    PythonReader python;
    std::vector<ReadPage> expected;
    for (std::uint32_t seed = first_seed_; seed < first_seed_ + kRegistries; ++seed) {
      RandomRegistry::Options for_python = options(seed);
      for_python.braces_in_exemplars = false;
      RandomRegistry random(seed, for_python);
      python.add(exposition::render(random.registry(), format).body, syntax);
      expected.push_back(random.expected(format));
    }
    python.run();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      SCOPED_TRACE("PROPERTY_SEED=" + std::to_string(first_seed_ + i));
      try {
        EXPECT_EQ(difference(expected[i], python.page(i)), "");
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    }
  }

  std::uint32_t first_seed_ = 0;
};

TEST_F(Property, PythonReadsFromTextWhatWasRecorded) {
  read_with_python(exposition::kText_0_0_4, PythonReader::Syntax::kText);
}

// Its parser is strict about the whole of the specification.
TEST_F(Property, PythonReadsFromOpenMetricsWhatWasRecorded) {
  read_with_python(exposition::kOpenMetrics_1_0_0, PythonReader::Syntax::kOpenMetrics);
}

TEST_F(Property, ProtobufHoldsWhatWasRecorded) {
  for (std::uint32_t seed = first_seed_; seed < first_seed_ + 4 * kRegistries; ++seed) {
    SCOPED_TRACE("PROPERTY_SEED=" + std::to_string(seed));
    RandomRegistry random(seed, options(seed));
    Format format = exposition::kProtobuf;
    format.escaping = seed % 3 == 0 ? exposition::Escaping::kAllowUtf8 : exposition::Escaping::kUnderscores;
    const std::string body = exposition::render(random.registry(), format).body;
    ASSERT_EQ(difference(random.expected(format), testing::read_protobuf(body)), "");
  }
}

// A comparison that finds everything equal would pass all of the above.
TEST_F(Property, TheComparisonSeesEveryDifference) {
  RandomRegistry random(first_seed_);
  const ReadPage page = random.expected(exposition::kProtobuf);
  EXPECT_EQ(difference(page, page), "");
  int compared = 0;
  for (std::size_t i = 0; i < page.size(); ++i) {
    ReadPage other = page;
    other[i].type = "another";
    EXPECT_NE(difference(page, other), "");
    for (std::size_t j = 0; j < page[i].samples.size(); ++j, ++compared) {
      other = page;
      other[i].samples[j].labels["another"] = "1";
      EXPECT_NE(difference(page, other), "");
      other = page;
      other[i].samples[j].value = 0.123;
      EXPECT_NE(difference(page, other), "");
      other = page;
      other[i].samples.erase(other[i].samples.begin() + static_cast<std::ptrdiff_t>(j));
      EXPECT_NE(difference(page, other), "");
    }
  }
  EXPECT_GT(compared, 20);
}

}  // namespace
}  // namespace prometheus_async
