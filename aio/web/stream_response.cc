// SPDX-License-Identifier: Apache-2.0

#include "aio/web/stream_response.h"

#include <cstddef>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aio/net/http_connection.h"
#include "aio/web/application.h"
#include "aio/web/content_coding.h"
#include "exposition/compression.h"

namespace prometheus_async::aio::web {
namespace {

// What is encoded before other connections have their turn: a millisecond or so.
constexpr std::size_t kEncodedAtOnce = 64 * 1024;

}  // namespace

StreamResponse::StreamResponse(Request& request, StreamOptions options)
    : request_(request),
      head_{options.status, std::move(options.headers), {}},
      content_length_(options.content_length),
      has_body_(request.method() != "HEAD" && !head_.status.is_bodiless()) {}

Headers& StreamResponse::headers() {
  check_unprepared("headers()");
  return head_.headers;
}

void StreamResponse::set_status(Status status) {
  check_unprepared("set_status()");
  head_.status = status;
  has_body_ = request_.method() != "HEAD" && !status.is_bodiless();
}

void StreamResponse::enable_compression() {
  check_unprepared("enable_compression()");
  wants_coding_ = true;
}

bool StreamResponse::is_open() const { return has_body_ && !is_ended_ && !request_.exchange().is_lost(); }

asio::awaitable<void> StreamResponse::prepare() {
  if (!is_begun_) co_await write({});
}

asio::awaitable<void> StreamResponse::write(std::string_view piece) {
  begin();
  co_await put(piece);
  check_client();
}

asio::awaitable<void> StreamResponse::flush() {
  begin();
  if (encoder_ && has_body_) {
    encoder_->flush(encoded_);
    co_await put_encoded();
  }
  check_client();
}

asio::awaitable<Response> StreamResponse::write_eof(std::string_view last) {
  begin();
  if (!last.empty()) co_await put(last);
  if (encoder_ && has_body_) {
    encoder_->finish(encoded_);
    co_await put_encoded();
  }
  net::HttpExchange& exchange = request_.exchange();
  if (!exchange.is_lost()) co_await exchange.finish();
  is_ended_ = true;
  head_.body = Body::sent(size_);
  co_return head_;
}

void StreamResponse::begin() {
  if (is_ended_) throw std::logic_error("the stream has had its write_eof()");
  if (is_begun_) return;
  Response head = head_;
  if (request_.has_app()) request_.app().prepare(request_, head);
  std::swap(head, head_);
  has_body_ = request_.method() != "HEAD" && !head_.status.is_bodiless();
  if (wants_coding_) choose_coding();
  request_.exchange().begin(head_.status, head_.headers, content_length_);
  is_begun_ = true;
}

void StreamResponse::choose_coding() {
  if (head_.status.is_bodiless() || !internal::may_be_coded(head_.status, head_.headers)) return;
  internal::add_vary(head_.headers, "Accept-Encoding");
  const exposition::Encoding encoding = internal::preferred_encoding(request_);
  if (encoding == exposition::Encoding::kIdentity) return;
  head_.headers.set("Content-Encoding", exposition::to_string(encoding));
  internal::weaken_etag(head_.headers);
  content_length_ = std::nullopt;
  if (has_body_) encoder_ = internal::make_encoder(encoding);
}

asio::awaitable<void> StreamResponse::put(std::string_view piece) {
  net::HttpExchange& exchange = request_.exchange();
  if (!encoder_ || piece.empty()) {
    co_await exchange.write(piece);
    if (has_body_ && !exchange.is_lost()) size_ += piece.size();
    // Such a write ends at once: others have their turn all the same.
    if (!has_body_) {
      const auto executor = co_await asio::this_coro::executor;
      co_await asio::post(executor, asio::use_awaitable);
    }
    co_return;
  }
  while (!piece.empty() && !exchange.is_lost()) {
    const std::string_view part = piece.substr(0, kEncodedAtOnce);
    piece.remove_prefix(part.size());
    encoder_->write(part, encoded_);
    co_await put_encoded();
  }
}

asio::awaitable<void> StreamResponse::put_encoded() {
  net::HttpExchange& exchange = request_.exchange();
  co_await exchange.write(encoded_);
  if (!exchange.is_lost()) size_ += encoded_.size();
  encoded_.clear();
}

void StreamResponse::check_unprepared(std::string_view what) const {
  if (is_begun_) throw std::logic_error(std::string(what) + ": the head of the answer has gone out");
}

void StreamResponse::check_client() const {
  if (request_.exchange().is_lost()) {
    throw std::system_error(std::make_error_code(std::errc::connection_reset), "the client is gone");
  }
}

}  // namespace prometheus_async::aio::web
