// SPDX-License-Identifier: Apache-2.0
#include "exposition/format.h"

#include "gtest/gtest.h"

namespace prometheus_async::exposition {
namespace {

TEST(ContentType, NamesTheVersion) {
  EXPECT_EQ(content_type(kText_0_0_4), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type(kOpenMetrics_0_0_1), "application/openmetrics-text; version=0.0.1; charset=utf-8");
}

TEST(ContentType, NamesTheEscapingWhereThereIsAChoice) {
  EXPECT_EQ(content_type(kText_1_0_0), "text/plain; version=1.0.0; charset=utf-8; escaping=underscores");
  EXPECT_EQ(content_type(kOpenMetrics_1_0_0),
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores");
  EXPECT_EQ(content_type(kProtobuf),
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; "
            "escaping=underscores");
  Format format = kText_1_0_0;
  format.escaping = Escaping::kDots;
  EXPECT_EQ(content_type(format), "text/plain; version=1.0.0; charset=utf-8; escaping=dots");
}

TEST(Format, OldVersionsHaveUnderscoresWhateverIsAsked) {
  for (Format format : {kText_0_0_4, kOpenMetrics_0_0_1}) {
    format.escaping = Escaping::kAllowUtf8;
    EXPECT_EQ(effective_escaping(format), Escaping::kUnderscores);
  }
  for (Format format : {kText_1_0_0, kOpenMetrics_1_0_0, kProtobuf}) {
    format.escaping = Escaping::kAllowUtf8;
    EXPECT_EQ(effective_escaping(format), Escaping::kAllowUtf8);
  }
}

// The example of exposition/format.h.
TEST(ContentType, ExampleOfTheHeader) {
  exposition::Format format = exposition::kOpenMetrics_1_0_0;
  format.escaping = exposition::Escaping::kAllowUtf8;
  EXPECT_EQ(exposition::content_type(format),
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
}

}  // namespace
}  // namespace prometheus_async::exposition
