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

TEST(Date, MovesOnWithTheSecond) {
  DateCache dates;
  const system_clock::time_point second = system_clock::from_time_t(784111777);
  EXPECT_EQ(dates.at(second + std::chrono::milliseconds(999)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(dates.at(second + std::chrono::milliseconds(1000)), "Sun, 06 Nov 1994 08:49:38 GMT");
  EXPECT_EQ(dates.at(second), "Sun, 06 Nov 1994 08:49:37 GMT");  // a clock that is set back
}

}  // namespace
}  // namespace prometheus_async::aio::http
