// SPDX-License-Identifier: Apache-2.0
//
// Prometheus' text format as a person writes it into a test: what collect_and_compare() reads. Strict about syntax,
// easy about what means the same: order, indentation, blank lines, comments.
//
//   const std::vector<TextFamily> families = parse_text("hits_total{path=\"/\"} 2\n");
//   families[0].samples[0].value;  // 2
#ifndef PROMETHEUS_ASYNC_METRICS_TESTING_TEXT_PARSER_H_
#define PROMETHEUS_ASYNC_METRICS_TESTING_TEXT_PARSER_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus_async::metrics::testing::internal {

struct TextSample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;  // by name; values without escapes
  double value = 0;
  std::string line;  // without what stood around it
};

// What stands between the comments of one family and the next. Samples without comments before them make families of
// their own, each with the name of its samples.
struct TextFamily {
  std::string name;
  std::optional<std::string> help;  // as written, with escapes
  std::optional<std::string> type;
  std::vector<TextSample> samples;

  // Whether a sample of that name belongs to it: its own or, of a histogram or a summary, with one of their endings.
  bool owns(std::string_view sample_name) const;
};

// Text format 0.0.4, and names in quotes as in 1.0.0. Throws std::invalid_argument, naming the line, for what is
// neither; for a timestamp, since there is nothing to compare it with.
std::vector<TextFamily> parse_text(std::string_view text);

}  // namespace prometheus_async::metrics::testing::internal

#endif  // PROMETHEUS_ASYNC_METRICS_TESTING_TEXT_PARSER_H_
