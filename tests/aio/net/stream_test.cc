// SPDX-License-Identifier: Apache-2.0

#include "aio/net/stream.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

using asio::ip::tcp;

constexpr std::size_t kMostAtOnce = 256 * 1024;

class StreamTest : public ::testing::Test {
 protected:
  Socket connected() {
    tcp::acceptor acceptor(io_context_, {asio::ip::address_v4::loopback(), 0});
    client_.connect(acceptor.local_endpoint());
    return Socket(acceptor.accept());
  }

  // Reads all that comes; its size.
  std::future<std::size_t> drain() {
    return std::async(std::launch::async, [this] {
      std::string all;
      boost::system::error_code end;
      return asio::read(client_, asio::dynamic_buffer(all), end);
    });
  }

  static Stream::ConstBuffers parts(const std::string& head, const std::string& body) {
    return {asio::buffer(head), asio::buffer(body), asio::const_buffer()};
  }

  asio::awaitable<std::vector<std::size_t>> write_all(std::string bytes) {
    std::vector<std::size_t> sizes;
    for (std::size_t sent = 0; sent < bytes.size();) {
      const Stream::ConstBuffers buffers{asio::buffer(bytes) + sent, asio::const_buffer(), asio::const_buffer()};
      const auto [error, size] = co_await stream_.write_some(buffers);
      if (error) break;
      sizes.push_back(size);
      sent += size;
    }
    stream_.reset();
    co_return sizes;
  }

  // The example of the header.
  asio::awaitable<Stream::Result> read() {
    const auto [error, size] = co_await stream_.read_some(asio::buffer(buffer_));
    co_return Stream::Result(error, size);
  }

  asio::io_context io_context_{1};
  std::array<char, 16> buffer_{};
  tcp::socket client_{io_context_};
  Stream stream_{connected(), nullptr};
};

// The system's buffers hold more.
TEST_F(StreamTest, WritesNoMoreThanItsShareAtOnce) {
  const std::string head(100, 'h');
  for (const std::size_t size : {kMostAtOnce - 1, kMostAtOnce, kMostAtOnce + 1, 8 * kMostAtOnce}) {
    client_.close();
    stream_.reset();
    Stream stream(connected(), nullptr);
    const std::string body(size - head.size(), 'b');
    const auto [error, written] = stream.write_now(parts(head, body));
    EXPECT_FALSE(error);
    EXPECT_EQ(written, std::min(size, kMostAtOnce));
  }
}

TEST_F(StreamTest, WritesInPiecesWhatItWaitsFor) {
  auto received = drain();
  auto written = asio::co_spawn(io_context_, write_all(std::string((4 << 20) + 1, 'x')), asio::use_future);
  io_context_.run();
  const std::vector<std::size_t> sizes = written.get();
  EXPECT_LE(*std::max_element(sizes.begin(), sizes.end()), kMostAtOnce);
  EXPECT_GE(sizes.size(), 17u);
  received.get();
}

TEST_F(StreamTest, ReadsWhatHasCome) {
  asio::write(client_, asio::buffer("hello", 5));
  auto result = asio::co_spawn(io_context_, read(), asio::use_future);
  io_context_.run();
  EXPECT_EQ(result.get(), Stream::Result(boost::system::error_code(), 5u));
  EXPECT_EQ(std::string_view(buffer_.data(), 5), "hello");
}

TEST_F(StreamTest, ReadsAreEndedByCancelAndByTheCancellationOfWhoAwaits) {
  auto cancelled = asio::co_spawn(io_context_, read(), asio::use_future);
  io_context_.poll();
  stream_.cancel();
  io_context_.run();
  EXPECT_EQ(std::get<0>(cancelled.get()), asio::error::operation_aborted);

  asio::cancellation_signal signal;
  Stream::Result result;
  io_context_.restart();
  asio::co_spawn(
      io_context_, read(),
      asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr&, Stream::Result r) { result = r; }));
  io_context_.poll();
  signal.emit(asio::cancellation_type::terminal);
  io_context_.run();
  EXPECT_EQ(std::get<0>(result), asio::error::operation_aborted);
}

// The read's handler owns who awaits it, and with it the stream.
TEST_F(StreamTest, ReadsGoWithALoopThatEnds) {
  auto io_context = std::make_unique<asio::io_context>(1);
  tcp::acceptor acceptor(io_context_, {asio::ip::address_v4::loopback(), 0});
  tcp::socket client(io_context_);
  client.connect(acceptor.local_endpoint());
  auto stream = std::make_shared<Stream>(Socket(acceptor.accept(*io_context)), nullptr);
  const std::weak_ptr<Stream> observer = stream;
  stream->read_some(asio::buffer(buffer_), [stream](const Stream::Result&) { ADD_FAILURE(); });
  stream.reset();
  EXPECT_FALSE(observer.expired());
  io_context.reset();
  EXPECT_TRUE(observer.expired());
}

TEST_F(StreamTest, KnowsPlainHttpByTheErrorOfAHandshakeAlone) {
  EXPECT_FALSE(is_plain_http({}));
  EXPECT_FALSE(is_plain_http(asio::error::eof));
}

}  // namespace
}  // namespace prometheus_async::aio::net
