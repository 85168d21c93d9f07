// SPDX-License-Identifier: Apache-2.0
#include "metrics/names.h"

#include <algorithm>
#include <stdexcept>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "metrics/utf8.h"

namespace prometheus_async::metrics {
namespace {

bool is_classic(char c, bool first, bool colon) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_isalpha(byte) || c == '_' || (colon && c == ':') || (!first && absl::ascii_isdigit(byte));
}

bool is_name(std::string_view name, bool colon) noexcept {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_classic(name[i], i == 0, colon)) return false;
  }
  return !name.empty();
}

std::string underscored(std::string_view name, bool colon) {
  std::string escaped;
  for (bool first = true; !name.empty(); first = false) {
    escaped += is_classic(name.front(), first, colon) ? name.front() : '_';
    name.remove_prefix(std::max<std::size_t>(utf8_length(name), 1));
  }
  return escaped;
}

// Without NUL, at which Prometheus' parsers stop.
bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0 || text.front() == '\0') return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

bool is_classic_metric_name(std::string_view name) noexcept { return is_name(name, /*colon=*/true); }
bool is_classic_label_name(std::string_view name) noexcept { return is_name(name, /*colon=*/false); }

std::string underscored(std::string_view metric_name) { return underscored(metric_name, /*colon=*/true); }
std::string underscored_label(std::string_view label_name) { return underscored(label_name, /*colon=*/false); }

void check_metric_name(std::string_view name) {
  if (!name.empty() && is_utf8(name)) return;
  throw std::invalid_argument(
      absl::StrCat("metric name \"", std::string(name),
                   name.empty() ? "\" must not be empty" : "\" must be valid UTF-8 without NUL"));
}

void check_label_name(std::string_view metric, std::string_view label) {
  const std::string where = absl::StrCat("label \"", std::string(label), "\" of metric \"", std::string(metric), "\" ");
  if (label.empty()) throw std::invalid_argument(where + "must have a name");
  if (!is_utf8(label)) throw std::invalid_argument(where + "must be valid UTF-8 without NUL");
  if (label.substr(0, 2) == "__") {
    throw std::invalid_argument(where + "must not begin with __, which is reserved for Prometheus");
  }
}

}  // namespace prometheus_async::metrics
