// SPDX-License-Identifier: Apache-2.0
#include "tests/exposition/read_page.h"

#include <cmath>
#include <cstdlib>
#include <tuple>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace prometheus_async::testing {
namespace {

using SeriesKey = std::tuple<std::string, std::string, LabelMap>;  // family, sample

// Prometheus' data model: a label without a value is no label.
LabelMap without_empty(LabelMap labels) {
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  return labels;
}

bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

std::string describe(const LabelMap& labels) {
  std::string text = "{";
  for (const auto& [name, value] : labels) {
    absl::StrAppend(&text, text.size() > 1 ? "," : "", absl::CHexEscape(name), "=\"", absl::CHexEscape(value), "\"");
  }
  return text + "}";
}

std::string describe(const ReadNative& native) {
  std::string text =
      absl::StrFormat(" native: schema %d zero %g: %d", native.schema, native.zero_threshold, native.zero_count);
  for (const auto& [index, count] : native.positive) absl::StrAppend(&text, " +", index, ":", count);
  for (const auto& [index, count] : native.negative) absl::StrAppend(&text, " -", index, ":", count);
  return text;
}

std::string describe(const ReadSample& sample) {
  std::string text =
      absl::StrFormat("%s%s %.17g", absl::CHexEscape(sample.name), describe(sample.labels), sample.value);
  if (sample.exemplar) {
    absl::StrAppendFormat(&text, " # %s %.17g", describe(sample.exemplar->labels), sample.exemplar->value);
    if (sample.exemplar->timestamp) absl::StrAppendFormat(&text, " %.17g", *sample.exemplar->timestamp);
  }
  if (sample.native) text += describe(*sample.native);
  return text;
}

bool is_same(const std::optional<ReadExemplar>& expected, const std::optional<ReadExemplar>& actual) {
  if (!expected || !actual) return !expected && !actual;
  return expected->labels == actual->labels && is_same(expected->value, actual->value) &&
         (!expected->timestamp || expected->timestamp == actual->timestamp);
}

bool is_same(const ReadSample& expected, const ReadSample& actual) {
  return is_same(expected.value, actual.value) && is_same(expected.exemplar, actual.exemplar) &&
         expected.native == actual.native;
}

std::string describe(const ReadFamily& family) {
  return absl::StrCat("family ", absl::CHexEscape(family.name), ": ", family.type, ", help \"",
                      absl::CHexEscape(family.help), "\", unit \"", absl::CHexEscape(family.unit), "\"");
}

std::map<SeriesKey, const ReadSample*> by_series(const ReadPage& page, std::string& complaints) {
  std::map<SeriesKey, const ReadSample*> all;
  for (const ReadFamily& family : page) {
    for (const ReadSample& sample : family.samples) {
      if (!all.emplace(SeriesKey(family.name, sample.name, without_empty(sample.labels)), &sample).second) {
        absl::StrAppend(&complaints, "twice: ", describe(sample), "\n");
      }
    }
  }
  return all;
}

std::map<std::string, std::string> by_name(const ReadPage& page) {
  std::map<std::string, std::string> all;
  for (const ReadFamily& family : page) all[family.name] = describe(family);
  return all;
}

}  // namespace

std::string canonical_bound(double bound) { return absl::StrFormat("%.17g", bound); }

std::string canonical_label(const std::string& name, const std::string& value) {
  return name == "le" || name == "quantile" ? canonical_bound(std::strtod(value.c_str(), nullptr)) : value;
}

std::string difference(const ReadPage& expected, const ReadPage& actual) {
  std::string text;
  const auto expected_families = by_name(expected);
  const auto actual_families = by_name(actual);
  for (const auto& [name, words] : expected_families) {
    const auto found = actual_families.find(name);
    if (found == actual_families.end() || found->second != words) absl::StrAppend(&text, "- ", words, "\n");
  }
  for (const auto& [name, words] : actual_families) {
    const auto found = expected_families.find(name);
    if (found == expected_families.end() || found->second != words) absl::StrAppend(&text, "+ ", words, "\n");
  }
  const auto expected_series = by_series(expected, text);
  const auto actual_series = by_series(actual, text);
  for (const auto& [key, sample] : expected_series) {
    const auto found = actual_series.find(key);
    if (found == actual_series.end() || !is_same(*sample, *found->second)) {
      absl::StrAppend(&text, "- ", describe(*sample), "\n");
      if (found != actual_series.end()) absl::StrAppend(&text, "+ ", describe(*found->second), "\n");
    }
  }
  for (const auto& [key, sample] : actual_series) {
    if (!expected_series.contains(key)) absl::StrAppend(&text, "+ ", describe(*sample), "\n");
  }
  return text;
}

}  // namespace prometheus_async::testing
