// SPDX-License-Identifier: Apache-2.0
//
// Times in HTTP's fields, and the Date of a response, formatted once a second.
//
//   DateCache dates;
//   dates.at(std::chrono::system_clock::from_time_t(784111777));  // "Sun, 06 Nov 1994 08:49:37 GMT"
#ifndef PROMETHEUS_ASYNC_AIO_HTTP_DATE_H_
#define PROMETHEUS_ASYNC_AIO_HTTP_DATE_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace prometheus_async::aio::http {

// The preferred form of RFC 9110 5.6.7, without a locale. For the years 0 to 9999.
std::string format_http_date(std::chrono::system_clock::time_point time);

// Reads that form and the two that are obsolete, as RFC 9110 5.6.7 has every reader do: "Sunday, 06-Nov-94 08:49:37
// GMT", whose year is the one at most 50 years after `now`, and "Sun Nov  6 08:49:37 1994". Strict: nullopt for what
// none of the three would have written.
std::optional<std::chrono::sys_seconds> parse_http_date(
    std::string_view text, std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

// Threads: one at a time.
class DateCache {
 public:
  // Valid until the next call.
  std::string_view at(std::chrono::system_clock::time_point time);

 private:
  std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
  std::string text_;
};

}  // namespace prometheus_async::aio::http

#endif  // PROMETHEUS_ASYNC_AIO_HTTP_DATE_H_
