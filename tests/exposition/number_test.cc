// SPDX-License-Identifier: Apache-2.0
#include "exposition/number.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace prometheus_async::exposition {
namespace {

template <class Number>
std::string number(Number value) {
  std::string text;
  append_number(text, value);
  return text;
}
std::string bound(double value) {
  std::string text;
  append_bound(text, value);
  return text;
}

using Limits = std::numeric_limits<double>;

TEST(Number, IsSpelledAsGoSpellsIt) {
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(0.1 + 0.2), "0.30000000000000004");  // prometheus-cpp prints 0.3
  EXPECT_EQ(number(-2.5), "-2.5");
  EXPECT_EQ(number(0.0001), "0.0001");
  EXPECT_EQ(number(0.00001), "1e-05");
  EXPECT_EQ(number(1234567.5), "1.2345675e+06");
  EXPECT_EQ(number(1e20), "1e+20");
  EXPECT_EQ(number(5e-324), "5e-324");
  EXPECT_EQ(number(-Limits::max()), "-1.7976931348623157e+308");
}

TEST(Number, IntegersAreDigitsAlone) {
  EXPECT_EQ(number(0.0), "0");
  EXPECT_EQ(number(1.0), "1");
  EXPECT_EQ(number(-42.0), "-42");
  EXPECT_EQ(number(1e6), "1000000");
  EXPECT_EQ(number(1234567.0), "1234567");
  EXPECT_EQ(number(9007199254740991.0), "9007199254740991");
  EXPECT_EQ(number(-9007199254740991.0), "-9007199254740991");
}

TEST(Number, IntegersBeyondWhatADoubleCountsHaveAnExponent) {
  EXPECT_EQ(number(9007199254740992.0), "9.007199254740992e+15");
  EXPECT_EQ(number(-9007199254740992.0), "-9.007199254740992e+15");
}

TEST(Number, ZeroKeepsItsSign) { EXPECT_EQ(number(-0.0), "-0"); }

TEST(Number, NamesWhatIsNotFinite) {
  EXPECT_EQ(number(Limits::quiet_NaN()), "NaN");  // prometheus-cpp writes Nan
  EXPECT_EQ(number(-Limits::quiet_NaN()), "NaN");
  EXPECT_EQ(number(Limits::infinity()), "+Inf");
  EXPECT_EQ(number(-Limits::infinity()), "-Inf");
}

TEST(Number, CountsKeepEveryDigit) {
  EXPECT_EQ(number(std::uint64_t{0}), "0");
  EXPECT_EQ(number(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(Number, ReadsBackAsTheSameDouble) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!(value == value) || value - value != 0) continue;  // NaN, infinite
    const std::string text = number(value);
    double back = 0;
    std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(std::memcmp(&back, &value, sizeof value), 0) << text;
  }
}

// Short decimals go a way of their own, which must lead to the same digits.
TEST(Number, DecimalsAreTheShortest) {
  const auto shortest = [](double value) {
    char digits[kNumberSize];
    return std::string(digits, std::to_chars(digits, digits + kNumberSize, value, std::chars_format::general).ptr);
  };
  std::mt19937_64 random(2);
  for (int i = 1; i < 50'000; ++i) {
    for (const double scale : {10.0, 1000.0, 10000.0, 1e6, 1e9}) {
      const double value = (i % 2 == 0 ? i : static_cast<double>(random() % 1'000'000'000)) / scale;
      if (value == std::floor(value)) continue;  // an integer, which has no exponent here
      for (const double each : {value, -value, std::nextafter(value, 0), std::nextafter(value, 1e9)}) {
        ASSERT_EQ(number(each), shortest(each));
      }
    }
  }
}

TEST(Bound, LooksLikeAFloat) {
  EXPECT_EQ(bound(1), "1.0");
  EXPECT_EQ(bound(-5), "-5.0");
  EXPECT_EQ(bound(0.5), "0.5");
  EXPECT_EQ(bound(1e6), "1e+06");  // OpenMetrics' canonical numbers, as the next
  EXPECT_EQ(bound(123456), "123456.0");
  EXPECT_EQ(bound(-0.0), "-0.0");
  EXPECT_EQ(bound(-Limits::infinity()), "-Inf");
  EXPECT_EQ(bound(Limits::infinity()), "+Inf");
}

TEST(Timestamp, HasNoExponent) {
  const auto timestamp = [](double seconds) {
    char digits[kNumberSize];
    return std::string(digits, write_timestamp(digits, seconds));
  };
  EXPECT_EQ(timestamp(1520879607.789), "1520879607.789");
  EXPECT_EQ(timestamp(1e9), "1000000000");
  EXPECT_EQ(timestamp(1e-7), "0.000000100");
  EXPECT_EQ(timestamp(999999999999.5), "999999999999.5");
}

TEST(Timestamp, IsAfter1970) {
  EXPECT_TRUE(is_timestamp(1520879607.789));
  for (const double bad : {0.0, -1.0, 1e12, Limits::infinity(), Limits::quiet_NaN()}) EXPECT_FALSE(is_timestamp(bad));
}

TEST(Number, Appends) {
  std::string text = "1.5e3 ";
  append_bound(text, 2);
  EXPECT_EQ(text, "1.5e3 2.0");
}

// The example of exposition/number.h.
TEST(Number, ExampleOfTheHeader) {
  std::string text;
  exposition::append_number(text, 0.1 + 0.2);
  EXPECT_EQ(text, "0.30000000000000004");

  char digits[exposition::kNumberSize];
  const std::string_view bound(digits, exposition::write_bound(digits, 1) - digits);
  EXPECT_EQ(bound, "1.0");
}

}  // namespace
}  // namespace prometheus_async::exposition
