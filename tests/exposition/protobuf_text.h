// SPDX-License-Identifier: Apache-2.0
//
// A page in Prometheus' protobuf format as text, with every field that is in it.
//
//   testing::protobuf_text(page);    // family { name: "hits" type: 1 metric { gauge { value: 2.5 } } }
#ifndef PROMETHEUS_ASYNC_TESTS_EXPOSITION_PROTOBUF_TEXT_H_
#define PROMETHEUS_ASYNC_TESTS_EXPOSITION_PROTOBUF_TEXT_H_

#include <string>
#include <string_view>

namespace prometheus_async::testing {

// The families, one a line, their fields in the order of the page as `protoc --decode` shows them. Throws
// std::runtime_error for what is no message of metrics.proto: cut off, of another wire type, with a field that no
// encoder writes.
std::string protobuf_text(std::string_view page);

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_EXPOSITION_PROTOBUF_TEXT_H_
