// SPDX-License-Identifier: Apache-2.0
#include "tests/exposition/recorded_family.h"

#include <limits>
#include <string_view>

namespace prometheus_async::testing {
namespace {

using exposition::Escaping;
using exposition::Format;
using exposition::Syntax;
using metrics::MetricType;

// Every character that a classic name cannot have as an underscore.
std::string underscored(const std::string& name, bool may_have_colon) {
  std::string result;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if ((c & 0xC0) == 0x80) continue;  // inside a character
    const bool is_digit = c >= '0' && c <= '9';
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && may_have_colon);
    result += is_letter || (is_digit && i > 0) ? static_cast<char>(c) : '_';
  }
  return result;
}

std::string without(const std::string& name, std::string_view ending) {
  return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name;
}

// In the words of OpenMetrics; what a format has no word for is something else there.
std::string type_in(const exposition::Format& format, MetricType type) {
  if (format.syntax == Syntax::kOpenMetrics) return std::string(metrics::to_string(type));
  switch (type) {
    case MetricType::kInfo:
    case MetricType::kStateSet: return "gauge";
    case MetricType::kGaugeHistogram: return "histogram";
    default: return std::string(metrics::to_string(type));
  }
}

// The samples of one family, series by series.
class Expectation {
 public:
  Expectation(const RecordedFamily& family, const Format& format)
      : type_(family.info.type),
        is_open_metrics_(format.syntax == Syntax::kOpenMetrics),
        is_protobuf_(format.syntax == Syntax::kProtobuf),
        is_escaped_(exposition::effective_escaping(format) == Escaping::kUnderscores),
        name_(is_escaped_ ? underscored(family.info.name, true) : family.info.name),
        state_label_(label_name(family.info.name)) {
    read_.name = type_ == MetricType::kCounter                    ? without(name_, "_total")
                 : type_ == MetricType::kInfo && is_open_metrics_ ? without(name_, "_info")
                                                                  : name_;
    read_.type = type_in(format, type_);
    read_.help = family.info.help;
    read_.unit = format.syntax == Syntax::kText ? "" : family.info.unit;
    for (const RecordedSeries& series : family.series) add(series);
  }

  ReadFamily take() { return std::move(read_); }

 private:
  std::string label_name(const std::string& name) const { return is_escaped_ ? underscored(name, false) : name; }
  bool has_exemplars() const { return is_open_metrics_ || is_protobuf_; }

  ReadSample& sample(std::string_view ending, double value) {
    return read_.samples.emplace_back(
        ReadSample{.name = name_ + std::string(ending), .labels = labels_, .value = value});
  }

  void add(const RecordedSeries& series) {
    labels_.clear();
    for (const auto& [name, value] : series.labels) labels_[label_name(name)] = value;
    switch (type_) {
      case MetricType::kCounter: {
        ReadSample& total = sample("", series.value);
        if (has_exemplars()) total.exemplar = series.exemplar;
        break;
      }
      case MetricType::kGauge:
      case MetricType::kInfo:
      case MetricType::kUnknown: sample("", series.value); break;
      case MetricType::kStateSet:
        for (const auto& [state, is_on] : series.states) sample("", is_on ? 1 : 0).labels[state_label_] = state;
        break;
      case MetricType::kSummary:
        for (const auto& [quantile, value] : series.quantiles) {
          sample("", value).labels["quantile"] = canonical_bound(quantile);
        }
        sample("_sum", series.sum);
        sample("_count", static_cast<double>(series.counts.at(0)));
        break;
      case MetricType::kHistogram:
      case MetricType::kGaugeHistogram: add_histogram(series); break;
    }
  }

  void add_histogram(const RecordedSeries& series) {
    const bool has_classic = !series.native || !series.bounds.empty() || !is_protobuf_;
    double cumulative = 0;
    for (std::size_t i = 0; i < series.counts.size(); ++i) {
      cumulative += static_cast<double>(series.counts[i]);
      if (!has_classic) continue;
      ReadSample& bucket = sample("_bucket", cumulative);
      bucket.labels["le"] =
          canonical_bound(i < series.bounds.size() ? series.bounds[i] : std::numeric_limits<double>::infinity());
      const auto exemplar = series.bucket_exemplars.find(i);
      if (has_exemplars() && exemplar != series.bucket_exemplars.end()) bucket.exemplar = exemplar->second;
    }
    // OpenMetrics: a sum that can fall is no counter.
    const bool has_bound_below_zero = !series.bounds.empty() && series.bounds[0] < 0;
    if (is_open_metrics_ && (has_bound_below_zero || series.sum < 0)) return;
    const bool is_gauge = is_open_metrics_ && type_ == MetricType::kGaugeHistogram;
    sample(is_gauge ? "_gsum" : "_sum", series.sum);
    ReadSample& count = sample(is_gauge ? "_gcount" : "_count", cumulative);
    if (is_protobuf_) count.native = series.native;
  }

  const MetricType type_;
  const bool is_open_metrics_;
  const bool is_protobuf_;
  const bool is_escaped_;
  const std::string name_;  // of its samples, without their endings
  const std::string state_label_;
  LabelMap labels_;
  ReadFamily read_;
};

}  // namespace

ReadFamily expected_family(const RecordedFamily& family, const Format& format) {
  return Expectation(family, format).take();
}

}  // namespace prometheus_async::testing
