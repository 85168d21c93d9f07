// SPDX-License-Identifier: Apache-2.0
#include "exposition/text_encoder.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "exposition/number.h"

namespace prometheus_async::exposition {
namespace {

// HELP escapes backslash and newline, and leaves quotes alone.
void append_help(std::string& page, std::string_view help) {
  for (const char c : help) {
    if (c == '\\') {
      page += "\\\\";
    } else if (c == '\n') {
      page += "\\n";
    } else {
      page += c;
    }
  }
}

std::string bound_label(std::string_view name, double bound) {
  std::string label(name);
  label += "=\"";
  append_bound(label, bound);
  label += '"';
  return label;
}

}  // namespace

void TextEncoder::family(const metrics::FamilyInfo& info) {
  name_ = info.name;
  page_ += "# HELP ";
  page_ += name_;
  page_ += ' ';
  append_help(page_, info.help);
  page_ += "\n# TYPE ";
  page_ += name_;
  page_ += ' ';
  page_ += metrics::to_string(info.type);
  page_ += '\n';
}

template <class Number>
void TextEncoder::line(std::string_view suffix, const metrics::Labels& labels, std::string_view more, Number value) {
  page_ += name_;
  page_ += suffix;
  const std::string_view text = labels.text();
  if (!text.empty() || !more.empty()) {
    page_ += '{';
    page_ += text;
    if (!text.empty() && !more.empty()) page_ += ',';
    page_ += more;
    page_ += '}';
  }
  page_ += ' ';
  append_number(page_, value);
  page_ += '\n';
}

void TextEncoder::value(const metrics::Labels& labels, double value) { line("", labels, "", value); }

void TextEncoder::prepare_bounds(std::span<const double> bounds) {
  if (!bound_labels_.empty() && std::ranges::equal(bounds, bounds_)) return;
  bounds_.assign(bounds.begin(), bounds.end());
  bound_labels_.clear();
  for (const double bound : bounds) bound_labels_.push_back(bound_label("le", bound));
  bound_labels_.push_back(bound_label("le", std::numeric_limits<double>::infinity()));
}

void TextEncoder::histogram(const metrics::Labels& labels, const metrics::HistogramSnapshot& snapshot) {
  prepare_bounds(snapshot.bounds);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < snapshot.counts.size(); ++i) {
    below += snapshot.counts[i];
    line("_bucket", labels, bound_labels_[i], below);
  }
  line("_sum", labels, "", snapshot.sum);
  line("_count", labels, "", below);
}

void TextEncoder::summary(const metrics::Labels& labels, const metrics::SummarySnapshot& snapshot) {
  for (const auto& [quantile, value] : snapshot.quantiles) {
    line("", labels, bound_label("quantile", quantile), value);
  }
  line("_sum", labels, "", snapshot.sum);
  line("_count", labels, "", snapshot.count);
}

}  // namespace prometheus_async::exposition
