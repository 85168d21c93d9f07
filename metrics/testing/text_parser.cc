// SPDX-License-Identifier: Apache-2.0
#include "metrics/testing/text_parser.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace prometheus_async::metrics::testing::internal {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// One line, read from its beginning to its end.
class Line {
 public:
  Line(std::string_view text, int number) : text_(text), rest_(text), number_(number) {}

  [[noreturn]] void fail(std::string_view rule) const {
    throw std::invalid_argument(absl::StrCat("line ", number_, ": ", std::string(rule), ": ", std::string(text_)));
  }

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  bool take(std::string_view prefix) {
    if (!rest_.starts_with(prefix)) return false;
    rest_.remove_prefix(prefix.size());
    return true;
  }
  void skip_blank() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlank), rest_.size())); }

  // Up to one of `ends`, or to the end of the line.
  std::string_view take_until(std::string_view ends) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  // What stands in quotes, without its escapes.
  std::string take_quoted() {
    if (!take("\"")) fail("a quote is missing");
    std::string value;
    while (!take("\"")) {
      if (at_end()) fail("a closing quote is missing");
      char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '\\') {
        if (at_end()) fail("a closing quote is missing");
        c = rest_[0] == 'n' ? '\n' : rest_[0];
        if (c != '\n' && c != '\\' && c != '"') fail("only \\\\, \\\" and \\n are escapes");
        rest_.remove_prefix(1);
      }
      value += c;
    }
    return value;
  }

  // A name, in quotes or up to one of `ends`.
  std::string take_name(std::string_view ends) {
    std::string name = rest_.starts_with('"') ? take_quoted() : std::string(take_until(ends));
    if (name.empty()) fail("a name is missing");
    return name;
  }

 private:
  std::string_view text_;
  std::string_view rest_;
  int number_;
};

// "1" and "1.0" are one bound.
std::string canonical(const std::string& name, std::string value) {
  double number = 0;
  if ((name == "le" || name == "quantile") && absl::SimpleAtod(value, &number)) return absl::StrCat(number);
  return value;
}

void take_labels(Line& line, TextSample& sample) {
  while (line.skip_blank(), !line.take("}")) {
    const bool is_quoted = line.rest().starts_with('"');
    const std::string name = line.take_name("=,} \t");
    line.skip_blank();
    if (line.take("=")) {
      line.skip_blank();
      sample.labels.emplace_back(name, canonical(name, line.take_quoted()));
    } else if (is_quoted && sample.name.empty()) {
      sample.name = name;  // {"a.name",label="value"}
    } else {
      line.fail("a label is written as name=\"value\"");
    }
    line.skip_blank();
    if (!line.take(",") && !line.rest().starts_with('}')) line.fail("a comma or a closing brace is missing");
  }
  std::sort(sample.labels.begin(), sample.labels.end());
}

TextSample parse_sample(std::string_view text, int number) {
  Line line(text, number);
  TextSample sample;
  sample.line = text;
  if (!text.starts_with('{')) sample.name = line.take_name("{ \t");
  line.skip_blank();
  if (line.take("{")) take_labels(line, sample);
  if (sample.name.empty()) line.fail("a name is missing");
  line.skip_blank();
  const std::string_view value = line.take_until(kBlank);
  if (!absl::SimpleAtod({value.data(), value.size()}, &sample.value)) line.fail("a value is missing");
  line.skip_blank();
  if (!line.at_end()) line.fail("timestamps and exemplars are not compared");
  return sample;
}

// Keeps HELP and TYPE of a family; other comments say nothing.
void take_comment(std::string_view text, int number, std::vector<TextFamily>& families) {
  Line line(text, number);
  line.take("#");
  line.skip_blank();
  const std::string_view word = line.take_until(kBlank);
  if (word != "HELP" && word != "TYPE") return;
  line.skip_blank();
  const std::string name = line.take_name(kBlank);
  line.skip_blank();
  if (families.empty() || families.back().name != name || (!families.back().help && !families.back().type)) {
    families.emplace_back().name = name;
  }
  std::optional<std::string>& field = word == "HELP" ? families.back().help : families.back().type;
  if (field) line.fail("it comes twice");
  field = line.rest();
}

}  // namespace

bool TextFamily::owns(std::string_view sample_name) const {
  if (!sample_name.starts_with(name)) return false;
  const std::string_view ending = sample_name.substr(name.size());
  if (ending.empty()) return true;
  if (type == "summary") return ending == "_sum" || ending == "_count";
  return type == "histogram" && (ending == "_bucket" || ending == "_sum" || ending == "_count");
}

std::vector<TextFamily> parse_text(std::string_view text) {
  std::vector<TextFamily> families;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (line.starts_with('#')) {
      take_comment(line, number, families);
      continue;
    }
    TextSample sample = parse_sample(line, number);
    if (families.empty() || !families.back().owns(sample.name)) families.emplace_back().name = sample.name;
    families.back().samples.push_back(std::move(sample));
  }
  return families;
}

}  // namespace prometheus_async::metrics::testing::internal
