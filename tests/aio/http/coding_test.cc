// SPDX-License-Identifier: Apache-2.0

#include "aio/http/coding.h"

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/aio/http/decoded.h"

namespace prometheus_async::aio::http {
namespace {

using prometheus_async::testing::decoded;
using prometheus_async::testing::Decoded;

struct Coding {
  const char* name;
  ContentEncoder (*make)(int level);
};

void PrintTo(const Coding& coding, std::ostream* out) { *out << coding.name; }

// Text that neither coding makes much of, so that many a chunk goes out of it.
std::string noise(std::size_t size) {
  std::string text;
  text.reserve(size);
  for (std::size_t i = 0; text.size() < size; ++i) text += static_cast<char>((i * i * 2654435761u) >> 11);
  return text;
}

class EachCoding : public ::testing::TestWithParam<Coding> {
 protected:
  static ContentEncoder make(int level = 1) { return GetParam().make(level); }
  static Decoded read(std::string_view bytes) { return decoded(bytes, GetParam().name); }
};

INSTANTIATE_TEST_SUITE_P(Codings, EachCoding,
                         ::testing::Values(Coding{"gzip", ContentEncoder::gzip}, Coding{"zstd", ContentEncoder::zstd}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(EachCoding, IsReadBackAtOnce) {
  ContentEncoder encoder = make();
  std::string out;
  encoder.write("hello", out);
  encoder.finish(out);
  EXPECT_EQ(read(out).text, "hello");
  EXPECT_TRUE(read(out).is_whole);
}

TEST_P(EachCoding, MakesAWholeOfNothing) {
  ContentEncoder encoder = make();
  std::string out;
  encoder.finish(out);
  EXPECT_EQ(read(out).text, "");
  EXPECT_TRUE(read(out).is_whole);
}

TEST_P(EachCoding, JoinsPiecesOfAnySize) {
  const std::string text = noise(700'000);
  for (const std::size_t size : {1'000u, 65'535u, 65'536u, 65'537u, 700'000u}) {
    ContentEncoder encoder = make();
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += size) encoder.write(std::string_view(text).substr(i, size), out);
    encoder.finish(out);
    EXPECT_TRUE(read(out).text == text) << size;
    EXPECT_TRUE(read(out).is_whole) << size;
  }
}

// Several times the room that an encoder fills at a time.
TEST_P(EachCoding, FlushesAllThatWasWritten) {
  const std::string text = noise(100'000);
  ContentEncoder encoder = make();
  std::string out;
  encoder.write(text, out);
  encoder.flush(out);
  EXPECT_TRUE(read(out).text == text);
  EXPECT_FALSE(read(out).is_whole);
  encoder.write("more", out);
  encoder.finish(out);
  EXPECT_TRUE(read(out).text == text + "more");
  EXPECT_TRUE(read(out).is_whole);
}

TEST_P(EachCoding, FlushesNothingTwice) {
  ContentEncoder encoder = make();
  std::string out;
  encoder.write("a", out);
  encoder.flush(out);
  encoder.flush(out);
  EXPECT_EQ(read(out).text, "a");
}

TEST_P(EachCoding, MakesTextSmaller) {
  const std::string text(1'000'000, 'x');
  ContentEncoder encoder = make();
  std::string out;
  encoder.write(text, out);
  encoder.finish(out);
  EXPECT_LT(out.size(), 10'000u);
}

TEST_P(EachCoding, IsDoneWhenFinished) {
  ContentEncoder encoder = make();
  std::string out;
  encoder.finish(out);
  EXPECT_THROW(encoder.write("a", out), std::logic_error);
  EXPECT_THROW(encoder.flush(out), std::logic_error);
  EXPECT_THROW(encoder.finish(out), std::logic_error);
}

TEST_P(EachCoding, GoesOnWhenMoved) {
  ContentEncoder encoder = make();
  std::string out;
  encoder.write("a", out);
  ContentEncoder moved = std::move(encoder);
  moved.write("b", out);
  moved.finish(out);
  EXPECT_EQ(read(out).text, "ab");
}

TEST(Coding, HasLevelsFromOneOn) {
  EXPECT_THROW(ContentEncoder::gzip(0), std::invalid_argument);
  EXPECT_NO_THROW(ContentEncoder::gzip(1));
  EXPECT_THROW(ContentEncoder::zstd(0), std::invalid_argument);
  EXPECT_NO_THROW(ContentEncoder::zstd(1));
}

TEST(Coding, HasLevelsUpToTheHighestThatReadersTake) {
  EXPECT_NO_THROW(ContentEncoder::gzip(9));
  EXPECT_THROW(ContentEncoder::gzip(10), std::invalid_argument);
  EXPECT_NO_THROW(ContentEncoder::zstd(19));
  EXPECT_THROW(ContentEncoder::zstd(20), std::invalid_argument);
}

TEST(Coding, IsAsInTheHeader) {
  http::ContentEncoder encoder = http::ContentEncoder::gzip();
  std::string out;
  encoder.write("half of the text, ", out);
  encoder.flush(out);
  EXPECT_EQ(decoded(out, "gzip").text, "half of the text, ");
  encoder.write("and the rest", out);
  encoder.finish(out);
  EXPECT_EQ(decoded(out, "gzip").text, "half of the text, and the rest");
}

}  // namespace
}  // namespace prometheus_async::aio::http
