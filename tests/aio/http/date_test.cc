// SPDX-License-Identifier: Apache-2.0

#include "aio/http/date.h"

#include <chrono>

#include <gtest/gtest.h>

namespace prometheus_async::aio::http {
namespace {

using std::chrono::system_clock;

TEST(Date, ReadsAsInTheHeader) {
  DateCache dates;
  EXPECT_EQ(dates.at(system_clock::from_time_t(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Date, KnowsTheCalendar) {
  EXPECT_EQ(format_http_date(system_clock::from_time_t(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_http_date(system_clock::from_time_t(951782400)), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(format_http_date(system_clock::from_time_t(4107542399)), "Sun, 28 Feb 2100 23:59:59 GMT");
  EXPECT_EQ(format_http_date(system_clock::from_time_t(-1)), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(Date, ReadsWhatItWrites) {
  for (const std::time_t time : {0l, 784111777l, 951782400l, 4107542399l, -1l}) {
    const auto point = system_clock::from_time_t(time);
    EXPECT_EQ(parse_http_date(format_http_date(point)), std::chrono::floor<std::chrono::seconds>(point)) << time;
  }
}

TEST(Date, ReadsNothingElse) {
  for (const char* text :
       {"", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:-7 GMT", "Sun,06 Nov  1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

TEST(Date, ReadsTheObsoleteForms) {
  const std::chrono::sys_seconds time(std::chrono::seconds(784111777));
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", time), time);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), time);
  EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994"), time + std::chrono::days(10));
}

TEST(Date, TakesTwoDigitsForAYearAtMostFiftyYearsAhead) {
  const auto in_1994 = system_clock::from_time_t(784111777);
  const auto parse = [&](std::string_view text) { return parse_http_date(text, in_1994); };
  EXPECT_EQ(parse("Saturday, 06-Nov-93 08:49:37 GMT"), parse("Sat, 06 Nov 1993 08:49:37 GMT"));
  EXPECT_EQ(parse("Sunday, 06-Nov-44 08:49:37 GMT"), parse("Sun, 06 Nov 2044 08:49:37 GMT"));
  EXPECT_EQ(parse("Tuesday, 06-Nov-45 08:49:37 GMT"), parse("Tue, 06 Nov 1945 08:49:37 GMT"));
  EXPECT_TRUE(parse("Tuesday, 06-Nov-45 08:49:37 GMT"));
}

TEST(Date, ReadsTheObsoleteFormsStrictly) {
  const auto in_1994 = system_clock::from_time_t(784111777);
  for (const char* text :
       {"Monday, 06-Nov-94 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 6-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 94 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 UTC",
        "Sunday, 06-Nov--4 08:49:37 GMT", "Sunday,", "Sunday", "Sun Nov 06 08:49:37 1994", "Sun Nov 6 08:49:37 1994",
        "Mon Nov  6 08:49:37 1994", "Sun Nov  6 08:49:37 94", "Sun Nov  6 08:49:37 1994 ", "Sun Nov  6_08:49:37 1994",
        "Sun Nov    08:49:37 1994", "Sun Nov  6 24:49:37 1994"}) {
    EXPECT_EQ(parse_http_date(text, in_1994), std::nullopt) << text;
  }
}

TEST(Date, MovesOnWithTheSecond) {
  DateCache dates;
  const system_clock::time_point second = system_clock::from_time_t(784111777);
  EXPECT_EQ(dates.at(second + std::chrono::milliseconds(999)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(dates.at(second + std::chrono::milliseconds(1000)), "Sun, 06 Nov 1994 08:49:38 GMT");
  EXPECT_EQ(dates.at(second), "Sun, 06 Nov 1994 08:49:37 GMT");  // a clock that is set back
}

}  // namespace
}  // namespace prometheus_async::aio::http
