// SPDX-License-Identifier: Apache-2.0
//
// Reads Prometheus' delimited protobuf messages, by the field numbers of
// prompb/io/prometheus/client/metrics.proto, without anything of the encoder.
//
//     const testing::ReadPage page = testing::read_protobuf(body);
#ifndef PROMETHEUS_ASYNC_TESTS_EXPOSITION_PROTOBUF_READER_H_
#define PROMETHEUS_ASYNC_TESTS_EXPOSITION_PROTOBUF_READER_H_

#include <string_view>

#include "tests/exposition/read_page.h"

namespace prometheus_async::testing {

// Samples are named as in text: a classic histogram has x_bucket, x_sum and x_count. Buckets are cumulative; one for
// +Inf is added where the message leaves it out and there are classic buckets. Types: "counter", "gauge", "summary",
// "unknown", "histogram", "gaugehistogram". Throws std::runtime_error for what is not such a message, fields that are
// not known among it.
ReadPage read_protobuf(std::string_view body);

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_EXPOSITION_PROTOBUF_READER_H_
