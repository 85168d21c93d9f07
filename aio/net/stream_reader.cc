// SPDX-License-Identifier: Apache-2.0

#include "aio/net/stream_reader.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace prometheus_async::aio::net {
namespace {

constexpr std::size_t kMostReadAhead = 16 * 1024;  // twisted.web's

}  // namespace

void StreamReader::shrink() {
  if (!is_reading_ahead_) buffer_.shrink();
}

void StreamReader::receive(Stream::ReadHandler handler, asio::cancellation_slot slot) {
  if (is_reading_ahead_ || error_) return wait_for_read_ahead(std::move(handler), slot);
  const std::span<char> room = buffer_.prepare();
  stream_.read_some(asio::buffer(room.data(), room.size()), std::move(handler), slot);
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
                    [this](const Stream::Result& result) { has_read(result); });
}

void StreamReader::has_read(const Stream::Result& result) {
  const auto& [error, size] = result;
  is_reading_ahead_ = false;
  ++reads_ahead_;
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
  while (is_reading_ahead_) co_await receive();
}

// Bytes that it brings are in the buffer already: the result has none.
void StreamReader::wait_for_read_ahead(Stream::ReadHandler handler, asio::cancellation_slot slot) {
  if (!waiter_) waiter_.emplace(stream_.get_executor());
  waiter_->expires_at(is_reading_ahead_ ? asio::steady_timer::time_point::max()
                                        : asio::steady_timer::time_point::min());
  const bool has_to_come = is_reading_ahead_;
  auto wait = [this, has_to_come, before = reads_ahead_, waiting = std::move(handler)](const auto&) mutable {
    const bool is_cancelled = has_to_come && reads_ahead_ == before;
    waiting({is_cancelled ? asio::error::operation_aborted : error_, 0});
  };
  waiter_->async_wait(asio::bind_cancellation_slot(slot, std::move(wait)));
}

}  // namespace prometheus_async::aio::net
