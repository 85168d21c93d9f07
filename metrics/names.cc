// SPDX-License-Identifier: Apache-2.0
#include "metrics/names.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace prometheus_async::metrics {
namespace {

bool is_name(std::string_view name, bool colon) {
  const auto is_letter = [colon](char c) {
    return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_' || (colon && c == ':');
  };
  return !name.empty() && is_letter(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

}  // namespace

void check_metric_name(std::string_view name) {
  if (is_name(name, /*colon=*/true)) return;
  throw std::invalid_argument(absl::StrCat("metric name \"", std::string(name),
                                           "\" must be letters, digits, _ and :, and not begin with a digit"));
}

void check_label_name(std::string_view metric, std::string_view label) {
  const std::string where = absl::StrCat("label \"", std::string(label), "\" of metric \"", std::string(metric), "\" ");
  if (!is_name(label, /*colon=*/false)) {
    throw std::invalid_argument(where + "must be letters, digits and _, and not begin with a digit");
  }
  if (label.substr(0, 2) == "__") {
    throw std::invalid_argument(where + "must not begin with __, which is reserved for Prometheus");
  }
}

}  // namespace prometheus_async::metrics
