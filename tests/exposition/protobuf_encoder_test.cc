// SPDX-License-Identifier: Apache-2.0
#include "exposition/protobuf_encoder.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

#include "metrics/registry.h"
#include "tests/exposition/snapshots.h"

namespace prometheus_async::exposition {
namespace {

using metrics::Labels;
using metrics::MetricType;
using testing::created;
using testing::exemplar;
using testing::histogram;
using testing::labels;
using testing::native;
using namespace std::string_view_literals;

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

// The families of a page, one a line.
std::string decoded(std::string_view page) {
  std::ostringstream out;
  out.precision(17);
  while (!page.empty()) {
    out << "family {";
    dump(kFamily, take(page, take_varint(page)), out);
    out << " }\n";
  }
  return out.str();
}

template <class F>
std::string protobuf(const Format& format, F write) {
  std::string page;
  ProtobufEncoder encoder(page, format);
  write(encoder);
  encoder.finish();
  return page;
}

template <class F>
std::string protobuf(F write) {
  return decoded(protobuf(kProtobuf, write));
}

// The example of exposition/protobuf_encoder.h.
TEST(ProtobufEncoder, ExampleOfTheHeader) {
  metrics::Registry registry;
  registry.gauge("hits", "Hits.").Set(2.5);
  std::string page;
  exposition::ProtobufEncoder encoder(page);
  registry.collect(encoder);
  encoder.finish();
  EXPECT_EQ(decoded(page), "family { name: \"hits\" help: \"Hits.\" type: 1 metric { gauge { value: 2.5 } } }\n");
}

// The bytes that `protoc --encode` makes of it, after their length.
TEST(ProtobufEncoder, WritesTheWireFormat) {
  const std::string page = protobuf(kProtobuf, [](metrics::Sink& sink) {
    sink.family({"a_total", "b", MetricType::kCounter});
    sink.counter(labels({{"c", "d"}}), {.whole = 1});
  });
  const std::string_view expected =
      "\x23"  // 35 bytes
      "\x0a\x07"
      "a_total"  // name
      "\x12\x01"
      "b"         // help
      "\x18\x00"  // type
      "\x22\x13"  // metric
      "\x0a\x06\x0a\x01"
      "c\x12\x01"
      "d"         // label
      "\x1a\x09"  // counter
      "\x09\x00\x00\x00\x00\x00\x00\xf0\x3f"sv;
  EXPECT_EQ(page, expected);
}

TEST(ProtobufEncoder, AnEmptyPageIsEmpty) {
  EXPECT_EQ(protobuf(kProtobuf, [](metrics::Sink&) {}), "");
}

TEST(ProtobufEncoder, CountersKeepTheirNameAndHaveExemplarAndStart) {
  EXPECT_EQ(protobuf([](metrics::Sink& sink) {
              sink.family({"a_seconds_total", "", MetricType::kCounter, "seconds"});
              sink.counter(labels({{"path", "/"}}), {.whole = 1,
                                                     .part = 0.5,
                                                     .created = 1520430000.123,
                                                     .exemplar = exemplar({{"t", "1"}}, 0.5, 1520879607.789)});
              sink.counter({}, {.whole = 2});
            }),
            "family { name: \"a_seconds_total\" type: 0 unit: \"seconds\""
            " metric { label { name: \"path\" value: \"/\" } counter { value: 1.5"
            " exemplar { label { name: \"t\" value: \"1\" } value: 0.5"
            " timestamp { seconds: 1520879607 nanos: 789000000 } }"
            " start_timestamp { seconds: 1520430000 nanos: 123000000 } } }"
            " metric { counter { value: 2 } } }\n");
}

TEST(ProtobufEncoder, InfoStateSetAndUnknownAreWhatTheFormatKnows) {
  EXPECT_EQ(protobuf([](metrics::Sink& sink) {
              sink.family({"build_info", "", MetricType::kInfo});
              sink.value(labels({{"version", "1.2"}}), 1);
              const metrics::State states[] = {{"on", true}, {"o\"ff\\", false}};
              sink.family({"light", "", MetricType::kStateSet});
              sink.state_set(labels({{"room", "hall"}}), states);
              sink.family({"what", "", MetricType::kUnknown});
              sink.value({}, 3);
            }),
            "family { name: \"build_info\" type: 1"
            " metric { label { name: \"version\" value: \"1.2\" } gauge { value: 1 } } }\n"
            "family { name: \"light\" type: 1"
            " metric { label { name: \"room\" value: \"hall\" } label { name: \"light\" value: \"on\" }"
            " gauge { value: 1 } }"
            " metric { label { name: \"room\" value: \"hall\" } label { name: \"light\" value: \"o\"ff\\\" }"
            " gauge { value: 0 } } }\n"
            "family { name: \"what\" type: 3 metric { untyped { value: 3 } } }\n");
}

TEST(ProtobufEncoder, SummariesHaveTheirQuantiles) {
  EXPECT_EQ(protobuf([](metrics::Sink& sink) {
              sink.family({"s", "", MetricType::kSummary});
              sink.summary({}, {.quantiles = {{0.5, 2}, {0.75, -1}}, .count = 300, .sum = -6, .created = 1e9});
            }),
            "family { name: \"s\" type: 2 metric { summary { sample_count: 300 sample_sum: -6"
            " quantile { quantile: 0.5 value: 2 } quantile { quantile: 0.75 value: -1 }"
            " start_timestamp { seconds: 1000000000 nanos: 0 } } } }\n");
}

TEST(ProtobufEncoder, ClassicHistogramsLeaveInfinityToTheCount) {
  EXPECT_EQ(protobuf([](metrics::Sink& sink) {
              const std::vector<double> bounds{0.5, 1};
              sink.family({"h", "", MetricType::kHistogram});
              sink.histogram({}, created(histogram(bounds, {1, 2, 3}, 4), 1e9));
            }),
            "family { name: \"h\" type: 4 metric { histogram { sample_count: 6 sample_sum: 4"
            " bucket { cumulative_count: 1 upper_bound: 0.5 } bucket { cumulative_count: 3 upper_bound: 1 }"
            " start_timestamp { seconds: 1000000000 nanos: 0 } } } }\n");
}

TEST(ProtobufEncoder, BucketsHaveTheirExemplarsInfinityToo) {
  EXPECT_EQ(protobuf([](metrics::Sink& sink) {
              const std::vector<double> bounds{0.5, 1};
              sink.family({"h", "", MetricType::kHistogram});
              sink.histogram({}, histogram(bounds, {1, 2, 3}, 4,
                                           {{1, exemplar({{"t", "1"}}, 0.75, 0)}, {2, exemplar({}, 9, 1e9)}}));
            }),
            "family { name: \"h\" type: 4 metric { histogram { sample_count: 6 sample_sum: 4"
            " bucket { cumulative_count: 1 upper_bound: 0.5 }"
            " bucket { cumulative_count: 3 upper_bound: 1 exemplar { label { name: \"t\" value: \"1\" } value: 0.75 } }"
            " bucket { cumulative_count: 6 upper_bound: inf"
            " exemplar { value: 9 timestamp { seconds: 1000000000 nanos: 0 } } } } } }\n");
}

// Prometheus 2 drops the suffixes of the samples of its own type for them.
TEST(ProtobufEncoder, AGaugeHistogramIsAHistogramUnlessTheReaderKnowsMore) {
  const auto write = [](metrics::Sink& sink) {
    const std::vector<double> bounds{1};
    sink.family({"h", "", MetricType::kGaugeHistogram});
    sink.histogram({}, histogram(bounds, {1, 0}, 1));
  };
  EXPECT_EQ(protobuf(write).find("family { name: \"h\" type: 4 metric { histogram {"), 0);
  Format format = kProtobuf;
  format.gauge_histograms = true;
  EXPECT_EQ(decoded(protobuf(format, write)).find("family { name: \"h\" type: 5 metric { histogram {"), 0);
}

// Gaps of up to two buckets are bridged with zeros, wider ones begin a span; both signs, and indexes below zero.
TEST(ProtobufEncoder, NativeBucketsAreSpansAndDeltas) {
  EXPECT_EQ(protobuf([](metrics::Sink& sink) {
              metrics::HistogramSnapshot snapshot = histogram({}, {37}, 12.5);
              snapshot.native = native(-1, 0.25, 2, {{-3, 5}, {-2, 3}, {1, 4}, {5, 1}}, {{0, 10}, {2, 12}});
              sink.family({"n", "", MetricType::kHistogram});
              sink.histogram({}, snapshot);
            }),
            "family { name: \"n\" type: 4 metric { histogram { sample_count: 37 sample_sum: 12.5"
            " schema: -1 zero_threshold: 0.25 zero_count: 2"
            " negative_span { offset: 0 length: 3 } negative_delta: [ 10 -10 12 ]"
            " positive_span { offset: -3 length: 5 } positive_span { offset: 3 length: 1 }"
            " positive_delta: [ 5 -2 -3 0 4 -3 ] } } }\n");
}

// Without it, Prometheus 2.42 would take an empty one for classic.
TEST(ProtobufEncoder, ANativeHistogramAlwaysHasAThresholdOfZero) {
  const std::string page = protobuf([](metrics::Sink& sink) {
    metrics::HistogramSnapshot snapshot = histogram({}, {0});
    snapshot.native.emplace();
    sink.family({"n", "", MetricType::kHistogram});
    sink.histogram({}, snapshot);
  });
  EXPECT_EQ(page,
            "family { name: \"n\" type: 4 metric { histogram { sample_count: 0 sample_sum: 0 schema: 0"
            " zero_threshold: 2.9387358770557188e-39 zero_count: 0 } } }\n");
}

TEST(ProtobufEncoder, NativeExemplarsAreThoseWithATime) {
  EXPECT_EQ(protobuf([](metrics::Sink& sink) {
              metrics::HistogramSnapshot snapshot = histogram({}, {1}, 1);
              snapshot.native = native(3, 1, 1);
              snapshot.exemplars = {{0, exemplar({{"t", "1"}}, 0.5, 10)}, {0, exemplar({}, 0.75, 0)}};
              sink.family({"n", "", MetricType::kHistogram});
              sink.histogram({}, snapshot);
            }),
            "family { name: \"n\" type: 4 metric { histogram { sample_count: 1 sample_sum: 1 schema: 3"
            " zero_threshold: 1 zero_count: 1"
            " exemplars { label { name: \"t\" value: \"1\" } value: 0.5 timestamp { seconds: 10 nanos: 0 } } } } }\n");
}

TEST(ProtobufEncoder, NativeAndClassicBucketsInOne) {
  EXPECT_EQ(protobuf([](metrics::Sink& sink) {
              const std::vector<double> bounds{1};
              metrics::HistogramSnapshot snapshot = histogram(bounds, {1, 2}, 1);
              snapshot.native = native(0, 1, 1, {{1, 2}});
              snapshot.exemplars = {{0, exemplar({}, 0.5, 10)}};
              sink.family({"n", "", MetricType::kHistogram});
              sink.histogram({}, snapshot);
            }),
            "family { name: \"n\" type: 4 metric { histogram { sample_count: 3 sample_sum: 1"
            " bucket { cumulative_count: 1 upper_bound: 1"
            " exemplar { value: 0.5 timestamp { seconds: 10 nanos: 0 } } }"
            " schema: 0 zero_threshold: 1 zero_count: 1"
            " positive_span { offset: 1 length: 1 } positive_delta: [ 2 ]"
            " exemplars { value: 0.5 timestamp { seconds: 10 nanos: 0 } } } } }\n");
}

TEST(ProtobufEncoder, LabelsAreWithoutTheirEscapes) {
  const std::vector<std::string> values{"", "\\", "\"", "\n", "a\\\"", "\\\\n", "\"\"", "a\nb\\"};
  std::vector<Labels::Pair> pairs;
  std::string expected = "family { name: \"a\" type: 1 metric {";
  for (const std::string& value : values) {
    pairs.emplace_back("l" + std::to_string(pairs.size()), value);
    expected += " label { name: \"" + pairs.back().first + "\" value: \"" + value + "\" }";
  }
  EXPECT_EQ(protobuf([&](metrics::Sink& sink) {
              sink.family({"a", "", MetricType::kGauge});
              sink.value(labels(pairs), 0);
            }),
            expected + " gauge { value: 0 } } }\n");
}

void write_utf8_names(metrics::Sink& sink) {
  const metrics::State states[] = {{"on", true}};
  sink.family({"http.state", "", MetricType::kStateSet});
  sink.state_set(labels({{"a.b\"", "1"}, {"c_d", "2"}}), states);
}

TEST(ProtobufEncoder, NamesAreInTheSchemeAndNeverQuoted) {
  const auto with = [](Escaping escaping) {
    Format format = kProtobuf;
    format.escaping = escaping;
    return decoded(protobuf(format, write_utf8_names));
  };
  EXPECT_EQ(
      with(Escaping::kAllowUtf8),
      "family { name: \"http.state\" type: 1 metric { label { name: \"a.b\"\" value: \"1\" }"
      " label { name: \"c_d\" value: \"2\" } label { name: \"http.state\" value: \"on\" } gauge { value: 1 } } }\n");
  EXPECT_EQ(
      with(Escaping::kUnderscores),
      "family { name: \"http_state\" type: 1 metric { label { name: \"a_b_\" value: \"1\" }"
      " label { name: \"c_d\" value: \"2\" } label { name: \"http_state\" value: \"on\" } gauge { value: 1 } } }\n");
}

// Lengths of one byte to four, in strings, metrics and families.
TEST(ProtobufEncoder, LengthsOfAllSizes) {
  for (const std::size_t size : {0u, 1u, 100u, 127u, 128u, 129u, 16'000u, 16'383u, 16'384u, 3'000'000u}) {
    const std::string value(size, 'x');
    EXPECT_TRUE(protobuf([&](metrics::Sink& sink) {
                  sink.family({"a", value, MetricType::kGauge});
                  sink.value(labels({{"l", value}}), 1);
                  sink.value({}, 2);
                }) == "family { name: \"a\"" + (size == 0 ? "" : " help: \"" + value + "\"") +
                          " type: 1 metric { label { name: \"l\" value: \"" + value +
                          "\" } gauge { value: 1 } } metric { gauge { value: 2 } } }\n")
        << size;
  }
}

TEST(ProtobufEncoder, RollsBackToTheCheckpoint) {
  EXPECT_EQ(protobuf([](metrics::Sink& sink) {
              sink.family({"a", "", MetricType::kGauge});
              sink.value({}, 1);
              sink.checkpoint();
              sink.family({"b", "Gone.", MetricType::kGauge});
              sink.value({}, 2);
              sink.family({"b2", "Gone.", MetricType::kGauge});
              sink.value({}, 2);
              sink.rollback();
              sink.family({"c", "", MetricType::kGauge});
              sink.value({}, 3);
              sink.checkpoint();
              sink.rollback();
            }),
            "family { name: \"a\" type: 1 metric { gauge { value: 1 } } }\n"
            "family { name: \"c\" type: 1 metric { gauge { value: 3 } } }\n");
}

}  // namespace
}  // namespace prometheus_async::exposition
