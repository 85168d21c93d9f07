// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 as Prometheus wants it in label values and help texts: one bad byte there fails a whole scrape.
//
//   std::string value = "caf\xe9";
//   metrics::make_utf8(value);       // "caf" and U+FFFD
#ifndef PROMETHEUS_ASYNC_METRICS_UTF8_H_
#define PROMETHEUS_ASYNC_METRICS_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace prometheus_async::metrics {

// The length in bytes of the well-formed character that `text` begins with (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF), or 0 where there is none.
std::size_t utf8_length(std::string_view text) noexcept;

// Replaces every byte that belongs to no well-formed character by U+FFFD, and NUL, at which Prometheus' parser of
// OpenMetrics stops. Allocates only where there is one.
void make_utf8(std::string& text);

}  // namespace prometheus_async::metrics

#endif  // PROMETHEUS_ASYNC_METRICS_UTF8_H_
