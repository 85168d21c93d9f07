// SPDX-License-Identifier: Apache-2.0
#include "metrics/exemplar.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

#include "absl/strings/str_cat.h"

#include "metrics/names.h"
#include "metrics/utf8.h"

namespace prometheus_async::metrics {
namespace {

constexpr std::size_t kMostCharacters = 128;  // OpenMetrics 1.0, "Exemplars"

// A byte that belongs to no character counts as one: it becomes U+FFFD.
std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(std::max<std::size_t>(utf8_length(text), 1));
  return count;
}

}  // namespace

Exemplar::Exemplar(const std::vector<Labels::Pair>& labels) : labels_(labels) {
  std::set<std::string_view> names;
  std::size_t length = 0;
  for (const auto& [name, value] : labels) {
    if (!is_classic_label_name(name)) {
      throw std::invalid_argument(
          absl::StrCat("exemplar label \"", name, "\" must be letters, digits and _, and not begin with a digit"));
    }
    if (!names.insert(name).second)
      throw std::invalid_argument(absl::StrCat("exemplar label \"", name, "\" comes twice"));
    length += characters(name) + characters(value);
  }
  if (length > kMostCharacters) {
    throw std::invalid_argument(absl::StrCat("exemplar with label \"", labels.front().first,
                                             "\": names and values are ", length, " characters together, at most ",
                                             kMostCharacters, " are allowed"));
  }
}

Exemplar exemplar(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  return Exemplar(std::vector<Labels::Pair>(labels.begin(), labels.end()));
}

}  // namespace prometheus_async::metrics
