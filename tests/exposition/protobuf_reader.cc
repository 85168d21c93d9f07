// SPDX-License-Identifier: Apache-2.0
#include "tests/exposition/protobuf_reader.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace prometheus_async::testing {
namespace {

enum class Wire { kVarint = 0, kFixed64 = 1, kBytes = 2 };

// The bytes of one message, taken field by field.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    throw std::runtime_error("a varint does not end");
  }
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  double fixed64() {
    std::uint64_t bits = 0;
    const std::string_view bytes = take(8);
    for (int i = 7; i >= 0; --i) bits = bits << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
    return std::bit_cast<double>(bits);
  }
  std::string_view bytes() { return take(varint()); }

  // The number of the next field; its wire type is looked at by expect().
  int field() {
    const std::uint64_t tag = varint();
    wire_ = static_cast<Wire>(tag & 7);
    return static_cast<int>(tag >> 3);
  }
  Wire wire() const { return wire_; }
  Reader& expect(Wire wire) {
    if (wire != wire_) throw std::runtime_error("a field has another wire type");
    return *this;
  }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) throw std::runtime_error("a message breaks off");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  Wire wire_ = Wire::kVarint;
};

[[noreturn]] void unknown(const char* message, int field) {
  throw std::runtime_error(std::string(message) + " has no field " + std::to_string(field));
}

double timestamp(Reader message) {
  double seconds = 0;
  while (!message.at_end()) {
    switch (const int field = message.field()) {
      case 1: seconds += static_cast<double>(static_cast<std::int64_t>(message.expect(Wire::kVarint).varint())); break;
      case 2: seconds += static_cast<double>(message.expect(Wire::kVarint).varint()) / 1e9; break;
      default: unknown("Timestamp", field);
    }
  }
  return seconds;
}

void read_label(Reader message, LabelMap& labels) {
  std::string name;
  std::string value;
  while (!message.at_end()) {
    switch (const int field = message.field()) {
      case 1: name = message.expect(Wire::kBytes).bytes(); break;
      case 2: value = message.expect(Wire::kBytes).bytes(); break;
      default: unknown("LabelPair", field);
    }
  }
  if (!labels.emplace(name, value).second) throw std::runtime_error("the label " + name + " comes twice");
}

ReadExemplar read_exemplar(Reader message) {
  ReadExemplar exemplar;
  while (!message.at_end()) {
    switch (const int field = message.field()) {
      case 1: read_label(Reader(message.expect(Wire::kBytes).bytes()), exemplar.labels); break;
      case 2: exemplar.value = message.expect(Wire::kFixed64).fixed64(); break;
      case 3: exemplar.timestamp = timestamp(Reader(message.expect(Wire::kBytes).bytes())); break;
      default: unknown("Exemplar", field);
    }
  }
  return exemplar;
}

// What one Metric adds to a family, before its labels are known.
struct Metric {
  LabelMap labels;
  std::vector<ReadSample> samples;  // without these labels
};

void read_counter(Reader message, const std::string& name, Metric& metric) {
  ReadSample sample{.name = name, .labels = {}};
  while (!message.at_end()) {
    switch (const int field = message.field()) {
      case 1: sample.value = message.expect(Wire::kFixed64).fixed64(); break;
      case 2: sample.exemplar = read_exemplar(Reader(message.expect(Wire::kBytes).bytes())); break;
      case 3: timestamp(Reader(message.expect(Wire::kBytes).bytes())); break;
      default: unknown("Counter", field);
    }
  }
  metric.samples.push_back(std::move(sample));
}

void read_value(Reader message, const std::string& name, Metric& metric) {
  ReadSample sample{.name = name, .labels = {}};
  while (!message.at_end()) {
    const int field = message.field();
    if (field != 1) unknown("Gauge", field);
    sample.value = message.expect(Wire::kFixed64).fixed64();
  }
  metric.samples.push_back(std::move(sample));
}

void read_quantile(Reader message, const std::string& name, Metric& metric) {
  double quantile = 0;
  double value = 0;
  while (!message.at_end()) {
    switch (const int field = message.field()) {
      case 1: quantile = message.expect(Wire::kFixed64).fixed64(); break;
      case 2: value = message.expect(Wire::kFixed64).fixed64(); break;
      default: unknown("Quantile", field);
    }
  }
  metric.samples.push_back({.name = name, .labels = {{"quantile", canonical_bound(quantile)}}, .value = value});
}

void read_summary(Reader message, const std::string& name, Metric& metric) {
  double count = 0;
  double sum = 0;
  while (!message.at_end()) {
    switch (const int field = message.field()) {
      case 1: count = static_cast<double>(message.expect(Wire::kVarint).varint()); break;
      case 2: sum = message.expect(Wire::kFixed64).fixed64(); break;
      case 3: read_quantile(Reader(message.expect(Wire::kBytes).bytes()), name, metric); break;
      case 4: timestamp(Reader(message.expect(Wire::kBytes).bytes())); break;
      default: unknown("Summary", field);
    }
  }
  metric.samples.push_back({.name = name + "_sum", .labels = {}, .value = sum});
  metric.samples.push_back({.name = name + "_count", .labels = {}, .value = count});
}

bool read_bucket(Reader message, const std::string& name, Metric& metric) {
  ReadSample sample{.name = name + "_bucket", .labels = {}};
  double bound = 0;
  while (!message.at_end()) {
    switch (const int field = message.field()) {
      case 1: sample.value = static_cast<double>(message.expect(Wire::kVarint).varint()); break;
      case 2: bound = message.expect(Wire::kFixed64).fixed64(); break;
      case 3: sample.exemplar = read_exemplar(Reader(message.expect(Wire::kBytes).bytes())); break;
      default: unknown("Bucket", field);
    }
  }
  sample.labels["le"] = canonical_bound(bound);
  metric.samples.push_back(std::move(sample));
  return bound == std::numeric_limits<double>::infinity();
}

struct Spans {
  std::vector<std::pair<std::int64_t, std::uint64_t>> spans;  // offset, length
  std::vector<std::int64_t> deltas;

  void read_span(Reader message) {
    std::pair<std::int64_t, std::uint64_t> span;
    while (!message.at_end()) {
      switch (const int field = message.field()) {
        case 1: span.first = message.expect(Wire::kVarint).zigzag(); break;
        case 2: span.second = message.expect(Wire::kVarint).varint(); break;
        default: unknown("BucketSpan", field);
      }
    }
    spans.push_back(span);
  }
  // A repeated number may come packed or one by one.
  void read_deltas(Reader& message) {
    if (message.wire() == Wire::kVarint) {
      deltas.push_back(message.zigzag());
      return;
    }
    Reader packed(message.expect(Wire::kBytes).bytes());
    while (!packed.at_end()) deltas.push_back(packed.zigzag());
  }
  // Each span's offset is the gap to the end of the one before; each delta is to the count before.
  std::map<int, std::uint64_t> buckets() const {
    std::map<int, std::uint64_t> all;
    std::int64_t index = 0;
    std::int64_t count = 0;
    std::size_t next = 0;
    for (const auto& [offset, length] : spans) {
      index += offset;
      for (std::uint64_t i = 0; i < length; ++i, ++index) {
        count += deltas.at(next++);
        if (count < 0) throw std::runtime_error("a native bucket has a negative count");
        if (count > 0) all[static_cast<int>(index)] = static_cast<std::uint64_t>(count);
      }
    }
    if (next != deltas.size()) throw std::runtime_error("there are more deltas than buckets");
    return all;
  }
};

void read_histogram(Reader message, const std::string& name, Metric& metric) {
  double count = 0;
  double sum = 0;
  bool has_buckets = false;
  bool has_infinity = false;
  bool is_native = false;
  ReadNative native;
  Spans positive;
  Spans negative;
  while (!message.at_end()) {
    const int field = message.field();
    is_native = is_native || (field >= 5 && field <= 14);
    switch (field) {
      case 1: count = static_cast<double>(message.expect(Wire::kVarint).varint()); break;
      case 2: sum = message.expect(Wire::kFixed64).fixed64(); break;
      case 3:
        has_buckets = true;
        if (has_infinity) throw std::runtime_error("a bucket comes after that of +Inf");
        has_infinity = read_bucket(Reader(message.expect(Wire::kBytes).bytes()), name, metric);
        break;
      case 5: native.schema = static_cast<int>(message.expect(Wire::kVarint).zigzag()); break;
      case 6: native.zero_threshold = message.expect(Wire::kFixed64).fixed64(); break;
      case 7: native.zero_count = message.expect(Wire::kVarint).varint(); break;
      case 9: negative.read_span(Reader(message.expect(Wire::kBytes).bytes())); break;
      case 10: negative.read_deltas(message); break;
      case 12: positive.read_span(Reader(message.expect(Wire::kBytes).bytes())); break;
      case 13: positive.read_deltas(message); break;
      case 15: timestamp(Reader(message.expect(Wire::kBytes).bytes())); break;
      case 16: read_exemplar(Reader(message.expect(Wire::kBytes).bytes())); break;
      default: unknown("Histogram", field);
    }
  }
  if (has_buckets && !has_infinity) {
    metric.samples.push_back({.name = name + "_bucket", .labels = {{"le", "inf"}}, .value = count});
  }
  metric.samples.push_back({.name = name + "_sum", .labels = {}, .value = sum});
  metric.samples.push_back({.name = name + "_count", .labels = {}, .value = count});
  if (!is_native) return;
  native.positive = positive.buckets();
  native.negative = negative.buckets();
  metric.samples.back().native = std::move(native);
}

void read_metric(Reader message, ReadFamily& family) {
  Metric metric;
  while (!message.at_end()) {
    const int field = message.field();
    const Reader part(message.expect(Wire::kBytes).bytes());
    switch (field) {
      case 1: read_label(part, metric.labels); break;
      case 2:
      case 5: read_value(part, family.name, metric); break;
      case 3: read_counter(part, family.name, metric); break;
      case 4: read_summary(part, family.name, metric); break;
      case 7: read_histogram(part, family.name, metric); break;
      default: unknown("Metric", field);
    }
  }
  for (ReadSample& sample : metric.samples) {
    sample.labels.insert(metric.labels.begin(), metric.labels.end());
    family.samples.push_back(std::move(sample));
  }
}

std::string type_name(std::uint64_t type) {
  static const std::vector<std::string> kNames = {"counter", "gauge",     "summary",
                                                  "unknown", "histogram", "gaugehistogram"};
  return kNames.at(type);
}

ReadFamily read_family(Reader message) {
  ReadFamily family;
  family.type = type_name(0);  // the default of the enumeration
  while (!message.at_end()) {
    switch (const int field = message.field()) {
      case 1: family.name = message.expect(Wire::kBytes).bytes(); break;
      case 2: family.help = message.expect(Wire::kBytes).bytes(); break;
      case 3: family.type = type_name(message.expect(Wire::kVarint).varint()); break;
      case 4: read_metric(Reader(message.expect(Wire::kBytes).bytes()), family); break;
      case 5: family.unit = message.expect(Wire::kBytes).bytes(); break;
      default: unknown("MetricFamily", field);
    }
  }
  if (family.type == "counter" && family.name.ends_with("_total")) family.name.resize(family.name.size() - 6);
  return family;
}

}  // namespace

ReadPage read_protobuf(std::string_view body) {
  ReadPage page;
  Reader messages(body);
  while (!messages.at_end()) page.push_back(read_family(Reader(messages.bytes())));
  return page;
}

}  // namespace prometheus_async::testing
