// SPDX-License-Identifier: Apache-2.0

#include "exposition/negotiation.h"

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace prometheus_async::exposition {
namespace {

Format with(Format format, Escaping escaping) {
  format.escaping = escaping;
  return format;
}

const Format kOpenMetricsUtf8 = with(kOpenMetrics_1_0_0, Escaping::kAllowUtf8);

const Format kProtobufUtf8 = with(kProtobuf, Escaping::kAllowUtf8);

void expect_format(std::string_view accept, const Format& expected) {
  const Format given = negotiate_format(accept);
  EXPECT_EQ(given, expected) << accept << "\ngives " << content_type(given) << "\nnot   " << content_type(expected);
}

// The examples of the header.
TEST(Negotiation, ReadsAsInTheHeader) {
  const exposition::Format format = exposition::negotiate_format("application/openmetrics-text;version=1.0.0");
  const exposition::Encoding encoding = exposition::negotiate_encoding("gzip;q=0.5, zstd");
  EXPECT_EQ(format, kOpenMetrics_1_0_0);
  EXPECT_EQ(encoding, Encoding::kZstd);
}

// --- What the releases of Prometheus send

TEST(NegotiateFormat, GivesPrometheus242OpenMetrics) {
  expect_format(
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      kOpenMetrics_1_0_0);
}

TEST(NegotiateFormat, GivesPrometheus242WithNativeHistogramsProtobuf) {
  expect_format(
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
      "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      kProtobuf);
}

// It says q=2 of anything at all, and means 0.2: what it names comes first all the same.
TEST(NegotiateFormat, GivesPrometheus249OpenMetricsThoughItsWildcardIsAboveOne) {
  expect_format(
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=2",
      kOpenMetrics_1_0_0);
}

TEST(NegotiateFormat, GivesPrometheus249WithNativeHistogramsProtobuf) {
  expect_format(
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=2",
      kProtobuf);
}

TEST(NegotiateFormat, GivesPrometheus253OpenMetrics) {
  expect_format(
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      kOpenMetrics_1_0_0);
}

TEST(NegotiateFormat, GivesPrometheus30OpenMetricsWithUtf8) {
  expect_format(
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
      "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      kOpenMetricsUtf8);
}

TEST(NegotiateFormat, GivesPrometheus3WithNativeHistogramsProtobufWithUtf8) {
  expect_format(
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
      "escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
      "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
      "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
      kProtobufUtf8);
}

// scrape_protocols: [PrometheusText1.0.0, PrometheusText0.0.4] in its configuration.
TEST(NegotiateFormat, GivesAPrometheus3ThatWantsTextText100) {
  expect_format("text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                with(kText_1_0_0, Escaping::kAllowUtf8));
}

// metric_name_escaping_scheme: underscores, values.
TEST(NegotiateFormat, GivesThePrometheusThatNamesASchemeThatScheme) {
  expect_format("application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.6,*/*;q=0.2", kOpenMetrics_1_0_0);
  expect_format("application/openmetrics-text;version=1.0.0;escaping=values;q=0.6,*/*;q=0.2",
                with(kOpenMetrics_1_0_0, Escaping::kValues));
  expect_format("text/plain;version=1.0.0;escaping=dots;q=0.6,*/*;q=0.2", with(kText_1_0_0, Escaping::kDots));
}

// Its wildcard is none.
TEST(NegotiateFormat, GivesTheExampleOfTheDocumentationOpenMetrics) {
  expect_format(
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
      "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
      "text/plain;version=0.0.4;q=0.2,/;q=0.1",
      kOpenMetricsUtf8);
}

// --- Other readers

TEST(NegotiateFormat, GivesBrowsersText) {
  expect_format("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", kText_0_0_4);
  expect_format("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", kText_0_0_4);
  expect_format("text/html", kText_0_0_4);
}

TEST(NegotiateFormat, GivesCurlText) { expect_format("*/*", kText_0_0_4); }

TEST(NegotiateFormat, GivesReadersWithoutAcceptText) {
  expect_format("", kText_0_0_4);
  expect_format(" ", kText_0_0_4);
}

TEST(NegotiateFormat, GivesGarbageText) {
  for (const std::string_view garbage : {",", ",,;;", ";q=1", "text", "/", "*", "*/plain", "text/plain;", "\"",
                                         "a/b;c=\"", "q=0.5", "text/plain;q=", "text/plain;version=0.0.4;q=x",
                                         "\xff\xfe/\x01", "application\t/openmetrics-text;version=1.0.0"}) {
    expect_format(garbage, kText_0_0_4);
  }
  expect_format(std::string(100'000, ','), kText_0_0_4);
  expect_format(std::string(100'000, '"'), kText_0_0_4);
}

// One bad part does not take the others along.
TEST(NegotiateFormat, PassesOverWhatIsMalformed) {
  expect_format(",;,a,application/openmetrics-text;;version=1.0.0;=;x,/", kOpenMetrics_1_0_0);
}

TEST(NegotiateFormat, GivesTextRatherThanNothing) {
  expect_format("image/png", kText_0_0_4);
  expect_format("text/plain;q=0", kText_0_0_4);
  expect_format("*/*;q=0", kText_0_0_4);
}

// --- q-values

TEST(NegotiateFormat, TakesTheHighestQuality) {
  expect_format("application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5", kText_0_0_4);
  expect_format("text/plain;version=0.0.4;q=0.499,application/openmetrics-text;version=1.0.0;q=0.5",
                kOpenMetrics_1_0_0);
  expect_format("text/plain;version=0.0.4;Q=.4,application/openmetrics-text;version=1.0.0;q=0.5", kOpenMetrics_1_0_0);
}

TEST(NegotiateFormat, TakesTheFirstOfEquals) {
  expect_format("application/openmetrics-text,text/plain", kOpenMetrics_1_0_0);
  expect_format("text/plain,application/openmetrics-text", kText_0_0_4);
}

TEST(NegotiateFormat, TakesAQualityAboveOneAsOne) {
  expect_format("text/plain,application/openmetrics-text;q=7", kText_0_0_4);
  expect_format("application/openmetrics-text;q=1e300,text/plain", kOpenMetrics_1_0_0);
}

TEST(NegotiateFormat, TakesAQualityThatIsNoNumberAsAbsent) {
  for (const std::string_view quality : {"x", "nan", "inf", "0.5x", "", "+0.1"}) {
    expect_format("text/plain;q=0.9,application/openmetrics-text;q=" + std::string(quality), kOpenMetrics_1_0_0);
  }
}

TEST(NegotiateFormat, NeverGivesWhatIsExcluded) {
  expect_format("application/openmetrics-text;q=0,text/plain;q=0.1", kText_0_0_4);
  expect_format("application/openmetrics-text;q=0.000,*/*", kText_0_0_4);
  expect_format("application/openmetrics-text;q=-1,text/plain;q=0.1", kText_0_0_4);
  expect_format("text/plain;q=0,*/*;q=0.5", kOpenMetrics_1_0_0);
}

// --- Ranges

// The reader ranks what it names; the wildcard is for the rest.
TEST(NegotiateFormat, TakesTheQualityOfTheMostSpecificRange) {
  expect_format("*/*,text/plain;q=0.1,application/openmetrics-text;q=0.5", kOpenMetrics_1_0_0);
  expect_format("text/*;q=0.9,text/plain;q=0.1,application/openmetrics-text;q=0.5", kOpenMetrics_1_0_0);
  expect_format("text/plain;q=0.9,text/plain;version=0.0.4;q=0.1,application/openmetrics-text;q=0.5",
                kOpenMetrics_1_0_0);
}

TEST(NegotiateFormat, MeetsWildcardsOfAType) {
  expect_format("text/*", kText_0_0_4);
  expect_format("application/*", kOpenMetrics_1_0_0);
  expect_format("application/*;q=0.2,text/*;q=0.1", kOpenMetrics_1_0_0);
  expect_format("image/*", kText_0_0_4);
}

TEST(NegotiateFormat, PrefersANameToAWildcardOfTheSameQuality) {
  expect_format("*/*,application/openmetrics-text", kOpenMetrics_1_0_0);
}

TEST(NegotiateFormat, IgnoresCaseAndBlanks) {
  expect_format(" \tApplication/OpenMetrics-Text ; VERSION = 1.0.0 ; Q = 0.5 , text/plain;q=0.4", kOpenMetrics_1_0_0);
}

TEST(NegotiateFormat, ReadsQuotedParameters) {
  expect_format("application/openmetrics-text;version=\"1.0.0\";note=\"a,b;q=0\\\",\",text/plain;q=0.5",
                kOpenMetrics_1_0_0);
}

TEST(NegotiateFormat, IgnoresOtherParameters) {
  expect_format("application/openmetrics-text;charset=utf-8;version=1.0.0;validator=strict", kOpenMetrics_1_0_0);
}

// --- Versions

TEST(NegotiateFormat, GivesTheVersionThatIsAskedFor) {
  expect_format("application/openmetrics-text;version=0.0.1", kOpenMetrics_0_0_1);
  expect_format("application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5", kOpenMetrics_0_0_1);
  expect_format("text/plain;version=1.0.0", kText_1_0_0);
  expect_format("text/plain;version=0.0.4", kText_0_0_4);
}

TEST(NegotiateFormat, TakesOpenMetricsWithoutAVersionAsTheCurrentOneAndTextAsTheOldOne) {
  expect_format("application/openmetrics-text", kOpenMetrics_1_0_0);
  expect_format("text/plain", kText_0_0_4);
}

TEST(NegotiateFormat, PassesOverVersionsThatItDoesNotKnow) {
  expect_format("application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=1.0.0;q=0.5",
                kOpenMetrics_1_0_0);
  expect_format("application/openmetrics-text;version=2.0.0", kText_0_0_4);
  expect_format("text/plain;version=0.0.3,application/openmetrics-text;q=0.1", kOpenMetrics_1_0_0);
}

// --- Escaping

TEST(NegotiateFormat, EscapesWithUnderscoresWhereNoSchemeThatItKnowsIsNamed) {
  expect_format("text/plain;version=1.0.0", kText_1_0_0);
  expect_format("text/plain;version=1.0.0;escaping=rot13", kText_1_0_0);
}

TEST(NegotiateFormat, KnowsNoEscapingBefore100) {
  expect_format("text/plain;version=0.0.4;escaping=allow-utf-8", kText_0_0_4);
  expect_format("application/openmetrics-text;version=0.0.1;escaping=dots", kOpenMetrics_0_0_1);
  expect_format("*/*;escaping=allow-utf-8", kText_0_0_4);
}

TEST(NegotiateFormat, TakesTheBetterOfTwoSchemes) {
  expect_format("text/plain;version=1.0.0;escaping=dots;q=0.3,text/plain;version=1.0.0;escaping=values;q=0.4",
                with(kText_1_0_0, Escaping::kValues));
}

// --- Protobuf

TEST(NegotiateFormat, GivesProtobufOnlyDelimitedAndOfMetricFamilies) {
  expect_format("application/vnd.google.protobuf", kText_0_0_4);
  expect_format("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", kText_0_0_4);
  expect_format("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", kText_0_0_4);
  expect_format("application/vnd.google.protobuf;proto=other.Message;encoding=delimited", kText_0_0_4);
  expect_format("application/vnd.google.protobuf;encoding=delimited;proto=io.prometheus.client.MetricFamily",
                kProtobuf);
  expect_format("application/*", kOpenMetrics_1_0_0);
}

// --- Encodings

void expect_encoding(std::string_view accept_encoding, Encoding expected) {
  EXPECT_EQ(negotiate_encoding(accept_encoding), expected) << accept_encoding;
}

TEST(NegotiateEncoding, GivesPrometheusGzip) {
  expect_encoding("gzip", Encoding::kGzip);
  expect_encoding("identity", Encoding::kIdentity);  // of a Prometheus 3 that has compression switched off
}

TEST(NegotiateEncoding, GivesBrowsersZstdWhereTheyTakeIt) {
  expect_encoding("gzip, deflate, br, zstd", Encoding::kZstd);
  expect_encoding("gzip, deflate, br", Encoding::kGzip);
}

TEST(NegotiateEncoding, GivesIdentityWhereNothingIsSaid) {
  expect_encoding("", Encoding::kIdentity);
  expect_encoding(",;q=1,", Encoding::kIdentity);
  expect_encoding("br, deflate", Encoding::kIdentity);
}

TEST(NegotiateEncoding, TakesTheHighestQuality) {
  expect_encoding("gzip;q=0.8, zstd;q=0.7", Encoding::kGzip);
  expect_encoding("zstd;q=0.8, gzip;q=0.7", Encoding::kZstd);
  expect_encoding("gzip;q=0.5, identity;q=0.6", Encoding::kIdentity);
  expect_encoding("gzip;q=0.5, identity;q=0.5", Encoding::kGzip);
}

// prometheus-cpp compresses here.
TEST(NegotiateEncoding, NeverGivesWhatIsExcluded) {
  expect_encoding("gzip;q=0", Encoding::kIdentity);
  expect_encoding("gzip;q=0, zstd;q=0.0, *", Encoding::kIdentity);
  expect_encoding("*;q=0", Encoding::kIdentity);
}

TEST(NegotiateEncoding, TakesAWildcardForWhatIsNotNamed) {
  expect_encoding("*", Encoding::kZstd);
  expect_encoding("zstd;q=0, *;q=0.1", Encoding::kGzip);
  expect_encoding("*;q=0.1, zstd;q=0", Encoding::kGzip);
  expect_encoding("identity, *;q=0.1", Encoding::kIdentity);
  expect_encoding("identity;q=0, *;q=0.1", Encoding::kZstd);
}

TEST(NegotiateEncoding, GivesIdentityRatherThanNothing) { expect_encoding("identity;q=0", Encoding::kIdentity); }

TEST(NegotiateEncoding, KnowsGzipsOldNameAndIgnoresCase) {
  expect_encoding("x-gzip", Encoding::kGzip);
  expect_encoding("GZip ; Q=0.1", Encoding::kGzip);
}

}  // namespace
}  // namespace prometheus_async::exposition
