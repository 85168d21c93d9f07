// SPDX-License-Identifier: Apache-2.0
//
// What somebody else's parser finds in a page, in one form for all formats, and how two such findings differ.
//
//     EXPECT_EQ(testing::difference(recorded.expected(format), testing::read_protobuf(page.body)), "");
#ifndef PROMETHEUS_ASYNC_TESTS_EXPOSITION_READ_PAGE_H_
#define PROMETHEUS_ASYNC_TESTS_EXPOSITION_READ_PAGE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus_async::testing {

using LabelMap = std::map<std::string, std::string>;

struct ReadExemplar {
  LabelMap labels;
  double value = 0;
  // Unix time in seconds. An expectation without one takes any.
  std::optional<double> timestamp = {};
};

struct ReadNative {
  int schema = 0;
  double zero_threshold = 0;
  std::uint64_t zero_count = 0;
  std::map<int, std::uint64_t> positive;  // by index
  std::map<int, std::uint64_t> negative;
  friend bool operator==(const ReadNative&, const ReadNative&) = default;
};

struct ReadSample {
  std::string name;
  LabelMap labels;
  double value = 0;
  std::optional<ReadExemplar> exemplar = {};
  std::optional<ReadNative> native = {};  // of name_count
};

struct ReadFamily {
  std::string name;  // of a counter without _total, of an info without _info
  std::string type;  // in OpenMetrics' words
  std::string help;
  std::string unit;
  std::vector<ReadSample> samples;
};

using ReadPage = std::vector<ReadFamily>;

// Bounds as numbers: "1" and "1.0" are the same in `le` and `quantile`.
std::string canonical_bound(double bound);
std::string canonical_label(const std::string& name, const std::string& value);

// A line for each family and sample that is in one alone, or is not the same in both; empty if there is none. The order
// of families and samples says nothing, and a label with an empty value is as good as none.
std::string difference(const ReadPage& expected, const ReadPage& actual);

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_EXPOSITION_READ_PAGE_H_
