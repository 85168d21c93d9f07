// SPDX-License-Identifier: Apache-2.0
#include "exposition/number.h"

#include <charconv>
#include <cstring>
#include <limits>
#include <random>
#include <string>

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
  EXPECT_EQ(number(0.0), "0");
  EXPECT_EQ(number(-0.0), "-0");
  EXPECT_EQ(number(1.0), "1");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(0.1 + 0.2), "0.30000000000000004");  // prometheus-cpp prints 0.3
  EXPECT_EQ(number(100000.0), "100000");
  EXPECT_EQ(number(1e6), "1e+06");
  EXPECT_EQ(number(1234567.0), "1.234567e+06");
  EXPECT_EQ(number(0.0001), "0.0001");
  EXPECT_EQ(number(0.00001), "1e-05");
  EXPECT_EQ(number(5e-324), "5e-324");
  EXPECT_EQ(number(-Limits::max()), "-1.7976931348623157e+308");
}

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

TEST(Bound, LooksLikeAFloat) {
  EXPECT_EQ(bound(1), "1.0");
  EXPECT_EQ(bound(-5), "-5.0");
  EXPECT_EQ(bound(0.5), "0.5");
  EXPECT_EQ(bound(1e6), "1e+06");
  EXPECT_EQ(bound(Limits::infinity()), "+Inf");
}

TEST(Number, Appends) {
  std::string text = "1.5e3 ";
  append_bound(text, 2);
  EXPECT_EQ(text, "1.5e3 2.0");
}

}  // namespace
}  // namespace prometheus_async::exposition
