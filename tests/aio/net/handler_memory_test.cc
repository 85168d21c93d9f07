// SPDX-License-Identifier: Apache-2.0

#include "aio/net/handler_memory.h"

#include <array>
#include <cstddef>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

namespace asio = boost::asio;

bool is_within(const void* inner, const HandlerMemory& memory) {
  const auto* begin = static_cast<const std::byte*>(static_cast<const void*>(&memory));
  const auto* at = static_cast<const std::byte*>(inner);
  return at >= begin && at < begin + sizeof(memory);
}

TEST(HandlerMemoryTest, HoldsOneAtATime) {
  HandlerMemory memory;
  void* first = memory.allocate(300);
  void* second = memory.allocate(300);
  EXPECT_TRUE(is_within(first, memory));
  EXPECT_FALSE(is_within(second, memory));
  memory.deallocate(second);
  memory.deallocate(first);
  EXPECT_EQ(memory.allocate(1), first);
  memory.deallocate(first);
}

TEST(HandlerMemoryTest, LeavesWhatIsTooLargeToTheHeap) {
  HandlerMemory memory;
  void* most = memory.allocate(512);
  EXPECT_TRUE(is_within(most, memory));
  memory.deallocate(most);
  void* more = memory.allocate(513);
  EXPECT_FALSE(is_within(more, memory));
  EXPECT_TRUE(is_within(memory.allocate(1), memory));
  memory.deallocate(more);
}

// The example of the header.
TEST(HandlerMemoryTest, HoldsAnOperation) {
  asio::io_context io_context(1);
  asio::local::stream_protocol::socket socket(io_context);
  asio::local::stream_protocol::socket peer(io_context);
  asio::local::connect_pair(socket, peer);
  std::array<char, 1> bytes{};
  const auto buffer = asio::buffer(bytes);
  HandlerMemory memory;
  bool is_free = false;
  const auto handler = [&](const auto&, std::size_t) {
    void* room = memory.allocate(1);
    is_free = is_within(room, memory);
    memory.deallocate(room);
  };

  asio::async_read(socket, buffer, asio::bind_allocator(HandlerAllocator<char>(memory), handler));
  void* elsewhere = memory.allocate(1);
  EXPECT_FALSE(is_within(elsewhere, memory));
  memory.deallocate(elsewhere);
  asio::write(peer, asio::buffer("x", 1));
  io_context.run();
  EXPECT_TRUE(is_free);
}

}  // namespace
}  // namespace prometheus_async::aio::net
