// SPDX-License-Identifier: Apache-2.0

#include "aio/http/date.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace prometheus_async::aio::http {
namespace {

constexpr std::string_view kWeekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_number(std::string& out, unsigned number, std::size_t digits) {
  const std::string text = std::to_string(number);
  out.append(digits - std::min(digits, text.size()), '0').append(text);
}

// The digits of `text`, or a number that is none of a date.
int number_of(std::string_view text) {
  int number = -1;
  const char* const end = text.data() + text.size();
  return std::from_chars(text.data(), end, number).ptr == end ? number : -1;
}

}  // namespace

std::string format_http_date(std::chrono::system_clock::time_point time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));

  std::string out(kWeekdays[std::chrono::weekday(day).c_encoding()]);
  out += ", ";
  append_number(out, static_cast<unsigned>(date.day()), 2);
  out += ' ';
  out += kMonths[static_cast<unsigned>(date.month()) - 1];
  out += ' ';
  append_number(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += ' ';
  append_number(out, static_cast<unsigned>(clock.hours().count()), 2);
  out += ':';
  append_number(out, static_cast<unsigned>(clock.minutes().count()), 2);
  out += ':';
  append_number(out, static_cast<unsigned>(clock.seconds().count()), 2);
  return out += " GMT";
}

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  if (text.size() != std::string_view("Sun, 06 Nov 1994 08:49:37 GMT").size()) return std::nullopt;
  const auto month = std::find(std::begin(kMonths), std::end(kMonths), text.substr(8, 3));
  const std::chrono::year_month_day date(
      std::chrono::year(number_of(text.substr(12, 4))),
      std::chrono::month(static_cast<unsigned>(month - std::begin(kMonths)) + 1),
      std::chrono::day(static_cast<unsigned>(std::max(number_of(text.substr(5, 2)), 0))));
  if (!date.ok()) return std::nullopt;
  const std::chrono::sys_seconds time =
      std::chrono::sys_days(date) + std::chrono::hours(number_of(text.substr(17, 2))) +
      std::chrono::minutes(number_of(text.substr(20, 2))) + std::chrono::seconds(number_of(text.substr(23, 2)));
  // What was read is what would be written: weekday, punctuation, and every number in its bounds.
  if (format_http_date(time) != text) return std::nullopt;
  return time;
}

std::string_view DateCache::at(std::chrono::system_clock::time_point time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second != second_) {
    second_ = second;
    text_ = format_http_date(time);
  }
  return text_;
}

}  // namespace prometheus_async::aio::http
