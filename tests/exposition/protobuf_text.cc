// SPDX-License-Identifier: Apache-2.0
#include "tests/exposition/protobuf_text.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace prometheus_async::testing {
namespace {

// metrics.proto of client_model, as far as there are fields to be read.
enum class Kind : std::uint8_t { kVarint, kSigned, kDouble, kString, kMessage, kPackedSigned };

struct Message;
struct Field {
  unsigned number;
  const char* name;
  Kind kind;
  const Message* message = nullptr;
};
struct Message {
  std::vector<Field> fields;
};

const Message kTimestamp{{{1, "seconds", Kind::kVarint}, {2, "nanos", Kind::kVarint}}};
const Message kLabel{{{1, "name", Kind::kString}, {2, "value", Kind::kString}}};
const Message kGauge{{{1, "value", Kind::kDouble}}};
const Message kExemplar{{{1, "label", Kind::kMessage, &kLabel},
                         {2, "value", Kind::kDouble},
                         {3, "timestamp", Kind::kMessage, &kTimestamp}}};
const Message kCounter{{{1, "value", Kind::kDouble},
                        {2, "exemplar", Kind::kMessage, &kExemplar},
                        {3, "start_timestamp", Kind::kMessage, &kTimestamp}}};
const Message kQuantile{{{1, "quantile", Kind::kDouble}, {2, "value", Kind::kDouble}}};
const Message kSummary{{{1, "sample_count", Kind::kVarint},
                        {2, "sample_sum", Kind::kDouble},
                        {3, "quantile", Kind::kMessage, &kQuantile},
                        {4, "start_timestamp", Kind::kMessage, &kTimestamp}}};
const Message kBucket{{{1, "cumulative_count", Kind::kVarint},
                       {2, "upper_bound", Kind::kDouble},
                       {3, "exemplar", Kind::kMessage, &kExemplar}}};
const Message kSpan{{{1, "offset", Kind::kSigned}, {2, "length", Kind::kVarint}}};
const Message kHistogram{{{1, "sample_count", Kind::kVarint},
                          {2, "sample_sum", Kind::kDouble},
                          {3, "bucket", Kind::kMessage, &kBucket},
                          {5, "schema", Kind::kSigned},
                          {6, "zero_threshold", Kind::kDouble},
                          {7, "zero_count", Kind::kVarint},
                          {9, "negative_span", Kind::kMessage, &kSpan},
                          {10, "negative_delta", Kind::kPackedSigned},
                          {12, "positive_span", Kind::kMessage, &kSpan},
                          {13, "positive_delta", Kind::kPackedSigned},
                          {15, "start_timestamp", Kind::kMessage, &kTimestamp},
                          {16, "exemplars", Kind::kMessage, &kExemplar}}};
const Message kMetric{{{1, "label", Kind::kMessage, &kLabel},
                       {2, "gauge", Kind::kMessage, &kGauge},
                       {3, "counter", Kind::kMessage, &kCounter},
                       {4, "summary", Kind::kMessage, &kSummary},
                       {5, "untyped", Kind::kMessage, &kGauge},
                       {7, "histogram", Kind::kMessage, &kHistogram}}};
const Message kFamily{{{1, "name", Kind::kString},
                       {2, "help", Kind::kString},
                       {3, "type", Kind::kVarint},
                       {4, "metric", Kind::kMessage, &kMetric},
                       {5, "unit", Kind::kString}}};

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (bytes.empty() || shift > 63) throw std::runtime_error("a varint without an end");
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
}

std::string_view take(std::string_view& bytes, std::uint64_t size) {
  if (size > bytes.size()) throw std::runtime_error("a length beyond the end");
  const std::string_view taken = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return taken;
}

std::int64_t unzigzag(std::uint64_t value) { return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1))); }

// As `protoc --decode` writes it, on one line: name { field: value }.
void dump(const Message& message, std::string_view bytes, std::ostream& out) {
  while (!bytes.empty()) {
    const std::uint64_t tag = take_varint(bytes);
    const Field* field = nullptr;
    for (const Field& each : message.fields) {
      if (each.number == tag >> 3) field = &each;
    }
    if (field == nullptr) throw std::runtime_error("field " + std::to_string(tag >> 3) + " is not known");
    const bool has_length = field->kind >= Kind::kString;
    if ((tag & 7) != (has_length ? 2u : field->kind == Kind::kDouble ? 1u : 0u)) {
      throw std::runtime_error(std::string(field->name) + " has another wire type");
    }
    std::string_view inner = has_length ? take(bytes, take_varint(bytes)) : std::string_view();
    out << ' ' << field->name;
    switch (field->kind) {
      case Kind::kVarint: out << ": " << take_varint(bytes); break;
      case Kind::kSigned: out << ": " << unzigzag(take_varint(bytes)); break;
      case Kind::kDouble: {
        const std::string_view raw = take(bytes, 8);
        std::uint64_t bits = 0;
        for (int i = 7; i >= 0; --i) bits = bits << 8 | static_cast<unsigned char>(raw[static_cast<std::size_t>(i)]);
        out << ": " << std::bit_cast<double>(bits);
        break;
      }
      case Kind::kString: out << ": \"" << inner << '"'; break;
      case Kind::kMessage:
        out << " {";
        dump(*field->message, inner, out);
        out << " }";
        break;
      case Kind::kPackedSigned:
        out << ": [";
        while (!inner.empty()) out << ' ' << unzigzag(take_varint(inner));
        out << " ]";
    }
  }
}

}  // namespace

std::string protobuf_text(std::string_view page) {
  std::ostringstream out;
  out.precision(17);
  while (!page.empty()) {
    out << "family {";
    dump(kFamily, take(page, take_varint(page)), out);
    out << " }\n";
  }
  return out.str();
}

}  // namespace prometheus_async::testing
