// SPDX-License-Identifier: Apache-2.0
//
// A page in the content codings that scrapers take, each in one piece.
//
//   const std::string compressed = exposition::compress(page.body, exposition::Encoding::kGzip);
//   reply("Content-Encoding", exposition::to_string(exposition::Encoding::kGzip), compressed);
#ifndef PROMETHEUS_ASYNC_EXPOSITION_COMPRESSION_H_
#define PROMETHEUS_ASYNC_EXPOSITION_COMPRESSION_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace prometheus_async::exposition {

enum class Encoding : std::uint8_t { kIdentity, kGzip, kZstd };

// As Content-Encoding has them: "identity", "gzip", "zstd".
std::string_view to_string(Encoding encoding) noexcept;

// The levels that compress() takes, by benchmarks/exposition/compression_benchmark.cc: the next ones that make a page
// noticeably smaller, 6 and 5, take more than twice the time, which is several times that of rendering as it is.
inline constexpr int kGzipLevel = 1;
inline constexpr int kZstdLevel = 1;

// `text` in that coding: one gzip member, one zstd frame that tells its size, or a copy.
//
// Throws std::bad_alloc where there is no memory for it. Threads: safe from any. Cost: for a megabyte of metrics 3 to 4
// ms with kGzip, 2 to 3 ms with kZstd. Compressors and their buffers are kept for later pages, two at most of each
// kind; that saves a few per cent.
std::string compress(std::string_view text, Encoding encoding);

}  // namespace prometheus_async::exposition

#endif  // PROMETHEUS_ASYNC_EXPOSITION_COMPRESSION_H_
