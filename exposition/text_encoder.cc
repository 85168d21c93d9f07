// SPDX-License-Identifier: Apache-2.0
#include "exposition/text_encoder.h"

#include <cstdint>
#include <string_view>

#include "exposition/internal/names.h"

namespace prometheus_async::exposition {
namespace {

using metrics::MetricType;

std::string_view type_name(MetricType type) noexcept {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge:
    case MetricType::kInfo:
    case MetricType::kStateSet: return "gauge";
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram: return "histogram";
    case MetricType::kSummary: return "summary";
    case MetricType::kUnknown: break;
  }
  return "untyped";
}

}  // namespace

TextEncoder::TextEncoder(std::string& page, const Format& format)
    : lines_(page, effective_escaping(format),
             format.integer_bounds ? internal::Bounds::kNumbers : internal::Bounds::kFloats),
      checkpoint_(page.size()) {}

void TextEncoder::family(const metrics::FamilyInfo& info) {
  const std::string name = lines_.scheme_name(info.name);
  const std::string quoted = internal::quoted_unless_classic(name, NameKind::kMetric);
  internal::PageBuffer& page = lines_.page();
  if (!info.help.empty()) {
    page.append("# HELP ");
    page.append(quoted);
    page.append(" ");
    page.append(internal::help_text(info.help, /*escape_quotes=*/false));
    page.append("\n");
  }
  page.append("# TYPE ");
  page.append(quoted);
  page.append(" ");
  page.append(type_name(info.type));
  page.append("\n");

  lines_.prepare(value_, name, "");
  switch (info.type) {
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram: lines_.prepare(bucket_, name, "_bucket"); [[fallthrough]];
    case MetricType::kSummary:
      lines_.prepare(sum_, name, "_sum");
      lines_.prepare(count_, name, "_count");
      break;
    case MetricType::kStateSet: state_label_ = lines_.scheme_label(info.name); break;
    default: break;
  }
}

void TextEncoder::counter(const metrics::Labels& labels, const metrics::CounterSnapshot& snapshot) {
  if (snapshot.part == 0) {
    lines_.sample(value_, lines_.text_of(labels), snapshot.whole);
  } else {
    lines_.sample(value_, lines_.text_of(labels), snapshot.value());
  }
}

void TextEncoder::value(const metrics::Labels& labels, double value) {
  lines_.sample(value_, lines_.text_of(labels), value);
}

void TextEncoder::histogram(const metrics::Labels& labels, const metrics::HistogramSnapshot& snapshot) {
  const std::string_view text = lines_.text_of(labels);
  const std::uint64_t count = lines_.buckets(bucket_, text, snapshot, internal::Exemplars::kNone);
  lines_.sample(sum_, text, snapshot.sum);
  lines_.sample(count_, text, count);
}

void TextEncoder::summary(const metrics::Labels& labels, const metrics::SummarySnapshot& snapshot) {
  const std::string_view text = lines_.text_of(labels);
  for (const auto& [quantile, value] : snapshot.quantiles) lines_.quantile(value_, text, quantile, value);
  lines_.sample(sum_, text, snapshot.sum);
  lines_.sample(count_, text, snapshot.count);
}

void TextEncoder::state_set(const metrics::Labels& labels, std::span<const metrics::State> states) {
  lines_.states(value_, lines_.text_of(labels), state_label_, states);
}

}  // namespace prometheus_async::exposition
