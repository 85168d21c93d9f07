// SPDX-License-Identifier: Apache-2.0
// Input: a date.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "aio/http/date.h"
#include "tests/fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace prometheus_async::fuzz;
  namespace http = prometheus_async::aio::http;
  const std::string_view text = as_text(data, size);
  const auto now = std::chrono::system_clock::from_time_t(1'700'000'000);
  const std::optional<std::chrono::sys_seconds> date = http::parse_http_date(text, now);
  if (!date) return 0;
  const std::string written = http::format_http_date(*date);
  require(http::parse_http_date(written, now) == date, "a date that is written is read again");
  // "Sun, 06 Nov 1994 08:49:37 GMT": of the three forms, the one with a comma behind three letters.
  if (text.size() > 3 && text[3] == ',') require_equal(text, written, "the preferred form has one spelling");
  require_equal(text.substr(0, 3), written.substr(0, 3), "a date is of its day");
  http::DateCache dates;
  require_equal(dates.at(*date), written, "a date is the same from the cache");
  return 0;
}
