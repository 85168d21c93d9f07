// SPDX-License-Identifier: Apache-2.0
#include "exposition/protobuf_encoder.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "exposition/internal/names.h"
#include "exposition/number.h"
#include "metrics/utf8.h"

namespace prometheus_async::exposition {
namespace {

using metrics::MetricType;
using NativeBucket = metrics::NativeBuckets::Bucket;

// The numbers of metrics.proto.
namespace proto {
enum Type : unsigned { kCounter = 0, kGauge = 1, kSummary = 2, kUntyped = 3, kHistogram = 4 };
namespace family {
enum Field : unsigned { kName = 1, kHelp = 2, kType = 3, kMetric = 4, kUnit = 5 };
}
namespace metric {
enum Field : unsigned { kLabel = 1, kGauge = 2, kCounter = 3, kSummary = 4, kUntyped = 5, kHistogram = 7 };
}
namespace label {
enum Field : unsigned { kName = 1, kValue = 2 };
}
namespace simple {  // Gauge and Untyped have a value alone
enum Field : unsigned { kValue = 1, kExemplar = 2, kStart = 3 };
}
namespace summary {
enum Field : unsigned { kCount = 1, kSum = 2, kQuantile = 3, kStart = 4 };
}
namespace quantile {
enum Field : unsigned { kQuantile = 1, kValue = 2 };
}
namespace histogram {
enum Field : unsigned {
  kCount = 1,
  kSum = 2,
  kBucket = 3,
  kSchema = 5,
  kZeroThreshold = 6,
  kZeroCount = 7,
  kNegativeSpan = 9,
  kNegativeDelta = 10,
  kPositiveSpan = 12,
  kPositiveDelta = 13,
  kStart = 15,
  kExemplars = 16,
};
}
namespace bucket {
enum Field : unsigned { kCumulativeCount = 1, kUpperBound = 2, kExemplar = 3 };
}
namespace span {
enum Field : unsigned { kOffset = 1, kLength = 2 };
}
namespace exemplar {
enum Field : unsigned { kLabel = 1, kValue = 2, kTime = 3 };
}
namespace timestamp {
enum Field : unsigned { kSeconds = 1, kNanos = 2 };
}
}  // namespace proto

proto::Type type_of(MetricType type) noexcept {
  switch (type) {
    case MetricType::kCounter: return proto::kCounter;
    case MetricType::kGauge:
    case MetricType::kInfo:
    case MetricType::kStateSet: return proto::kGauge;
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram: return proto::kHistogram;
    case MetricType::kSummary: return proto::kSummary;
    case MetricType::kUnknown: break;
  }
  return proto::kUntyped;
}

// The threshold of zero that stands for none (https://prometheus.io/docs/specs/native_histograms/#zero-bucket).
constexpr double kSmallestThreshold = 0x1p-128;

// Buckets without values that lie between two with: so many are written, more begin a new span, which takes more bytes
// than two of them. As client_golang.
constexpr std::int64_t kBridgedGap = 2;

bool begins_span(const std::vector<NativeBucket>& buckets, std::size_t i) noexcept {
  return i == 0 || std::int64_t{buckets[i].index} - buckets[i - 1].index - 1 > kBridgedGap;
}

}  // namespace

ProtobufEncoder::ProtobufEncoder(std::string& page, const Format& format)
    : writer_(page), escaping_(effective_escaping(format)), checkpoint_(page.size()) {}

void ProtobufEncoder::family(const metrics::FamilyInfo& info) {
  close_family();
  family_ = writer_.begin_delimited();
  writer_.bytes(proto::family::kName, internal::scheme_name(info.name, escaping_, NameKind::kMetric));
  if (!info.help.empty()) {
    std::string help = info.help;
    metrics::make_utf8(help);
    writer_.bytes(proto::family::kHelp, help);
  }
  writer_.varint(proto::family::kType, type_of(info.type));
  if (!info.unit.empty()) writer_.bytes(proto::family::kUnit, info.unit);
  switch (info.type) {
    case MetricType::kCounter: value_field_ = proto::metric::kCounter; break;
    case MetricType::kUnknown: value_field_ = proto::metric::kUntyped; break;
    default: value_field_ = proto::metric::kGauge;
  }
  if (info.type == MetricType::kStateSet) {
    state_label_ = internal::scheme_name(info.name, escaping_, NameKind::kLabel);
  }
}

void ProtobufEncoder::close_family() {
  if (family_ == 0) return;
  writer_.end_delimited(family_);
  family_ = 0;
}

void ProtobufEncoder::write_label(unsigned field, std::string_view name, std::string_view escaped_value) {
  using namespace internal;
  const bool has_escapes = escaped_value.find('\\') != std::string_view::npos;
  std::size_t value_size = escaped_value.size();
  if (has_escapes) {
    // Each escape is two characters; that of the backslash is two backslashes.
    value_size = 0;
    for (std::size_t i = 0; i < escaped_value.size(); ++i, ++value_size) i += escaped_value[i] == '\\';
  }
  const std::size_t size = 2 + varint_size(name.size()) + name.size() + varint_size(value_size) + value_size;
  // Each field is below 16 and so its tag one byte.
  const auto tag = [](unsigned number) { return static_cast<char>(number << 3 | 2); };
  char* at = writer_.page().room(size + 1 + kVarintSize);
  at = put_varint(put(at, tag(field)), size);
  at = put(put_varint(put(at, tag(proto::label::kName)), name.size()), name);
  at = put_varint(put(at, tag(proto::label::kValue)), value_size);
  writer_.page().wrote(has_escapes ? put_unescaped(at, escaped_value) : put(at, escaped_value));
}

void ProtobufEncoder::write_labels(unsigned field, const metrics::Labels& labels) {
  for (internal::LabelCursor label(labels.text()); label.next();) {
    if (!label.has_quoted_name()) {
      write_label(field, label.name(), label.value());
      continue;
    }
    std::string name(label.name().size(), '\0');
    name.resize(static_cast<std::size_t>(internal::put_unescaped(name.data(), label.name()) - name.data()));
    write_label(field, escape_name(name, escaping_, NameKind::kLabel), label.value());
  }
}

void ProtobufEncoder::write_time(unsigned field, double seconds) {
  if (!is_timestamp(seconds)) return;
  // To the microsecond, which a double of our days still holds: so that 0.789 stays that when Prometheus cuts it to
  // milliseconds.
  const auto microseconds = std::llround(seconds * 1e6);
  const std::size_t time = writer_.begin(field);
  writer_.varint(proto::timestamp::kSeconds, static_cast<std::uint64_t>(microseconds / 1'000'000));
  writer_.varint(proto::timestamp::kNanos, static_cast<std::uint64_t>(microseconds % 1'000'000 * 1000));
  writer_.end(time);
}

void ProtobufEncoder::write_exemplar(unsigned field, const metrics::ExemplarSample& exemplar) {
  const std::size_t message = writer_.begin(field);
  write_labels(proto::exemplar::kLabel, exemplar.labels);
  writer_.number(proto::exemplar::kValue, exemplar.value);
  write_time(proto::exemplar::kTime, exemplar.timestamp);
  writer_.end(message);
}

void ProtobufEncoder::counter(const metrics::Labels& labels, const metrics::CounterSnapshot& snapshot) {
  const std::size_t metric = writer_.begin(proto::family::kMetric);
  write_labels(proto::metric::kLabel, labels);
  const std::size_t counter = writer_.begin(proto::metric::kCounter);
  writer_.number(proto::simple::kValue, snapshot.value());
  if (snapshot.exemplar != nullptr) write_exemplar(proto::simple::kExemplar, *snapshot.exemplar);
  write_time(proto::simple::kStart, snapshot.created);
  writer_.end(counter);
  writer_.end(metric);
}

void ProtobufEncoder::value(const metrics::Labels& labels, double value) {
  const std::size_t metric = writer_.begin(proto::family::kMetric);
  write_labels(proto::metric::kLabel, labels);
  const std::size_t simple = writer_.begin(value_field_);
  writer_.number(proto::simple::kValue, value);
  writer_.end(simple);
  writer_.end(metric);
}

void ProtobufEncoder::state_set(const metrics::Labels& labels, std::span<const metrics::State> states) {
  std::string escaped;
  for (const metrics::State& state : states) {
    escaped.clear();
    internal::append_escaped(escaped, state.name);
    const std::size_t metric = writer_.begin(proto::family::kMetric);
    write_labels(proto::metric::kLabel, labels);
    write_label(proto::metric::kLabel, state_label_, escaped);
    const std::size_t gauge = writer_.begin(proto::metric::kGauge);
    writer_.number(proto::simple::kValue, state.is_on ? 1 : 0);
    writer_.end(gauge);
    writer_.end(metric);
  }
}

void ProtobufEncoder::summary(const metrics::Labels& labels, const metrics::SummarySnapshot& snapshot) {
  const std::size_t metric = writer_.begin(proto::family::kMetric);
  write_labels(proto::metric::kLabel, labels);
  const std::size_t summary = writer_.begin(proto::metric::kSummary);
  writer_.varint(proto::summary::kCount, snapshot.count);
  writer_.number(proto::summary::kSum, snapshot.sum);
  for (const auto& [at, value] : snapshot.quantiles) {
    const std::size_t quantile = writer_.begin(proto::summary::kQuantile);
    writer_.number(proto::quantile::kQuantile, at);
    writer_.number(proto::quantile::kValue, value);
    writer_.end(quantile);
  }
  write_time(proto::summary::kStart, snapshot.created);
  writer_.end(summary);
  writer_.end(metric);
}

void ProtobufEncoder::histogram(const metrics::Labels& labels, const metrics::HistogramSnapshot& snapshot) {
  const std::size_t metric = writer_.begin(proto::family::kMetric);
  write_labels(proto::metric::kLabel, labels);
  const std::size_t histogram = writer_.begin(proto::metric::kHistogram);
  writer_.varint(proto::histogram::kCount, snapshot.count());
  writer_.number(proto::histogram::kSum, snapshot.sum);
  const bool has_classic = !snapshot.native.has_value() || !snapshot.bounds.empty();
  if (has_classic) write_classic(snapshot);
  if (snapshot.native.has_value()) write_native(snapshot);
  write_time(proto::histogram::kStart, snapshot.created);
  writer_.end(histogram);
  writer_.end(metric);
}

void ProtobufEncoder::write_classic(const metrics::HistogramSnapshot& snapshot) {
  auto exemplar = snapshot.exemplars.begin();
  std::uint64_t below = 0;
  for (std::size_t i = 0; i <= snapshot.bounds.size() && i < snapshot.counts.size(); ++i) {
    below += snapshot.counts[i];
    const metrics::ExemplarSample* newest = nullptr;
    for (; exemplar != snapshot.exemplars.end() && exemplar->first <= i; ++exemplar) {
      if (newest == nullptr || exemplar->second->timestamp > newest->timestamp) newest = exemplar->second.get();
    }
    const bool is_last = i == snapshot.bounds.size();
    if (is_last && newest == nullptr) return;
    const std::size_t bucket = writer_.begin(proto::histogram::kBucket);
    writer_.varint(proto::bucket::kCumulativeCount, below);
    writer_.number(proto::bucket::kUpperBound, is_last ? std::numeric_limits<double>::infinity() : snapshot.bounds[i]);
    if (newest != nullptr) write_exemplar(proto::bucket::kExemplar, *newest);
    writer_.end(bucket);
  }
}

void ProtobufEncoder::write_native(const metrics::HistogramSnapshot& snapshot) {
  const metrics::NativeBuckets& native = *snapshot.native;
  writer_.signed_varint(proto::histogram::kSchema, native.schema);
  writer_.number(proto::histogram::kZeroThreshold, std::max(native.zero_threshold, kSmallestThreshold));
  writer_.varint(proto::histogram::kZeroCount, native.zero_count);
  write_spans(proto::histogram::kNegativeSpan, native.negative);
  write_deltas(proto::histogram::kNegativeDelta, native.negative);
  write_spans(proto::histogram::kPositiveSpan, native.positive);
  write_deltas(proto::histogram::kPositiveDelta, native.positive);
  for (const auto& [bucket, exemplar] : snapshot.exemplars) {
    if (is_timestamp(exemplar->timestamp)) write_exemplar(proto::histogram::kExemplars, *exemplar);
  }
}

// Runs of buckets: how far each begins from the end of the one before, the first from 0, and how long it is.
void ProtobufEncoder::write_spans(unsigned field, const std::vector<NativeBucket>& buckets) {
  std::int64_t end_of_last = 0;
  for (std::size_t i = 0; i < buckets.size();) {
    const std::int64_t begin = buckets[i].index;
    do {
      ++i;
    } while (i < buckets.size() && !begins_span(buckets, i));
    const std::int64_t end = std::int64_t{buckets[i - 1].index} + 1;
    const std::size_t span = writer_.begin(field);
    writer_.signed_varint(proto::span::kOffset, begin - end_of_last);
    writer_.varint(proto::span::kLength, static_cast<std::uint64_t>(end - begin));
    writer_.end(span);
    end_of_last = end;
  }
}

// The count of each bucket of the spans, as its difference from the one before, the first from 0.
void ProtobufEncoder::write_deltas(unsigned field, const std::vector<NativeBucket>& buckets) {
  if (buckets.empty()) return;
  const std::size_t deltas = writer_.begin(field);
  std::int64_t last = 0;
  const auto write = [&](std::uint64_t count) {
    const auto value = static_cast<std::int64_t>(count);
    writer_.packed_varint(internal::zigzag(value - last));
    last = value;
  };
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (!begins_span(buckets, i)) {
      for (std::int64_t gap = std::int64_t{buckets[i - 1].index} + 1; gap < buckets[i].index; ++gap) write(0);
    }
    write(buckets[i].count);
  }
  writer_.end(deltas);
}

void ProtobufEncoder::checkpoint() {
  close_family();
  checkpoint_ = writer_.page().size();
}

void ProtobufEncoder::rollback() {
  family_ = 0;
  writer_.page().truncate(checkpoint_);
}

void ProtobufEncoder::finish() {
  close_family();
  writer_.page().finish();
}

}  // namespace prometheus_async::exposition
