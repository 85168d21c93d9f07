// SPDX-License-Identifier: Apache-2.0

#include "aio/net/read_buffer.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

// Writes as much of `bytes` as there is room for.
std::size_t put(ReadBuffer& buffer, std::string_view bytes) {
  const std::span<char> room = buffer.prepare();
  const std::size_t size = std::min(room.size(), bytes.size());
  std::copy_n(bytes.begin(), size, room.begin());
  buffer.commit(size);
  return size;
}

TEST(ReadBuffer, GivesBytesInOrder) {
  ReadBuffer buffer;
  EXPECT_EQ(buffer.bytes(), "");
  put(buffer, "hello ");
  put(buffer, "world");
  EXPECT_EQ(buffer.bytes(), "hello world");
  buffer.consume(6);
  EXPECT_EQ(buffer.bytes(), "world");
}

TEST(ReadBuffer, AlwaysHasRoom) {
  ReadBuffer buffer;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(static_cast<std::size_t>(1 + i % 97), static_cast<char>('a' + i % 26));
    for (std::string_view rest = piece; !rest.empty();) {
      const std::size_t size = put(buffer, rest);
      ASSERT_GT(size, 0u);
      rest.remove_prefix(size);
    }
    expected += piece;
    const std::size_t used = i % 3 == 0 ? expected.size() / 2 : 0;
    buffer.consume(used);
    expected.erase(0, used);
    ASSERT_EQ(buffer.bytes(), expected);
  }
}

TEST(ReadBuffer, KeepsConsumedBytesInPlaceUntilThereIsToBeRoom) {
  ReadBuffer buffer;
  put(buffer, "hello");
  const std::string_view bytes = buffer.bytes();
  buffer.consume(5);
  EXPECT_EQ(bytes, "hello");
}

TEST(ReadBuffer, GivesMemoryBack) {
  ReadBuffer buffer;
  for (int i = 0; i < 10000; ++i) put(buffer, "0123456789abcdef");  // fills blocks evenly
  buffer.shrink();
  EXPECT_EQ(buffer.bytes().size(), 160000u);  // not what is still to be used
  buffer.consume(160000);
  buffer.shrink();
  EXPECT_LE(buffer.prepare().size(), 4096u);
}

}  // namespace
}  // namespace prometheus_async::aio::net
