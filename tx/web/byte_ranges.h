// SPDX-License-Identifier: Apache-2.0
//
// The Range field of a request (RFC 9110 14.1.2).
//
//   parse_byte_ranges("bytes=0-99,-100", 1000);  // {{0, 100}, {900, 100}}
#ifndef PROMETHEUS_ASYNC_TX_WEB_BYTE_RANGES_H_
#define PROMETHEUS_ASYNC_TX_WEB_BYTE_RANGES_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace prometheus_async::tx::web {

// A part of a file, of at least one byte.
struct ByteRange {
  std::uint64_t begin;
  std::uint64_t size;

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// Those of the ranges that the file of that size has a part of, cut to it, in their order. None of them: 416.
// nullopt for what does not parse, for more than 16, and for more bytes than the file has: the field is then as if it
// were not there.
std::optional<std::vector<ByteRange>> parse_byte_ranges(std::string_view range, std::uint64_t file_size);

}  // namespace prometheus_async::tx::web

#endif  // PROMETHEUS_ASYNC_TX_WEB_BYTE_RANGES_H_
