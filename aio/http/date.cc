// SPDX-License-Identifier: Apache-2.0

#include "aio/http/date.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace prometheus_async::aio::http {
namespace {

constexpr std::string_view kWeekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view kLongWeekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                              "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_number(std::string& out, unsigned number, std::size_t digits) {
  std::array<char, 10> text;
  const auto size =
      static_cast<std::size_t>(std::to_chars(text.data(), text.data() + text.size(), number).ptr - text.data());
  out.append(digits - std::min(digits, size), '0').append(text.data(), size);
}

// The digits of `text`, or a number that is none of a date.
int number_of(std::string_view text) {
  int number = -1;
  const char* const end = text.data() + text.size();
  return std::from_chars(text.data(), end, number).ptr == end ? number : -1;
}

void append_http_date(std::string& out, std::chrono::system_clock::time_point time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));

  out += kWeekdays[std::chrono::weekday(day).c_encoding()];
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
  out += " GMT";
}

}  // namespace

std::string format_http_date(std::chrono::system_clock::time_point time) {
  std::string out;
  append_http_date(out, time);
  return out;
}

namespace {

std::optional<std::chrono::sys_seconds> parse_preferred_form(std::string_view text) {
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

// The preferred form with the same parts. The numbers are not looked at yet.
std::string to_preferred_form(std::string_view weekday, std::string_view day, std::string_view month,
                              std::string_view year, std::string_view clock) {
  std::string text(weekday.substr(0, 3));
  text.append(", ").append(day).append(" ").append(month).append(" ");
  return text.append(year).append(" ").append(clock).append(" GMT");
}

// "Sun Nov  6 08:49:37 1994", as C's asctime() writes it.
std::optional<std::chrono::sys_seconds> parse_asctime_form(std::string_view text) {
  if (text.size() != std::string_view("Sun Nov  6 08:49:37 1994").size()) return std::nullopt;
  if (text[3] != ' ' || text[7] != ' ' || text[10] != ' ' || text[19] != ' ' || text[8] == '0') return std::nullopt;
  std::string day(text.substr(8, 2));
  if (day[0] == ' ') day[0] = '0';
  return parse_preferred_form(
      to_preferred_form(text.substr(0, 3), day, text.substr(4, 3), text.substr(20), text.substr(11, 8)));
}

// "Sunday, 06-Nov-94 08:49:37 GMT", of RFC 850.
std::optional<std::chrono::sys_seconds> parse_rfc850_form(std::string_view text,
                                                          std::chrono::system_clock::time_point now) {
  const auto weekday = std::find(std::begin(kLongWeekdays), std::end(kLongWeekdays), text.substr(0, text.find(',')));
  if (weekday == std::end(kLongWeekdays)) return std::nullopt;
  text.remove_prefix(weekday->size());
  if (text.size() != std::string_view(", 06-Nov-94 08:49:37 GMT").size() || !text.starts_with(", ") || text[4] != '-' ||
      text[8] != '-' || text[11] != ' ' || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  const int two_digits = number_of(text.substr(9, 2));
  if (two_digits < 0) return std::nullopt;
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
  const int last_year = static_cast<int>(today.year()) + 50;
  const int year = last_year - (last_year - two_digits) % 100;
  return parse_preferred_form(
      to_preferred_form(*weekday, text.substr(2, 2), text.substr(5, 3), std::to_string(year), text.substr(12, 8)));
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text,
                                                        std::chrono::system_clock::time_point now) {
  if (const auto time = parse_preferred_form(text)) return time;
  if (const auto time = parse_asctime_form(text)) return time;
  return parse_rfc850_form(text, now);
}

std::string_view DateCache::at(std::chrono::system_clock::time_point time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second != second_) {
    second_ = second;
    text_.clear();  // whose memory stays
    append_http_date(text_, time);
  }
  return text_;
}

}  // namespace prometheus_async::aio::http
