// SPDX-License-Identifier: Apache-2.0

#include "aio/net/stream_reader.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace prometheus_async::aio::net {
namespace {

constexpr std::size_t kMostReadAhead = 16 * 1024;  // twisted.web's

}  // namespace

void StreamReader::shrink() {
  if (!is_reading_ahead_) buffer_.shrink();
}

asio::awaitable<Stream::Result> StreamReader::receive() {
  if (is_reading_ahead_ || error_) return wait_for_read_ahead();
  const std::span<char> room = buffer_.prepare();
  return stream_.read_some(asio::buffer(room.data(), room.size()));
}

bool StreamReader::take(const Stream::Result& result) {
  const auto& [error, size] = result;
  buffer_.commit(size);
  return !error;
}

void StreamReader::read_ahead(std::function<void()> on_end) {
  on_end_ = std::move(on_end);
  if (!error_) return read_on();
  if (const auto function = std::exchange(on_end_, nullptr)) function();
}

void StreamReader::read_on() {
  const std::size_t held = bytes().size();
  if (is_reading_ahead_ || held >= kMostReadAhead) return;
  const std::span<char> room = buffer_.prepare();
  is_reading_ahead_ = true;
  stream_.read_some(asio::buffer(room.data(), std::min(room.size(), kMostReadAhead - held)),
                    [this](const boost::system::error_code& error, std::size_t size) { has_read(error, size); });
}

void StreamReader::has_read(const boost::system::error_code& error, std::size_t size) {
  is_reading_ahead_ = false;
  buffer_.commit(size);
  error_ = error;
  if (waiter_) waiter_->cancel();
  if (!on_end_) return;
  if (!error) return read_on();
  const auto function = std::exchange(on_end_, nullptr);
  function();
}

asio::awaitable<void> StreamReader::end_reading_ahead() {
  stream_.cancel();
  co_await wait_for_read_ahead();
}

// Bytes that it brings are in the buffer already: the result has none.
asio::awaitable<Stream::Result> StreamReader::wait_for_read_ahead() {
  if (is_reading_ahead_ && !waiter_) waiter_.emplace(stream_.get_executor(), asio::steady_timer::time_point::max());
  while (is_reading_ahead_) co_await waiter_->async_wait(asio::as_tuple(asio::use_awaitable));
  co_return Stream::Result(error_, 0);
}

}  // namespace prometheus_async::aio::net
