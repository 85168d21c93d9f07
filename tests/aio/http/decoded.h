// SPDX-License-Identifier: Apache-2.0
//
// What a client reads from a body in a content coding, as far as it has come.
//
//   EXPECT_EQ(decoded(response.body, "gzip").text, "hello");
#ifndef PROMETHEUS_ASYNC_TESTS_AIO_HTTP_DECODED_H_
#define PROMETHEUS_ASYNC_TESTS_AIO_HTTP_DECODED_H_

#include <string>
#include <string_view>

namespace prometheus_async::testing {

struct Decoded {
  std::string text;
  bool is_whole = false;  // the end was there, and nothing after it
};

// `coding` is gzip or zstd. Throws std::runtime_error for what is malformed.
Decoded decoded(std::string_view bytes, std::string_view coding);

}  // namespace prometheus_async::testing

#endif  // PROMETHEUS_ASYNC_TESTS_AIO_HTTP_DECODED_H_
