// SPDX-License-Identifier: Apache-2.0
//
// Percent-coding of URLs (RFC 3986 2.1) and the check for UTF-8 that goes with it.
//
//   std::string path;
//   percent_decode("/caf%C3%A9%2Fbar", path);                // true, path is "/café/bar"
//   percent_decode_except("/caf%C3%A9%2fbar", "/%", path);   // true, path is "/café%2Fbar"
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_PERCENT_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_PERCENT_H_

#include <string>
#include <string_view>

namespace prometheus_async::aio::http {

// Replaces `out` by the decoded text. False for a `%` that two hexadecimal digits do not follow; `out` is then
// unspecified. Decodes once: "%2541" gives "%41".
bool percent_decode(std::string_view text, std::string& out);

// The same, but an escape that stands for one of `kept` stays an escape, spelled with upper-case digits.
bool percent_decode_except(std::string_view text, std::string_view kept, std::string& out);

// Strict: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_PERCENT_H_
