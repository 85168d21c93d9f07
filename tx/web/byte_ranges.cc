// SPDX-License-Identifier: Apache-2.0

#include "tx/web/byte_ranges.h"

#include <algorithm>
#include <charconv>

#include "aio/http/ascii.h"

namespace prometheus_async::tx::web {
namespace {

namespace http = aio::http;

constexpr std::size_t kMostRanges = 16;

// Digits alone, and no more than a uint64_t holds.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  if (!http::is_digits(text)) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

// The part of the file, which is empty where it has none.
std::optional<ByteRange> parse_one(std::string_view spec, std::uint64_t file_size) {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view first = spec.substr(0, dash);
  const std::string_view last = spec.substr(dash + 1);
  if (first.empty()) {
    const std::optional<std::uint64_t> suffix = parse_number(last);
    if (!suffix) return std::nullopt;
    const std::uint64_t size = std::min(*suffix, file_size);
    return ByteRange{file_size - size, size};
  }
  const std::optional<std::uint64_t> begin = parse_number(first);
  if (!begin) return std::nullopt;
  if (*begin >= file_size) {
    const std::optional<std::uint64_t> end = last.empty() ? begin : parse_number(last);
    return end && *end >= *begin ? std::optional(ByteRange{0, 0}) : std::nullopt;
  }
  if (last.empty()) return ByteRange{*begin, file_size - *begin};
  const std::optional<std::uint64_t> end = parse_number(last);
  if (!end || *end < *begin) return std::nullopt;
  return ByteRange{*begin, std::min(*end, file_size - 1) - *begin + 1};
}

}  // namespace

std::optional<std::vector<ByteRange>> parse_byte_ranges(std::string_view range, std::uint64_t file_size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!http::ascii_iequals(range.substr(0, kUnit.size()), kUnit)) return std::nullopt;
  std::string_view rest = range.substr(kUnit.size());
  std::vector<ByteRange> ranges;
  std::uint64_t total = 0;
  std::size_t count = 0;
  for (;;) {
    const std::size_t comma = rest.find(',');
    const std::optional<ByteRange> one = parse_one(http::trim_ows(rest.substr(0, comma)), file_size);
    if (!one || ++count > kMostRanges) return std::nullopt;
    total += one->size;  // of two sizes below 2^63, as a file's are
    if (total > file_size) return std::nullopt;
    if (one->size > 0) ranges.push_back(*one);
    if (comma == std::string_view::npos) return ranges;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace prometheus_async::tx::web
