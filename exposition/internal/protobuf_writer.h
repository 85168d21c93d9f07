// SPDX-License-Identifier: Apache-2.0
//
// Protocol Buffers' wire format (https://protobuf.dev/programming-guides/encoding/), written field by field. The five
// kinds of fields that client_model has are less than what a library in two build modes would be.
//
//   const auto metric = writer.begin(4);      // a message in field 4
//   writer.number(1, value);
//   writer.end(metric);
#ifndef PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_PROTOBUF_WRITER_H_
#define PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_PROTOBUF_WRITER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "exposition/internal/page_buffer.h"

namespace prometheus_async::exposition::internal {

inline constexpr std::size_t kVarintSize = 10;  // at most

inline char* put_varint(char* to, std::uint64_t value) noexcept {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Small numbers of either sign to small numbers: 0, -1, 1, -2 to 0, 1, 2, 3.
constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

class ProtobufWriter {
 public:
  explicit ProtobufWriter(std::string& page) : page_(page) {}

  PageBuffer& page() noexcept { return page_; }

  // Fields. uint64, uint32, int64 that are not negative, and enums:
  void varint(unsigned field, std::uint64_t value) {
    char* const at = put_varint(page_.room(2 * kVarintSize), field << 3 | kVarint);
    page_.wrote(put_varint(at, value));
  }
  // sint64, sint32:
  void signed_varint(unsigned field, std::int64_t value) { varint(field, zigzag(value)); }
  // double:
  void number(unsigned field, double value) {
    char* const at = put_varint(page_.room(kVarintSize + sizeof value), field << 3 | kFixed64);
    page_.wrote(put_fixed64(at, std::bit_cast<std::uint64_t>(value)));
  }
  void bytes(unsigned field, std::string_view value) {
    char* at = put_varint(page_.room(2 * kVarintSize + value.size()), field << 3 | kLength);
    at = put_varint(at, value.size());
    page_.wrote(put(at, value));
  }

  // A message, or packed numbers: what is written from begin() to end(). end() takes what begin() returned; it moves
  // what was written where its length takes more than the one byte that was left for it.
  std::size_t begin(unsigned field) {
    page_.wrote(put_varint(page_.room(kVarintSize + 1), field << 3 | kLength) + 1);
    return page_.size();
  }
  void end(std::size_t begin) { put_length(begin, 1); }

  // The same without a field, as delimited messages follow each other. Room is left for the length of 16 KiB to 2 MiB,
  // the sizes at which moving costs.
  std::size_t begin_delimited() {
    page_.wrote(page_.room(kDelimitedLength) + kDelimitedLength);
    return page_.size();
  }
  void end_delimited(std::size_t begin) { put_length(begin, kDelimitedLength); }

  // One of packed numbers.
  void packed_varint(std::uint64_t value) { page_.wrote(put_varint(page_.room(kVarintSize), value)); }

  static constexpr std::size_t kDelimitedLength = 3;

 private:
  enum WireType : unsigned { kVarint = 0, kFixed64 = 1, kLength = 2 };

  // Little-endian on every machine.
  static char* put_fixed64(char* to, std::uint64_t bits) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(to, &bits, sizeof bits);
    } else {
      for (std::size_t i = 0; i < sizeof bits; ++i) to[i] = static_cast<char>(bits >> (8 * i));
    }
    return to + sizeof bits;
  }

  // The length of what was written since `begin` into the `left` bytes before it.
  void put_length(std::size_t begin, std::size_t left) {
    const std::size_t length = page_.size() - begin;
    const std::size_t needed = varint_size(length);
    if (needed != left) {
      page_.room(kVarintSize);
      std::memmove(page_.at(begin - left + needed), page_.at(begin), length);
      page_.wrote(page_.at(begin - left + needed + length));
    }
    put_varint(page_.at(begin - left), length);
  }

  PageBuffer page_;
};

}  // namespace prometheus_async::exposition::internal

#endif  // PROMETHEUS_ASYNC_EXPOSITION_INTERNAL_PROTOBUF_WRITER_H_
