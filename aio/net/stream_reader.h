// SPDX-License-Identifier: Apache-2.0
//
// Reads a stream into a buffer: when its bytes are waited for, or ahead while something else goes on.
//
//   StreamReader reader(stream);
//   while (reader.bytes().find('\n') == std::string_view::npos) {
//     const Stream::Result result = co_await reader.receive();
//     if (!reader.take(result)) co_return;
//   }
#ifndef PROMETHEUS_ASYNC_AIO_NET_STREAM_READER_H_
#define PROMETHEUS_ASYNC_AIO_NET_STREAM_READER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include "aio/net/read_buffer.h"
#include "aio/net/stream.h"

namespace prometheus_async::aio::net {

// Lifetime: the stream's; and as long as is_reading_ahead(). Threads: the stream's.
class StreamReader {
 public:
  explicit StreamReader(Stream& stream) : stream_(stream) {}

  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  // What has come and was not consumed. Valid until the next receive(), or the loop's next turn while it reads ahead;
  // consumed bytes stay as long.
  std::string_view bytes() const { return buffer_.bytes(); }
  void consume(std::size_t size) { buffer_.consume(size); }
  // Gives memory back, if it is unused.
  void shrink();

  // Waits until more has come, by a read that is under way already if there is one. The result is for take(): in two
  // steps, so that a wait costs no coroutine frame.
  auto receive() {
    return asio::async_initiate<const asio::deferred_t, void(Stream::Result)>(
        [](auto handler, StreamReader* self) {
          const asio::cancellation_slot slot = asio::get_associated_cancellation_slot(handler);
          self->receive(std::move(handler), slot);
        },
        asio::deferred, this);
  }
  // The same, which the awaiting coroutine's cancellation does not end, but the stream's cancel(): Asio keeps what a
  // cancellation calls in memory of its own, which comes from the heap where many wait.
  auto receive_uncancelled() {
    return asio::async_initiate<const asio::deferred_t, void(Stream::Result)>(
        [](auto handler, StreamReader* self) { self->receive(std::move(handler), {}); }, asio::deferred, this);
  }
  // Adds what was received. False if it was an error: the end of the stream, a reset, or a cancellation.
  bool take(const Stream::Result& result);

  // Reads on its own, up to 16 KiB of unconsumed bytes, until stop_reading_ahead(). `on_end` is called once if the
  // stream ends meanwhile, from the loop; at once if it has ended.
  void read_ahead(std::function<void()> on_end);
  // Begins no further read. One that is under way stays, for the next receive().
  void stop_reading_ahead() { on_end_ = nullptr; }
  // Whether a read is under way that nobody waits for.
  bool is_reading_ahead() const { return is_reading_ahead_; }
  // Ends that read.
  asio::awaitable<void> end_reading_ahead();

 private:
  void read_on();
  void has_read(const Stream::Result& result);
  void receive(Stream::ReadHandler handler, asio::cancellation_slot slot);
  void wait_for_read_ahead(Stream::ReadHandler handler, asio::cancellation_slot slot);

  Stream& stream_;
  ReadBuffer buffer_;
  bool is_reading_ahead_ = false;
  std::uint64_t reads_ahead_ = 0;    // that have ended
  boost::system::error_code error_;  // of a read ahead: the stream gives nothing more
  std::function<void()> on_end_;
  std::optional<asio::steady_timer> waiter_;  // cancelled when a read ahead has ended
};

}  // namespace prometheus_async::aio::net

#endif  // PROMETHEUS_ASYNC_AIO_NET_STREAM_READER_H_
