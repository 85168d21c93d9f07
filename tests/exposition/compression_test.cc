// SPDX-License-Identifier: Apache-2.0

#include "exposition/compression.h"

#include <libdeflate.h>
#include <zstd.h>

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace prometheus_async::exposition {
namespace {

// By the libraries' other halves, which refuse damaged data. `size` is that of the original.
std::string decompress(std::string_view compressed, Encoding encoding, std::size_t size) {
  std::string text(size, '\0');
  if (encoding == Encoding::kIdentity) return std::string(compressed);
  if (encoding == Encoding::kZstd) {
    EXPECT_EQ(ZSTD_getFrameContentSize(compressed.data(), compressed.size()), size);
    EXPECT_EQ(ZSTD_decompress(text.data(), size, compressed.data(), compressed.size()), size);
    return text;
  }
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decompressor(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  // Without a place for the size, it has to be exactly that of `text`.
  EXPECT_EQ(
      libdeflate_gzip_decompress(decompressor.get(), compressed.data(), compressed.size(), text.data(), size, nullptr),
      LIBDEFLATE_SUCCESS);
  return text;
}

std::string page(int series) {
  std::string text;
  for (int i = 0; i < series; ++i) {
    text += "requests_total{path=\"/users/" + std::to_string(i) + "\"} " + std::to_string(i * 7919 % 100'003) + "\n";
  }
  return text;
}

std::string noise(std::size_t size) {
  std::mt19937 random(42);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

class CompressTest : public ::testing::TestWithParam<Encoding> {};

TEST_P(CompressTest, LosesNothing) {
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("# EOF\n"), page(10), page(10'000), noise(100'000)}) {
    EXPECT_EQ(decompress(compress(text, GetParam()), GetParam(), text.size()), text);
  }
}

// More than is kept of the memory, and something small afterwards.
TEST_P(CompressTest, TakesAGiantPage) {
  std::string text;
  for (const std::string some = page(10'000); text.size() <= std::size_t{16} << 20;) text += some;
  EXPECT_EQ(decompress(compress(text, GetParam()), GetParam(), text.size()), text);
  EXPECT_EQ(decompress(compress("a", GetParam()), GetParam(), 1), "a");
}

TEST_P(CompressTest, GivesTheSameForTheSame) {
  EXPECT_EQ(compress(page(100), GetParam()), compress(page(100), GetParam()));
}

TEST_P(CompressTest, WorksInSeveralThreads) {
  const std::string text = page(2'000);
  const std::string expected = compress(text, GetParam());
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) EXPECT_EQ(compress(text, GetParam()), expected);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Encodings, CompressTest,
                         ::testing::Values(Encoding::kIdentity, Encoding::kGzip, Encoding::kZstd),
                         [](const auto& parameter) { return std::string(to_string(parameter.param)); });

TEST(Compress, MakesAFifthOfAPageAtMost) {
  const std::string text = page(10'000);
  for (const Encoding encoding : {Encoding::kGzip, Encoding::kZstd}) {
    EXPECT_LE(compress(text, encoding).size(), text.size() / 5) << to_string(encoding);
  }
}

// The example of the header.
TEST(Compress, ReadsAsInTheHeader) {
  const struct {
    std::string body;
  } page{"up 1\n"};
  const std::string compressed = exposition::compress(page.body, exposition::Encoding::kGzip);
  EXPECT_EQ(exposition::to_string(exposition::Encoding::kGzip), "gzip");
  EXPECT_EQ(decompress(compressed, Encoding::kGzip, page.body.size()), page.body);
}

}  // namespace
}  // namespace prometheus_async::exposition
