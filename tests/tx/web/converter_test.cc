// SPDX-License-Identifier: Apache-2.0

#include "tx/web/converter.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prometheus_async::tx::web {
namespace {

using Arguments = std::vector<Converter::Argument>;

bool takes(const Converter& converter, std::string_view text) {
  return converter.matches(text) && converter.accepts(text);
}

std::string error(std::string_view name, const Arguments& arguments) {
  try {
    const Converter converter(name, arguments);
  } catch (const std::invalid_argument& reason) {
    return reason.what();
  }
  return "none";
}

TEST(Converter, ReadsAsInTheHeader) {
  const Converter id("int", {{.name = "min", .value = "1"}});
  EXPECT_TRUE(id.matches("42"));
  EXPECT_TRUE(id.accepts("42"));
  EXPECT_TRUE(id.matches("0"));
  EXPECT_FALSE(id.accepts("0"));
}

TEST(Converter, AStringHasOneCharacterOrMore) {
  const Converter text("string");
  EXPECT_TRUE(takes(text, "x"));
  EXPECT_TRUE(takes(text, "a/b"));  // from a%2Fb, one segment
  EXPECT_FALSE(text.matches(""));
}

TEST(Converter, LengthsCountCharacters) {
  const Converter three("string", {{"length", "3"}});
  EXPECT_TRUE(takes(three, "éàü"));
  EXPECT_FALSE(three.matches("éà"));
  EXPECT_FALSE(three.matches("éàüx"));
  const Converter range("string", {{"minlength", "2"}, {"maxlength", "3"}});
  EXPECT_FALSE(range.matches("a"));
  EXPECT_TRUE(takes(range, "ab"));
  EXPECT_TRUE(takes(range, "abc"));
  EXPECT_FALSE(range.matches("abcd"));
}

TEST(Converter, AnIntIsDigits) {
  const Converter number("int");
  EXPECT_TRUE(takes(number, "0"));
  EXPECT_TRUE(takes(number, "007"));
  for (const char* text : {"", "-1", "+1", "1.0", "0x1", " 1", "1 ", "١"}) EXPECT_FALSE(number.matches(text)) << text;
}

TEST(Converter, ASignedIntMayHaveAMinus) {
  const Converter number("int", {{"signed", "True"}});
  EXPECT_TRUE(takes(number, "-1"));
  EXPECT_TRUE(takes(number, "1"));
  for (const char* text : {"-", "--1", "+1"}) EXPECT_FALSE(number.matches(text)) << text;
}

TEST(Converter, AnIntFitsIn64Bits) {
  const Converter number("int", {{"signed", "True"}});
  EXPECT_TRUE(takes(number, "-9223372036854775808"));
  EXPECT_TRUE(takes(number, "18446744073709551615"));
  EXPECT_FALSE(number.accepts("-9223372036854775809"));
  EXPECT_FALSE(number.accepts("18446744073709551616"));
  EXPECT_FALSE(number.accepts(std::string(10'000, '9')));
  const Converter small("int", {{"max", "9"}});
  EXPECT_FALSE(small.accepts("18446744073709551615"));
}

TEST(Converter, AnIntHasTheDigitsAndTheRangeAskedFor) {
  const Converter number("int", {{"fixed_digits", "2"}, {"min", "3"}, {"max", "50"}});
  EXPECT_TRUE(takes(number, "03"));
  EXPECT_TRUE(takes(number, "50"));
  for (const char* text : {"3", "02", "51", "003"}) {
    EXPECT_TRUE(number.matches(text)) << text;
    EXPECT_FALSE(number.accepts(text)) << text;
  }
}

TEST(Converter, AFloatHasADot) {
  const Converter number("float", {{"max", "2.5"}});
  EXPECT_TRUE(takes(number, "1.5"));
  EXPECT_TRUE(takes(number, "2.5"));
  EXPECT_FALSE(number.accepts("2.6"));
  for (const char* text : {"", "1", "1.", ".5", "-1.5", "1e5", "1.5e5", "inf", "nan", "1.2.3"}) {
    EXPECT_FALSE(number.matches(text)) << text;
  }
  EXPECT_TRUE(takes(Converter("float", {{"signed", "True"}, {"min", "-2"}}), "-1.5"));
}

TEST(Converter, APathIsNotEmptyAndHasNoSlashInFront) {
  const Converter path("path");
  EXPECT_TRUE(takes(path, "a"));
  EXPECT_TRUE(takes(path, "a/b/"));
  EXPECT_FALSE(path.matches(""));
  EXPECT_FALSE(path.matches("/a"));
}

TEST(Converter, AnyIsOneOfItsTexts) {
  const Converter any("any", {{"", "draft"}, {"", "final"}});
  EXPECT_TRUE(takes(any, "draft"));
  EXPECT_TRUE(takes(any, "final"));
  for (const char* text : {"", "draf", "draftfinal", "Draft"}) EXPECT_FALSE(any.matches(text)) << text;
}

TEST(Converter, AUuidIsGivenInLowerCase) {
  const Converter uuid("uuid");
  EXPECT_TRUE(takes(uuid, "123E4567-e89b-12d3-a456-426614174000"));
  EXPECT_EQ(uuid.to_value("123E4567-e89b-12d3-a456-426614174000"), "123e4567-e89b-12d3-a456-426614174000");
  EXPECT_EQ(Converter("string").to_value("A"), "A");
  for (const char* text : {"", "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400",
                           "123e4567-e89b-12d3-a456-42661417400g", "123e4567-e89b-12d3-a4564-26614174000"}) {
    EXPECT_FALSE(uuid.matches(text)) << text;
  }
}

TEST(Converter, FillsUpWithZeros) {
  EXPECT_EQ(Converter("int", {{"fixed_digits", "4"}}).to_text("7"), "0007");
  EXPECT_EQ(Converter("int", {{"fixed_digits", "4"}, {"signed", "True"}}).to_text("-7"), "-007");
  EXPECT_EQ(Converter("int").to_text("7"), "7");
}

TEST(Converter, RefusesToWriteWhatItWouldNotRead) {
  EXPECT_EQ(Converter("int").to_text("seven"), std::nullopt);
  EXPECT_EQ(Converter("int", {{"max", "6"}}).to_text("7"), std::nullopt);
  EXPECT_EQ(Converter("int", {{"fixed_digits", "2"}}).to_text("123"), std::nullopt);
  EXPECT_EQ(Converter("any", {{"", "a"}}).to_text("b"), std::nullopt);
}

TEST(Converter, SaysWhatIsWrongWithItsName) {
  EXPECT_EQ(error("integer", {}),
            "no converter is called \"integer\"; there are string, int, float, path, any and uuid");
}

TEST(Converter, SaysWhatIsWrongWithItsArguments) {
  EXPECT_EQ(error("int", {{"minimum", "1"}}), "this converter has no argument minimum");
  EXPECT_EQ(error("path", {{"length", "1"}}), "this converter has no argument length");
  EXPECT_EQ(error("int", {{"min", "one"}}), "min takes a number, not \"one\"");
  EXPECT_EQ(error("string", {{"length", "-1"}}), "length takes a number, not \"-1\"");
  EXPECT_EQ(error("int", {{"signed", "yes"}}), "signed is True or False");
  EXPECT_EQ(error("int", {{"", "5"}}), "an argument without a name, \"5\": only any takes these");
  EXPECT_EQ(error("int", {{"min", "2"}, {"max", "1"}}), "min is above max");
  EXPECT_EQ(error("float", {{"min", "2.5"}, {"max", "1"}}), "min is above max");
  EXPECT_EQ(error("int", {{"fixed_digits", "0"}}), "fixed_digits is one or more");
  EXPECT_EQ(error("string", {{"minlength", "0"}}), "a segment has one character or more");
  EXPECT_EQ(error("string", {{"minlength", "3"}, {"maxlength", "2"}}), "minlength is above maxlength");
  EXPECT_EQ(error("string", {{"length", "3"}, {"maxlength", "2"}}),
            "length leaves no room for minlength and maxlength");
  EXPECT_EQ(error("any", {}), "any takes one text or more");
  EXPECT_EQ(error("any", {{"a", "b"}}), "any takes texts, not a=");
  EXPECT_EQ(error("any", {{"", "a/b"}}), "a text of any is not empty and has no slash");
}

}  // namespace
}  // namespace prometheus_async::tx::web
