// SPDX-License-Identifier: Apache-2.0
#include "exposition/protobuf_encoder.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

#include "metrics/registry.h"
#include "tests/exposition/protobuf_text.h"
#include "tests/exposition/snapshots.h"
#include "tests/exposition/written.h"

namespace prometheus_async::exposition {
namespace {

using metrics::Labels;
using metrics::MetricType;
using testing::created;
using testing::exemplar;
using testing::histogram;
using testing::labels;
using testing::native;
using testing::protobuf_text;
using testing::written;
using namespace std::string_view_literals;

template <class F>
std::string protobuf(const Format& format, F write) {
  return protobuf_text(written<ProtobufEncoder>(format, write));
}

template <class F>
std::string protobuf(F write) {
  return protobuf(kProtobuf, write);
}

// The example of exposition/protobuf_encoder.h.
TEST(ProtobufEncoder, ExampleOfTheHeader) {
  metrics::Registry registry;
  registry.gauge("hits", "Hits.").Set(2.5);
  std::string page;
  exposition::ProtobufEncoder encoder(page);
  registry.collect(encoder);
  encoder.finish();
  EXPECT_EQ(protobuf_text(page), "family { name: \"hits\" help: \"Hits.\" type: 1 metric { gauge { value: 2.5 } } }\n");
}

// The bytes that `protoc --encode` makes of it, after their length.
TEST(ProtobufEncoder, WritesTheWireFormat) {
  const std::string page = written<ProtobufEncoder>(kProtobuf, [](metrics::Sink& sink) {
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
  EXPECT_EQ(written<ProtobufEncoder>(kProtobuf, [](metrics::Sink&) {}), "");
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
  EXPECT_EQ(protobuf(testing::write_info_state_set_and_unknown),
            "family { name: \"build_info\" type: 1"
            " metric { label { name: \"version\" value: \"1.2\" } gauge { value: 1 } } }\n"
            "family { name: \"light\" type: 1"
            " metric { label { name: \"room\" value: \"hall\" } label { name: \"light\" value: \"on\" }"
            " gauge { value: 1 } }"
            " metric { label { name: \"room\" value: \"hall\" } label { name: \"light\" value: \"o\"ff\\\n\" }"
            " gauge { value: 0 } }"
            " metric { label { name: \"light\" value: \"on\" } gauge { value: 1 } }"
            " metric { label { name: \"light\" value: \"o\"ff\\\n\" } gauge { value: 0 } } }\n"
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

// Prometheus 2 drops the suffixes of the samples of a type of its own.
TEST(ProtobufEncoder, AGaugeHistogramIsAHistogram) {
  EXPECT_EQ(protobuf([](metrics::Sink& sink) {
              const std::vector<double> bounds{1};
              sink.family({"h", "", MetricType::kGaugeHistogram});
              sink.histogram({}, histogram(bounds, {1, 0}, 1));
            }),
            "family { name: \"h\" type: 4 metric { histogram { sample_count: 1 sample_sum: 1"
            " bucket { cumulative_count: 1 upper_bound: 1 } } } }\n");
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
    return protobuf(format, write_utf8_names);
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
  EXPECT_EQ(protobuf(testing::write_and_roll_back),
            "family { name: \"a\" type: 1 metric { gauge { value: 1 } } }\n"
            "family { name: \"c\" type: 1 metric { gauge { value: 3 } } }\n");
}

}  // namespace
}  // namespace prometheus_async::exposition
