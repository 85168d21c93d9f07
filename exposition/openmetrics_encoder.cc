// SPDX-License-Identifier: Apache-2.0
#include "exposition/openmetrics_encoder.h"

#include <cstdint>
#include <string_view>

#include "exposition/internal/names.h"
#include "exposition/number.h"
#include "metrics/names.h"

namespace prometheus_async::exposition {
namespace {

using metrics::MetricType;

// What the names of a type's samples end in and its family's does not.
std::string_view suffix_of(MetricType type) noexcept {
  if (type == MetricType::kCounter) return "_total";
  if (type == MetricType::kInfo) return "_info";
  return "";
}

// The type under which a family can be written.
MetricType writable_type(MetricType type, std::string_view name) noexcept {
  const std::string_view suffix = suffix_of(type);
  if (suffix.empty() || (name.size() > suffix.size() && name.ends_with(suffix))) return type;
  return type == MetricType::kCounter ? MetricType::kUnknown : MetricType::kGauge;
}

bool fits(std::string_view unit, std::string_view family, MetricType type) noexcept {
  if (type == MetricType::kInfo || type == MetricType::kStateSet || !metrics::is_classic_metric_name(unit))
    return false;
  return family.size() > unit.size() + 1 && family.ends_with(unit) && family[family.size() - unit.size() - 1] == '_';
}

bool has_bound_below_zero(const metrics::HistogramSnapshot& snapshot) noexcept {
  return !snapshot.bounds.empty() && snapshot.bounds.front() < 0;
}

}  // namespace

OpenMetricsEncoder::OpenMetricsEncoder(std::string& page, const Format& format)
    : lines_(page, effective_escaping(format)), created_lines_(format.created_lines), checkpoint_(page.size()) {}

void OpenMetricsEncoder::family(const metrics::FamilyInfo& info) {
  std::string name = lines_.scheme_name(info.name);
  type_ = writable_type(info.type, name);
  const std::string_view suffix = suffix_of(type_);
  name.resize(name.size() - suffix.size());
  const std::string quoted = internal::quoted_unless_classic(name, NameKind::kMetric);
  const auto metadata = [&](std::string_view keyword, std::string_view text) {
    internal::PageBuffer& page = lines_.page();
    page.append(keyword);
    page.append(quoted);
    page.append(" ");
    page.append(text);
    page.append("\n");
  };
  metadata("# TYPE ", metrics::to_string(type_));
  if (fits(info.unit, name, type_)) metadata("# UNIT ", info.unit);
  if (!info.help.empty()) metadata("# HELP ", internal::help_text(info.help, /*escape_quotes=*/true));

  lines_.prepare(value_, name, suffix);
  const bool is_gauge = type_ == MetricType::kGaugeHistogram;
  switch (type_) {
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram: lines_.prepare(bucket_, name, "_bucket"); [[fallthrough]];
    case MetricType::kSummary:
      lines_.prepare(sum_, name, is_gauge ? "_gsum" : "_sum");
      lines_.prepare(count_, name, is_gauge ? "_gcount" : "_count");
      break;
    case MetricType::kStateSet: state_label_ = lines_.scheme_label(info.name); break;
    default: break;
  }
  if (created_lines_) lines_.prepare(created_, name, "_created");
}

void OpenMetricsEncoder::write_created(std::string_view labels, double created) {
  if (created_lines_ && is_timestamp(created)) lines_.timestamp(created_, labels, created);
}

void OpenMetricsEncoder::counter(const metrics::Labels& labels, const metrics::CounterSnapshot& snapshot) {
  const std::string_view text = lines_.text_of(labels);
  if (type_ != MetricType::kCounter) return lines_.sample(value_, text, snapshot.value());
  if (snapshot.part == 0) {
    lines_.sample(value_, text, snapshot.whole, snapshot.exemplar.get());
  } else {
    const double value = snapshot.value();
    if (!(value >= 0)) return;
    lines_.sample(value_, text, value, snapshot.exemplar.get());
  }
  write_created(text, snapshot.created);
}

void OpenMetricsEncoder::value(const metrics::Labels& labels, double value) {
  lines_.sample(value_, lines_.text_of(labels), value);
}

void OpenMetricsEncoder::histogram(const metrics::Labels& labels, const metrics::HistogramSnapshot& snapshot) {
  const std::string_view text = lines_.text_of(labels);
  const std::uint64_t count = lines_.buckets(bucket_, text, snapshot, internal::Exemplars::kWritten);
  const bool is_gauge = type_ == MetricType::kGaugeHistogram;
  const bool has_sum = has_bound_below_zero(snapshot) ? is_gauge && snapshot.sum == snapshot.sum : snapshot.sum >= 0;
  if (has_sum) {
    lines_.sample(sum_, text, snapshot.sum);
    lines_.sample(count_, text, count);
  }
  if (!is_gauge) write_created(text, snapshot.created);
}

void OpenMetricsEncoder::summary(const metrics::Labels& labels, const metrics::SummarySnapshot& snapshot) {
  const std::string_view text = lines_.text_of(labels);
  for (const auto& [quantile, value] : snapshot.quantiles) {
    if (!(value < 0)) lines_.quantile(value_, text, quantile, value);
  }
  if (snapshot.sum >= 0) lines_.sample(sum_, text, snapshot.sum);
  lines_.sample(count_, text, snapshot.count);
  write_created(text, snapshot.created);
}

void OpenMetricsEncoder::state_set(const metrics::Labels& labels, std::span<const metrics::State> states) {
  lines_.states(value_, lines_.text_of(labels), state_label_, states);
}

void OpenMetricsEncoder::finish() {
  lines_.page().append("# EOF\n");
  lines_.page().finish();
}

}  // namespace prometheus_async::exposition
