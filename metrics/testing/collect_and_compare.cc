// SPDX-License-Identifier: Apache-2.0
#include "metrics/testing/collect_and_compare.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "exposition/escaping.h"
#include "exposition/format.h"
#include "exposition/render.h"
#include "metrics/testing/text_parser.h"

namespace prometheus_async::metrics::testing {
namespace {

using internal::TextFamily;
using internal::TextSample;

// Text 0.0.4 but for names, which are as they were given.
constexpr exposition::Format kFormat{.syntax = exposition::Syntax::kText,
                                     .version = exposition::Version::k1_0_0,
                                     .escaping = exposition::Escaping::kAllowUtf8};

bool by_series(const TextSample& a, const TextSample& b) {
  return std::tie(a.name, a.labels) < std::tie(b.name, b.labels);
}

bool is_same(const TextSample& a, const TextSample& b) {
  return a.name == b.name && a.labels == b.labels &&
         (a.value == b.value || (std::isnan(a.value) && std::isnan(b.value)));
}

// Samples that were written without comments go to the family of the registry that they belong to.
std::map<std::string, TextFamily> merge(std::vector<TextFamily> parsed, const std::vector<TextFamily>& known) {
  std::map<std::string, TextFamily> families;
  for (TextFamily& each : parsed) {
    const auto owner =
        std::find_if(known.begin(), known.end(), [&](const TextFamily& family) { return family.owns(each.name); });
    const bool is_commented = each.help || each.type;
    TextFamily& family = families[is_commented || owner == known.end() ? each.name : owner->name];
    if (each.help) family.help = std::move(each.help);
    if (each.type) family.type = std::move(each.type);
    std::move(each.samples.begin(), each.samples.end(), std::back_inserter(family.samples));
  }
  for (auto& [name, family] : families) {
    family.name = name;
    std::sort(family.samples.begin(), family.samples.end(), by_series);
  }
  return families;
}

void compare_comment(std::string_view word, const std::string& name, const std::optional<std::string>& expected,
                     const std::optional<std::string>& actual, std::string& difference) {
  if (!expected || expected == actual) return;
  const std::string start = absl::StrCat("# ", std::string(word), " ", name, " ");
  absl::StrAppend(&difference, "- ", start, *expected, "\n");
  if (actual) absl::StrAppend(&difference, "+ ", start, *actual, "\n");
}

// The samples of both in the order of their series, those that are in one alone.
void compare_samples(const std::vector<TextSample>& expected, const std::vector<TextSample>& actual,
                     std::string& difference) {
  auto e = expected.begin();
  auto a = actual.begin();
  while (e != expected.end() || a != actual.end()) {
    if (e != expected.end() && a != actual.end() && is_same(*e, *a)) {
      ++e;
      ++a;
    } else if (a == actual.end() || (e != expected.end() && !by_series(*a, *e))) {
      absl::StrAppend(&difference, "- ", (e++)->line, "\n");
      // The same series with another value stands below it.
      if (a != actual.end() && !by_series(*std::prev(e), *a)) absl::StrAppend(&difference, "+ ", (a++)->line, "\n");
    } else {
      absl::StrAppend(&difference, "+ ", (a++)->line, "\n");
    }
  }
}

std::string compare(const std::map<std::string, TextFamily>& expected,
                    const std::map<std::string, TextFamily>& actual) {
  static const TextFamily kNone;
  std::map<std::string, std::pair<const TextFamily*, const TextFamily*>> pairs;
  for (const auto& [name, family] : expected) pairs[name] = {&family, &kNone};
  for (const auto& [name, family] : actual) {
    auto& pair = pairs.try_emplace(name, &kNone, &kNone).first->second;
    pair.second = &family;
  }
  std::string difference;
  for (const auto& [name, pair] : pairs) {
    const auto& [wanted, found] = pair;
    compare_comment("HELP", name, wanted->help, found->help, difference);
    compare_comment("TYPE", name, wanted->type, found->type, difference);
    compare_samples(wanted->samples, found->samples, difference);
  }
  return difference;
}

}  // namespace

::testing::AssertionResult collect_and_compare(const Registry& registry, std::string_view expected,
                                               std::initializer_list<std::string_view> names) {
  std::vector<TextFamily> wanted;
  try {
    wanted = internal::parse_text(expected);
  } catch (const std::exception& error) {
    return ::testing::AssertionFailure() << "the expected text is not Prometheus' text format: " << error.what();
  }
  std::vector<TextFamily> found;
  try {
    found = internal::parse_text(exposition::render(registry, kFormat).body);
  } catch (const std::exception& error) {
    return ::testing::AssertionFailure() << "the registry cannot be collected: " << error.what();
  }
  if (names.size() != 0) {
    std::erase_if(found, [&](const TextFamily& family) {
      return std::find(names.begin(), names.end(), family.name) == names.end();
    });
  }
  const auto wanted_by_name = merge(std::move(wanted), found);
  const auto found_by_name = merge(found, found);
  const std::string difference = compare(wanted_by_name, found_by_name);
  if (difference.empty()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "the registry is not as expected (- expected, + there):\n" << difference;
}

}  // namespace prometheus_async::metrics::testing
