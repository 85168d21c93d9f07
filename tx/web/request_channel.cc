// SPDX-License-Identifier: Apache-2.0

#include "tx/web/request_channel.h"

#include <charconv>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace prometheus_async::tx::web {
namespace {

Failure client_has_left() { return Failure::make<ConnectionLostError>("the client has left"); }

void succeed_all(std::vector<Promise<void>>& waiters) {
  for (Promise<void>& waiter : std::exchange(waiters, {})) {
    if (!waiter.called()) waiter.callback();
  }
}

void fail_all(std::vector<Promise<void>>& waiters, const Failure& reason) {
  for (Promise<void>& waiter : std::exchange(waiters, {})) {
    if (!waiter.called()) waiter.errback(reason);
  }
}

}  // namespace

RequestChannel::~RequestChannel() {
  request_.on_change_ = nullptr;
  if (!is_complete_ && !request_.is_lost_) {  // the frame ends with the io_context: nobody is told
    request_.is_lost_ = true;
    keep_head();
  }
}

asio::awaitable<void> RequestChannel::send(const Body& body) {
  bool is_whole = body.is_done() && !request_.is_finished_ && request_.out_.empty();
  if (body.is_done() && !is_whole) add_to_written(body.bytes());
  for (;;) {
    std::exception_ptr failure;
    try {
      if (is_whole) {
        is_whole = false;
        request_.is_finished_ = true;
        if (!body.bytes().empty()) set_default_content_type();
        co_await exchange_.respond(request_.status_, request_.headers_, body.bytes());
        sent_bytes_ = shows_body() ? body.bytes().size() : 0;
        complete();
      } else {
        co_await send_in_pieces();
      }
      co_return;
    } catch (const std::logic_error&) {
      failure = std::current_exception();
    } catch (...) {
      lose(Failure::make<ConnectionLostError>("the server has stopped"));
      throw;
    }
    fail(Failure(failure));
    if (request_.is_lost_) co_return;
  }
}

// Of a render function that wrote, and returned bytes all the same.
void RequestChannel::add_to_written(std::string_view bytes) {
  if (request_.is_finished_) {
    request_.log("bytes returned after finish()");
  } else {
    request_.write(bytes);
    request_.finish();
  }
}

asio::awaitable<void> RequestChannel::send_in_pieces() {
  Request& request = request_;
  asio::steady_timer change(exchange_.get_executor(), asio::steady_timer::time_point::max());
  request.on_change_ = [&change] { change.cancel(); };
  exchange_.on_disconnect([this, &change] {
    lose(client_has_left());
    change.cancel();
  });
  std::string piece;
  while (!request.is_lost_) {
    if (request.out_.empty() && !request.is_finished_) {
      co_await change.async_wait(asio::as_tuple(asio::use_awaitable));
      continue;
    }
    if (request.is_cut_) {
      lose(Failure::make<ConnectionLostError>("the answer failed in the middle"));
      co_return;
    }
    piece.clear();
    piece.swap(request.out_);
    request.in_flight_ = piece.size();
    const bool is_last = request.is_finished_;
    if (!request.has_begun_) {
      if (!is_last || !piece.empty()) set_default_content_type();
      const std::optional<std::uint64_t> length = declared_length();
      if (is_last && !length) {
        co_await exchange_.respond(request.status_, request.headers_, piece);
        sent_bytes_ = shows_body() ? piece.size() : 0;
        break;
      }
      exchange_.begin(request.status_, request.headers_, length);
      request.has_begun_ = true;
    }
    if (!piece.empty()) co_await exchange_.write(piece);
    sent_bytes_ += shows_body() ? piece.size() : 0;
    if (request.is_lost_) co_return;
    if (is_last) {
      co_await exchange_.finish();
      break;
    }
    request.in_flight_ = 0;
    if (request.out_.empty()) succeed_all(request.drain_waiters_);
  }
  complete();
}

bool RequestChannel::shows_body() const { return request_.method() != "HEAD" && !request_.status_.is_bodiless(); }

void RequestChannel::set_default_content_type() {
  if (request_.status_.is_bodiless() || request_.headers_.contains("Content-Type")) return;
  request_.set_header("Content-Type", "text/html");  // twisted.web's
}

std::optional<std::uint64_t> RequestChannel::declared_length() const {
  const std::optional<std::string_view> text = request_.headers_.get("Content-Length");
  if (!text) return std::nullopt;
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc() || end != text->data() + text->size()) {
    throw std::invalid_argument("response header \"Content-Length\": no number of bytes");
  }
  return length;
}

// The answer is with the system, unless the client was found to be gone on the way.
void RequestChannel::complete() {
  Request& request = request_;
  if (request.is_lost_) return;
  if (exchange_.is_lost()) {
    lose(client_has_left());
    return;
  }
  is_complete_ = true;
  request.on_change_ = nullptr;
  request.in_flight_ = 0;
  if (request.weak_from_this().use_count() > 1) {
    request.own_head_ = std::make_unique<const http::RequestHead>(*request.head_);
    request.head_ = request.own_head_.get();
  }
  succeed_all(request.drain_waiters_);
  succeed_all(request.finish_waiters_);
}

void RequestChannel::fail(const Failure& failure) {
  const std::string what = failure.get_error_message();
  request_.log(what);
  if (request_.has_begun_) {
    lose(failure);
    return;
  }
  request_.put_error_page(what);
  request_.is_finished_ = true;
}

void RequestChannel::lose(const Failure& reason) {
  Request& request = request_;
  if (request.is_lost_) return;
  request.is_lost_ = true;
  request.on_change_ = nullptr;
  request.out_ = std::string();
  request.in_flight_ = 0;
  keep_head();
  if (!request.is_finished_) request.self_ = request.shared_from_this();
  fail_all(request.drain_waiters_, reason);
  fail_all(request.finish_waiters_, reason);
}

void RequestChannel::keep_head() {
  request_.kept_head_.emplace(exchange_.release());
  request_.head_ = &request_.kept_head_->head();
}

}  // namespace prometheus_async::tx::web
