// SPDX-License-Identifier: Apache-2.0

#include "aio/net/stream_reader.h"

#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace prometheus_async::aio::net {
namespace {

class StreamReaderTest : public ::testing::Test {
 protected:
  static Socket connected_to(asio::local::stream_protocol::socket& client) {
    asio::local::stream_protocol::socket server(client.get_executor());
    asio::local::connect_pair(server, client);
    return Socket(std::move(server));
  }

  asio::awaitable<void> receive() {
    const Stream::Result result = co_await reader_.receive();
    is_received_ = true;
    is_end_ = !reader_.take(result);
  }
  void begin_to_receive() {
    is_received_ = is_end_ = false;
    asio::co_spawn(io_context_, receive(), asio::detached);
    poll();
  }
  void poll() {
    io_context_.restart();
    io_context_.poll();
  }
  void send(std::string_view bytes) { asio::write(client_, asio::buffer(bytes.data(), bytes.size())); }

  asio::io_context io_context_{1};
  asio::local::stream_protocol::socket client_{io_context_};
  Stream stream_{connected_to(client_), nullptr};
  StreamReader reader_{stream_};
  bool is_received_ = false;
  bool is_end_ = false;
};

// The example of the header.
asio::awaitable<void> read_line(StreamReader& reader) {
  while (reader.bytes().find('\n') == std::string_view::npos) {
    const Stream::Result result = co_await reader.receive();
    if (!reader.take(result)) co_return;
  }
}

TEST_F(StreamReaderTest, ReadsAsInTheHeader) {
  asio::co_spawn(io_context_, read_line(reader_), asio::detached);
  send("hello ");
  poll();
  EXPECT_EQ(io_context_.poll(), 0u);
  send("world\n");
  io_context_.run();
  EXPECT_EQ(reader_.bytes(), "hello world\n");
}

TEST_F(StreamReaderTest, EndsWithTheStream) {
  begin_to_receive();
  EXPECT_FALSE(is_received_);
  client_.close();
  poll();
  EXPECT_TRUE(is_end_);
}

TEST_F(StreamReaderTest, ReadsAheadAndTellsOfTheEnd) {
  int ends = 0;
  reader_.read_ahead([&] { ++ends; });
  EXPECT_TRUE(reader_.is_reading_ahead());
  send("a");
  poll();
  send("b");
  poll();
  EXPECT_EQ(reader_.bytes(), "ab");
  EXPECT_EQ(ends, 0);
  client_.close();
  poll();
  EXPECT_EQ(ends, 1);
  EXPECT_FALSE(reader_.is_reading_ahead());
  reader_.read_ahead([&] { ++ends; });  // it has ended
  EXPECT_EQ(ends, 2);
  begin_to_receive();
  EXPECT_TRUE(is_end_);
  EXPECT_EQ(reader_.bytes(), "ab");
}

TEST_F(StreamReaderTest, KeepsTheReadThatIsUnderWay) {
  reader_.read_ahead([] { ADD_FAILURE(); });
  reader_.stop_reading_ahead();
  EXPECT_TRUE(reader_.is_reading_ahead());
  begin_to_receive();
  EXPECT_FALSE(is_received_);
  send("a");
  poll();
  EXPECT_TRUE(is_received_);
  EXPECT_FALSE(is_end_);
  EXPECT_EQ(reader_.bytes(), "a");
  EXPECT_FALSE(reader_.is_reading_ahead());
}

TEST_F(StreamReaderTest, ReadsAheadNoMoreThan16KiB) {
  reader_.read_ahead([] { ADD_FAILURE(); });
  const std::string much(40'000, 'x');
  send(much);
  poll();
  EXPECT_EQ(reader_.bytes().size(), 16u * 1024);
  EXPECT_FALSE(reader_.is_reading_ahead());
  reader_.consume(1);
  reader_.read_ahead([] { ADD_FAILURE(); });
  poll();
  EXPECT_EQ(reader_.bytes().size(), 16u * 1024);
  while (reader_.bytes().size() < much.size() - 1) begin_to_receive();
  EXPECT_EQ(reader_.bytes(), std::string_view(much).substr(1));
}

TEST_F(StreamReaderTest, CanBeStopped) {
  reader_.read_ahead([] { ADD_FAILURE(); });
  reader_.stop_reading_ahead();
  asio::co_spawn(io_context_, reader_.end_reading_ahead(), asio::detached);
  poll();
  EXPECT_FALSE(reader_.is_reading_ahead());
}

TEST_F(StreamReaderTest, ReceivesWhatIsReadAheadForSomebodyElseToo) {
  reader_.read_ahead([] { ADD_FAILURE(); });
  begin_to_receive();
  EXPECT_FALSE(is_received_);
  send("a");
  poll();
  EXPECT_TRUE(is_received_);
  EXPECT_FALSE(is_end_);
  EXPECT_EQ(reader_.bytes(), "a");
  EXPECT_TRUE(reader_.is_reading_ahead());
}

class CancelledStreamReaderTest : public StreamReaderTest {
 protected:
  enum class By { kCancellation, kStream };

  asio::awaitable<void> receive_uncancelled() {
    const Stream::Result result = co_await reader_.receive_uncancelled();
    is_received_ = true;
    error_ = std::get<0>(result);
  }

  asio::awaitable<void> receive() {
    const Stream::Result result = co_await reader_.receive();
    is_received_ = true;
    error_ = std::get<0>(result);
  }

  void begin(asio::awaitable<void> coroutine) {
    asio::co_spawn(io_context_, std::move(coroutine), asio::bind_cancellation_slot(signal_.slot(), asio::detached));
    poll();
  }
  void end(By by) {
    if (by == By::kStream) {
      stream_.cancel();
    } else {
      signal_.emit(asio::cancellation_type::terminal);
    }
    poll();
  }

  asio::cancellation_signal signal_;
  boost::system::error_code error_;
};

TEST_F(CancelledStreamReaderTest, ReceiveEndsWithItsCancellation) {
  begin(receive());
  EXPECT_FALSE(is_received_);
  end(By::kCancellation);
  EXPECT_EQ(error_, asio::error::operation_aborted);
}

TEST_F(CancelledStreamReaderTest, ReceiveEndsWithItsCancellationWhileItReadsAhead) {
  reader_.read_ahead([] { ADD_FAILURE(); });
  begin(receive());
  EXPECT_FALSE(is_received_);
  end(By::kCancellation);
  EXPECT_EQ(error_, asio::error::operation_aborted);
  EXPECT_TRUE(reader_.is_reading_ahead());
}

TEST_F(CancelledStreamReaderTest, UncancelledReceiveEndsWithTheStreamsCancelAlone) {
  begin(receive_uncancelled());
  end(By::kCancellation);
  EXPECT_FALSE(is_received_);
  end(By::kStream);
  EXPECT_EQ(error_, asio::error::operation_aborted);
}

}  // namespace
}  // namespace prometheus_async::aio::net
