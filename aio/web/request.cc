// SPDX-License-Identifier: Apache-2.0

#include "aio/web/request.h"

#include <algorithm>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "aio/http/ascii.h"
#include "aio/http/percent.h"
#include "aio/net/http_connection.h"
#include "aio/web/http_error.h"

namespace prometheus_async::aio::web {

namespace {

bool is_encoded(const http::Headers& headers) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto& [name, value] = headers[i];
    if (http::ascii_iequals(name, "Content-Encoding") && !value.empty() && !http::ascii_iequals(value, "identity")) {
      return true;
    }
  }
  return false;
}

// With what would have been taken (RFC 9110 15.5.16).
HttpError unsupported_coding() {
  Response response = unsupported_media_type("the body is to be without a content coding").response();
  response.headers.set("Accept-Encoding", "identity");
  return HttpError(std::move(response));
}

}  // namespace

// The client's going away, for those who wait for it.
struct Request::Departure {
  explicit Departure(const asio::any_io_executor& executor) : timer(executor, asio::steady_timer::time_point::max()) {}

  void tell() {
    has_gone = true;
    timer.cancel();
    for (const auto& call : std::exchange(callbacks, {})) call();
  }

  asio::steady_timer timer;  // cancelled when it has gone, or when nobody will learn of it any more
  std::vector<std::function<void()>> callbacks;
  bool has_gone = false;
};

Request::Request(net::HttpExchange& exchange)
    : exchange_(exchange),
      head_(exchange.head()),
      peer_(exchange.peer()),
      is_secure_(exchange.is_secure()),
      is_body_read_(!head_.chunked && head_.content_length == 0) {}

Request::Request(Request&&) = default;

Request::~Request() {
  if (departure_) departure_->timer.cancel();
}

const http::Query& Request::query() const {
  if (!query_) query_ = http::parse_query(query_string());
  return *query_;
}

std::string_view Request::content_type() const {
  const std::string_view value = headers().get("Content-Type").value_or("");
  return http::trim_ows(value.substr(0, value.find(';')));
}

const Application& Request::app() const {
  if (app_ == nullptr) throw std::logic_error("the request is not served by an application");
  return *app_;
}

asio::awaitable<std::string_view> Request::read_some() {
  if (content_) throw std::logic_error("read_some() after read()");
  is_streamed_ = true;
  try {
    const std::string_view piece = co_await exchange_.read_some();
    if (piece.empty()) is_body_read_ = true;
    if (is_body_read_ && departure_) watch();
    co_return piece;
  } catch (const net::BadBody& error) {
    throw HttpError(error.status(), error.what());
  }
}

asio::awaitable<std::string_view> Request::read() {
  if (!content_) {
    if (is_streamed_) throw std::logic_error("read() after read_some()");
    if (!is_body_read_ && is_encoded(headers())) throw unsupported_coding();
    std::string content;
    for (;;) {
      const std::string_view piece = co_await read_some();
      if (piece.empty()) break;
      content.append(piece);
    }
    content_ = std::move(content);
  }
  co_return *content_;
}

asio::awaitable<std::string> Request::text() {
  const std::string_view content = co_await read();
  if (!http::is_valid_utf8(content)) throw HttpError(400, "the body is not UTF-8");
  co_return std::string(content);
}

asio::awaitable<http::Query> Request::post() {
  if (!http::ascii_iequals(content_type(), "application/x-www-form-urlencoded")) {
    throw unsupported_media_type("the body is to be application/x-www-form-urlencoded");
  }
  const std::string_view content = co_await read();
  const auto separators = static_cast<std::size_t>(std::count(content.begin(), content.end(), '&'));
  if (separators >= kMostFormFields) {
    throw too_large("the form has more than " + std::to_string(kMostFormFields) + " fields");
  }
  co_return http::parse_query(content);
}

bool Request::is_disconnected() const { return exchange_.is_lost(); }

asio::awaitable<void> Request::disconnected() {
  watch();
  const std::shared_ptr<Departure> departure = departure_;  // the request may go first
  if (!departure->has_gone) co_await departure->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!departure->has_gone) throw boost::system::system_error(asio::error::operation_aborted);
}

void Request::on_disconnect(std::function<void()> callback) {
  if (!departure_) departure_ = std::make_shared<Departure>(exchange_.get_executor());
  if (departure_->has_gone) return callback();
  departure_->callbacks.push_back(std::move(callback));
  if (is_body_read_) watch();
}

void Request::watch() {
  if (is_watched_) return;
  is_watched_ = true;
  if (!departure_) departure_ = std::make_shared<Departure>(exchange_.get_executor());
  exchange_.on_disconnect([departure = departure_] { departure->tell(); });
}

bool Request::is_stopping() const { return exchange_.is_stopping(); }

}  // namespace prometheus_async::aio::web
